"""Open and read a series from a folder, a file or a list of files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.dicom_scan import find_files, looks_like_dicom
from DSCBrainSegLib.series.dicom_select import SeriesSummary
from DSCBrainSegLib.series.dicom_source import list_dicom, open_dicom
from DSCBrainSegLib.series.source import SeriesSource
from DSCBrainSegLib.series.types import DSCSeries

NIFTI_SUFFIXES = (".nii", ".nii.gz")
NRRD_SUFFIXES = (".nrrd", ".nhdr")

PathOrPaths = str | Path | Iterable[str | Path]


def read_series(
    path_or_files: PathOrPaths,
    series_uid: str | None = None,
    frames: Sequence[int] | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> DSCSeries:
    """Read a series: DICOM (a folder, a file or files), NIfTI or NRRD.

    Parameters
    ----------
    path_or_files : path or iterable of paths
        A folder is searched with its sub-folders.
    series_uid : str, optional
        Series Instance UID where several DICOM series are there, with ``@30ms`` behind it for one
        echo of several. By default the dynamic T2*-weighted series is found.
    frames : sequence of int, optional
        0-based time points to decode; all by default. Only their files are decoded.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    DSCSeries
        Frames (T, K, J, I) float32.

    Raises
    ------
    SeriesError
        There is no series that can be used; the message says what to do.

    Examples
    --------
    >>> series = read_series("patient/perfusion", frames=[3])  # doctest: +SKIP
    """
    source = open_series(path_or_files, series_uid, progress, cancelled)
    return source.read(frames, progress, cancelled)


def open_series(
    path_or_files: PathOrPaths,
    series_uid: str | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> SeriesSource:
    """Read the headers of a series and no voxels; parameters as in `read_series`."""
    root, files = _inputs(path_or_files)
    dicom, images = _sort(root, files)
    if dicom or not images:
        return open_dicom(root, files, series_uid, progress, cancelled)
    if len(images) > 1:
        names = ", ".join(path.name for path in images[:5])
        raise SeriesError(
            f"{root} holds {len(images)} image files ({names}{', ...' if images[5:] else ''}); "
            "give the one that holds the series."
        )
    return _open_image(images[0])


def list_series(
    path_or_files: PathOrPaths,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> list[SeriesSummary]:
    """Return a summary of every series found, DICOM series or NIfTI and NRRD files."""
    root, files = _inputs(path_or_files)
    dicom, images = _sort(root, files)
    if dicom or not images:
        return list_dicom(root, files, progress, cancelled)
    return [_summary(path, _open_image(path)) for path in images]


def _inputs(path_or_files: PathOrPaths) -> tuple[Path, list[Path]]:
    """Return what names are relative to, and the files."""
    if isinstance(path_or_files, str | Path):
        root = Path(path_or_files)
        paths = [root]
    else:
        paths = [Path(path) for path in path_or_files]
        if not paths:
            raise SeriesError("No files were given; give the folder of the DSC series.")
        root = paths[0].parent
    for path in paths:
        if not path.exists():
            raise SeriesError(f"{path} does not exist; check the path.")
    files = find_files(paths)
    if not files:
        raise SeriesError(f"{root} is empty; give the folder of the DSC series.")
    return root, files


def _sort(root: Path, files: list[Path]) -> tuple[bool, list[Path]]:
    """Say whether there is DICOM, and which files are NIfTI or NRRD by their names."""
    images = [path for path in files if path.name.lower().endswith(NIFTI_SUFFIXES + NRRD_SUFFIXES)]
    if not images:
        return True, []
    others = set(files) - set(images)
    try:
        return any(looks_like_dicom(path) for path in sorted(others)), images
    except OSError as error:
        raise SeriesError(f"{error.filename} cannot be opened: {error.strerror}.") from error


def _open_image(path: Path) -> SeriesSource:
    if path.name.lower().endswith(NIFTI_SUFFIXES):
        from DSCBrainSegLib.series.nifti import open_nifti

        return open_nifti(path)
    from DSCBrainSegLib.series.nrrd_file import open_nrrd

    return open_nrrd(path)


def _summary(path: Path, source: SeriesSource) -> SeriesSummary:
    slices, rows, columns = source.volume_shape
    return SeriesSummary(
        uid="",
        selector=path.name,
        number=None,
        description=source.description or path.name,
        modality="",
        frames=source.frame_count,
        slices=slices,
        rows=rows,
        columns=columns,
        echo_time=source.echo_time,
        repetition_time=source.repetition_time,
        is_dynamic_t2star=source.frame_count > 1,
        reason="" if source.frame_count > 1 else "it has one time point only",
    )
