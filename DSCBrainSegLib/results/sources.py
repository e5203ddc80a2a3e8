"""What a batch is made of: series to be segmented, and where they lie."""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.layout import COHORT_NAME, Cohort
from DSCBrainSegLib.errors import SeriesError

_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")

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


def gather_sources(inputs: Iterable[str | Path]) -> list[BatchSource]:
    """List the series of several inputs: folders, cohorts, image files, and .csv lists.

    Parameters
    ----------
    inputs : iterable of path
        A .csv list has the column ``path`` (relative to the list) and may have ``code``.

    Returns
    -------
    list of BatchSource
        Each series once.

    Raises
    ------
    SeriesError
        An input does not exist or holds no series, or a list has no column ``path``.
    """
    found: dict[str, BatchSource] = {}
    for given in map(Path, inputs):
        if given.name.lower().endswith(".csv"):
            sources = _read_list(given)
        elif given.is_file():
            sources = [BatchSource(given.name, str(given))]
        else:
            sources = find_sources(given)
        for source in sources:
            found.setdefault(source.key, source)
    return list(found.values())


def _read_list(path: Path) -> list[BatchSource]:
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SeriesError(f"{path} cannot be read as a list of series: {error}.") from error
    if not rows or "path" not in rows[0]:
        raise SeriesError(f"{path} has no series: a list has a column 'path' and a line for each.")
    sources = []
    for row in rows:
        code = (row.get("code") or "").strip()
        if code and not _CODE.fullmatch(code):
            raise SeriesError(
                f"{path}: the code {code!r} cannot name a folder; use letters, digits, - and _."
            )
        named = (row["path"] or "").strip()
        if not named:
            raise SeriesError(f"{path} has a line without a path.")
        sources.append(BatchSource(named, str(path.parent / named), code))
    return sources
