"""Figures of one method on one case, stored as they come and read again by a later run."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from DSCBrainSegLib.cohort.cases import LoadedCase
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.evaluation.measure import VolumeFigures
from DSCBrainSegLib.files import read_json, write_json
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.methods.external.tools import ExternalTool

OUR_SOURCES = (
    "methods",
    "network",
    "preprocessing",
    "components.py",
    "pipeline.py",
    "postprocessing.py",
)
"""Files and folders of this package that a mask of our methods depends on."""


@dataclasses.dataclass(frozen=True)
class StoredResult:
    """What one method did on one case.

    Parameters
    ----------
    figures : VolumeFigures
    input_sha256 : str
        Of image, reference and compared slices; see `case_digest`.
    made_by : str
        State of the method; see `method_state`.
    date : str
        ISO 8601, UTC.
    load : float
        The machine's mean load over the minute before the method ended; more than its cores means
        that the time is too long.
    cpu_seconds : float
        CPU time of the timed call, all threads and child processes together; other work on the
        machine hardly changes it.
    megabytes : float
        What must be installed for the method; see `methods.external.size.install_megabytes`.
    heights : list of (float, float)
        Height of each slice below the top of the brain in mm, where it has one, and its Dice.
    """

    figures: VolumeFigures
    input_sha256: str
    made_by: str
    date: str
    load: float
    cpu_seconds: float
    megabytes: float
    heights: list[tuple[float, float]]


class ResultStore:
    """A folder with one file for each case and method.

    Parameters
    ----------
    folder : Path
        Need not exist.
    """

    def __init__(self, folder: Path):
        self._folder = Path(folder)

    def read(self, method: str, case: str) -> StoredResult | None:
        """Return a stored result; None if there is none or it is damaged."""
        path = self._path(method, case)
        if not path.is_file():
            return None
        try:
            values = read_json(path)
            return StoredResult(**{**values, "figures": VolumeFigures(**values["figures"])})
        except (SeriesError, KeyError, TypeError):
            return None  # it is measured again

    def write(self, result: StoredResult) -> None:
        """Store a result; the file is the old or the new one, never half of it."""
        path = self._path(result.figures.method, result.figures.case)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, dataclasses.asdict(result))

    def methods(self) -> list[str]:
        """Return the methods that have results, by name."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name.replace("@", ":") for path in self._folder.iterdir())

    def _path(self, method: str, case: str) -> Path:
        # Windows bears no colon in a file name.
        return self._folder / method.replace(":", "@") / f"{case}.json"


def case_digest(loaded: LoadedCase) -> str:
    """Return a SHA-256 over what a result depends on: voxels, grid, reference, compared slices."""
    import numpy as np

    digest = hashlib.sha256(f"{loaded.image.shape} {loaded.compared}".encode())
    for array in (loaded.image, loaded.reference, loaded.lesion, loaded.peak):
        if array is None:
            continue
        digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    digest.update(np.round(np.asarray(loaded.affine, np.float64), 4).tobytes())
    return digest.hexdigest()


def method_state(method: SegmentationMethod) -> str:
    """Say which state of a method makes the masks: a tool's versions, our sources and weights."""
    if isinstance(method, ExternalTool):
        return ", ".join(f"{name} {_version(name)}" for name in method.packages)
    facts = method.facts
    state = f"sources {_sources_sha256(OUR_SOURCES)}"
    return f"{state}, weights {facts['sha256']}" if facts else state


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def _sources_sha256(names: Sequence[str]) -> str:
    import DSCBrainSegLib

    root = Path(DSCBrainSegLib.__file__).parent
    digest = hashlib.sha256()
    for name in names:
        path = root / name
        for source in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(source.relative_to(root).as_posix().encode() + b"\0")
            digest.update(source.read_bytes() + b"\0")
    return digest.hexdigest()
