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
from DSCBrainSegLib.series.archives import Unpacked, unpack_all
from DSCBrainSegLib.series.dicom_scan import find_files, looks_like_dicom
from DSCBrainSegLib.series.dicom_select import SeriesSummary
from DSCBrainSegLib.series.dicom_source import list_dicom, open_dicom
from DSCBrainSegLib.series.image_file import has_image_name, image_kind
from DSCBrainSegLib.series.source import SeriesSource
from DSCBrainSegLib.series.types import DSCSeries

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
        A folder is searched with its sub-folders, archives (.zip, .tar) and compressed files (.gz)
        are unpacked, and one DICOM file stands for its series in the same folder.
    series_uid : str, optional
        Series Instance UID where several DICOM series are there; with ``@echo2``, ``@30ms`` or
        ``@phase`` behind it a part of it, ``@echo2`` alone for that echo of the series that is
        found (`SeriesSummary.selector`). By default the dynamic T2*-weighted series is found.
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
    >>> from DSCBrainSegLib import read_series
    >>> series = read_series("scan.nii.gz", frames=[3])
    >>> series.frames.shape, series.frame_count
    ((1, 10, 40, 36), 6)
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
    root, files, unpacked = _inputs(path_or_files, progress, cancelled)
    dicom, images = _sort(root, files)
    if dicom or not images:
        opened = open_dicom(root, files, series_uid, progress, cancelled)
        opened.unpacked = unpacked
        return opened
    if len(images) > 1:
        names = ", ".join(path.name for path in images[:5])
        raise SeriesError(
            f"{root} holds {len(images)} image files ({names}{', ...' if images[5:] else ''}); "
            "give the one that holds the series."
        )
    if "@echo" in (series_uid or "") and not (series_uid or "").endswith("@echo1"):
        raise SeriesError(f"{images[0].name} holds a single echo; give the file of that echo.")
    opened = _open_image(images[0])
    opened.unpacked = unpacked
    return opened


def list_series(
    path_or_files: PathOrPaths,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> list[SeriesSummary]:
    """Return a summary of every series found, DICOM series or NIfTI and NRRD files.

    Parameters
    ----------
    path_or_files : path or iterable of paths
        As in `read_series`.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    list of SeriesSummary

    Raises
    ------
    SeriesError
        There is no series.

    Examples
    --------
    >>> from DSCBrainSegLib import list_series
    >>> [found.frames for found in list_series("scan.nii.gz")]
    [6]
    """
    root, files, _unpacked = _inputs(path_or_files, progress, cancelled)
    dicom, images = _sort(root, files)
    if dicom or not images:
        return list_dicom(root, files, progress, cancelled)
    return [_summary(path, _open_image(path)) for path in images]


def _inputs(
    path_or_files: PathOrPaths, progress: ProgressCallback, cancelled: CancelCallback
) -> tuple[Path, list[Path], Unpacked | None]:
    """Return what names are relative to, the files, and what keeps those that were unpacked."""
    if isinstance(path_or_files, str | Path):
        root = Path(path_or_files)
        if root.name.upper() == "DICOMDIR" and root.is_file():
            root = root.parent  # the index of a disc stands for the disc
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
    return root, *unpack_all(files, progress, cancelled)


def _sort(root: Path, files: list[Path]) -> tuple[bool, list[Path]]:
    """Say whether there is DICOM, and which files are NIfTI or NRRD: one of a .hdr/.img pair."""
    try:
        images = [path for path in files if _is_image(path, alone=len(files) == 1)]
        if not images:
            return True, []
        others = set(files) - set(images)
        headers = {_pair_name(path) for path in images if _pair_name(path).endswith(".hdr")}
        images = [
            path
            for path in images
            if _pair_name(path).removesuffix(".img") + ".hdr" not in headers
            or _pair_name(path) in headers
        ]
        return any(looks_like_dicom(path) for path in sorted(others)), images
    except OSError as error:
        raise SeriesError(f"{error.filename} cannot be opened: {error.strerror}.") from error


def _is_image(path: Path, alone: bool) -> bool:
    """Names tell in a folder; of one file that was asked for, its first bytes do."""
    if has_image_name(path):
        kind = image_kind(path)
        return kind in ("nifti", "nrrd") or not (kind or looks_like_dicom(path))
    return alone and image_kind(path) in ("nifti", "nrrd")


def _pair_name(path: Path) -> str:
    return str(path).lower().removesuffix(".gz")


def _open_image(path: Path) -> SeriesSource:
    kind = image_kind(path)
    if kind == "nrrd" or (not kind and path.name.lower().endswith(("nrrd", "nhdr"))):
        from DSCBrainSegLib.series.nrrd_file import open_nrrd

        return open_nrrd(path)
    from DSCBrainSegLib.series.nifti import open_nifti

    return open_nifti(path)


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
