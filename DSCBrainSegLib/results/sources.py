"""What a batch is made of: series to be segmented, and where they lie."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.layout import COHORT_NAME, Cohort
from DSCBrainSegLib.errors import SeriesError

_FILE_ENDINGS = (".nrrd", ".nhdr", ".nii", ".nii.gz")


@dataclass(frozen=True)
class BatchSource:
    """One series that is to be segmented.

    Parameters
    ----------
    label : str
        For the screen only: it may be a patient's name.
    files : str or tuple of str
        A folder, a file, or the files of a series.
    code : str
        What it is called on disk; empty to have it numbered.
    """

    label: str
    files: str | tuple[str, ...]
    code: str = ""

    @property
    def key(self) -> str:
        """Hash by which a series is known again, without its path."""
        named = self.files if isinstance(self.files, str) else min(self.files)
        return hashlib.sha256(os.path.abspath(named).encode()).hexdigest()


def find_sources(folder: str | Path) -> list[BatchSource]:
    """List the series of a folder: the subjects of a cohort, else its sub-folders and image files.

    Parameters
    ----------
    folder : path

    Returns
    -------
    list of BatchSource
        By name.

    Raises
    ------
    SeriesError
        The folder holds none, or is a damaged cohort.

    Examples
    --------
    >>> from DSCBrainSegLib import find_sources
    >>> [source.label for source in find_sources("scans")]
    ['a.nii.gz', 'b.nii.gz']
    """
    folder = Path(folder)
    if (folder / COHORT_NAME).is_file():
        subjects = Cohort.open(folder).subjects
        found = [BatchSource(each.name, str(each.frame), each.name) for each in subjects]
    elif folder.is_dir():
        entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
        found = [BatchSource(path.name, str(path)) for path in entries if _may_be_series(path)]
        if any(path.is_file() and not _is_image(path) for path in entries) and not found:
            found = [BatchSource(folder.name, str(folder))]
    else:
        raise SeriesError(f"{folder} is not a folder; choose one with series or a cohort.")
    if not found:
        raise SeriesError(f"{folder} holds no series; choose a cohort or a folder of series.")
    return found


def _may_be_series(path: Path) -> bool:
    if path.is_dir():
        return any(each.is_file() for each in path.rglob("*"))
    return _is_image(path)


def _is_image(path: Path) -> bool:
    return path.name.lower().endswith(_FILE_ENDINGS)
