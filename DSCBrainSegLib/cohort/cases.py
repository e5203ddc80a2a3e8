"""Cases to evaluate on: an image, its reference mask, and the slices to trust."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.ground_truth import TO_DRAW
from DSCBrainSegLib.cohort.layout import COHORT_NAME, FRAME_NAME, LESION_NAME, Cohort, Subject
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.geometry import voxel_spacing, voxel_volume_ml
from DSCBrainSegLib.series.types import DSCSeries

REFERENCE_NAME = "reference-mask.nii.gz"
SOURCE_NAME = "source.json"
PEAK_NAME = "peak.nii.gz"
SERIES_NAMES = ("series.nii.gz", "series.nrrd", "series.seq.nrrd")

SAME_GRID_TOLERANCE = 1e-3
"""Largest difference in mm between the entries of the affines of a series and its frame."""

SAME_INTENSITY = 1e-4
"""Largest difference, as a part of the largest value, that rounding in a file may make."""


@dataclass(frozen=True)
class ReferenceCase:
    """One image with a reference mask.

    Parameters
    ----------
    name : str
        What tables call it; unique in a cohort.
    image, reference : Path
        Files with one time point (NIfTI or NRRD); the reference as `masks.read_mask` takes it.
    slices : tuple of int, optional
        First and last slice (index k of the file, from 0, both included) to compare; all by
        default.
    series : Path, optional
        The whole dynamic series `image` is a time point of.
    lesion : Path, optional
        Mask of the lesion on the same grid.
    peak : Path, optional
        The time point at the peak of the bolus, of a case without the whole series.
    """

    name: str
    image: Path
    reference: Path
    slices: tuple[int, int] | None = None
    series: Path | None = None
    lesion: Path | None = None
    peak: Path | None = None


@dataclass(frozen=True)
class LoadedCase:
    """The voxels of a case.

    Parameters
    ----------
    case : ReferenceCase
    image : ndarray, shape (K, J, I)
        Intensities.
    reference : ndarray of bool, shape (K, J, I)
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.
    compared : slice
        Slices along k to compare.
    series : DSCSeries, optional
        The whole series, where it was asked for and is there; else `image` alone.
    frame : int
        Which of its time points `image` is, counted from 0.
    lesion : ndarray of bool, shape (K, J, I), optional
    peak : ndarray, shape (K, J, I), optional
        Intensities at the peak of the bolus.
    """

    case: ReferenceCase
    image: np.ndarray
    reference: np.ndarray
    affine: np.ndarray
    compared: slice
    series: DSCSeries = None  # type: ignore[assignment]  # set below
    frame: int = 0
    lesion: np.ndarray | None = None
    peak: np.ndarray | None = None

    def __post_init__(self):
        if self.series is None:
            one = DSCSeries(self.image[np.newaxis], np.zeros(1), self.affine)
            object.__setattr__(self, "series", one)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size in mm along (k, j, i)."""
        return voxel_spacing(self.affine)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL."""
        return voxel_volume_ml(self.affine)


def cohort_cases(cohort: Cohort, part: str | None = None) -> list[ReferenceCase]:
    """List the subjects of a cohort that have a ground truth.

    Parameters
    ----------
    cohort : Cohort
    part : {"train", "validation", "test"}, optional
        Of the cohort's split; the whole cohort by default.

    Raises
    ------
    SeriesError
        The cohort has no ground truth, is not split, or a mask was changed after it was saved.
    """
    subjects = cohort.part(part) if part else cohort.subjects
    cases = [reference_case(subject) for subject in subjects if subject.state != TO_DRAW]
    if not cases:
        where = f"part {part} of {cohort.folder}" if part else str(cohort.folder)
        raise SeriesError(f"{where} has no ground truth yet; draw one or import a mask.")
    return cases


def reference_case(subject: Subject) -> ReferenceCase:
    """Return a subject as a case.

    Raises
    ------
    SeriesError
        Its mask was changed after it was saved.
    """
    if not subject.mask_is_as_saved:
        raise SeriesError(
            f"{subject.mask} was changed after it was saved, so nobody is known to have drawn it; "
            "import it with 'dscbrainseg cohort import-mask' or restore it."
        )
    return ReferenceCase(
        subject.name, subject.frame, subject.mask, series=subject.series, lesion=subject.lesion
    )


def find_cases(folder: str | Path, part: str | None = None) -> list[ReferenceCase]:
    """List the cases of a cohort, or of a plain folder with one sub-folder per subject.

    A sub-folder of a plain folder holds ``frame.nii.gz`` (one time point),
    ``reference-mask.nii.gz`` and, if only some slices are to be compared, ``source.json`` with
    ``{"reference": {"trusted_slices_k": [first, last]}}``. The mask of a lesion may lie beside them
    as ``lesion.nii.gz``, the whole series as ``series.nii.gz`` or ``series.nrrd``. Sub-folders that
    lack the image or the mask are left out.

    Parameters
    ----------
    folder : path
    part : {"train", "validation", "test"}, optional
        Of a cohort's split.

    Returns
    -------
    list of ReferenceCase
        By name.

    Raises
    ------
    SeriesError
        There is no case, a source.json is damaged, or `part` is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise SeriesError(f"{folder} is not a folder; give the folder of a cohort.")
    if (folder / COHORT_NAME).is_file():
        return cohort_cases(Cohort.open(folder), part)
    if part is not None:
        raise SeriesError(f"{folder} is not a cohort, so it has no part {part!r}; evaluate all.")
    cases = [
        ReferenceCase(
            path.name,
            path / FRAME_NAME,
            path / REFERENCE_NAME,
            _trusted_slices(path),
            next((path / name for name in SERIES_NAMES if (path / name).is_file()), None),
            *(each if each.is_file() else None for each in (path / LESION_NAME, path / PEAK_NAME)),
        )
        for path in sorted(folder.iterdir())
        if (path / FRAME_NAME).is_file() and (path / REFERENCE_NAME).is_file()
    ]
    if not cases:
        raise SeriesError(
            f"{folder} holds no case; each subject needs a sub-folder with {FRAME_NAME} and "
            f"{REFERENCE_NAME}."
        )
    return cases


def load_case(case: ReferenceCase, whole_series: bool = False) -> LoadedCase:
    """Read image and reference, and the lesion if there is one.

    Parameters
    ----------
    case : ReferenceCase
    whole_series : bool
        Read the whole series, too, where the case has one.

    Returns
    -------
    LoadedCase

    Raises
    ------
    SeriesError
        A file cannot be read, image or masks hold several time points or are not on the same grid,
        the slices to compare are not there, or the series does not hold the image.
    """
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.series import read_series

    image = read_series(case.image)
    others = {
        key: read_mask(path, image)
        for key in ("reference", "lesion")
        if (path := getattr(case, key)) is not None
    }
    peak = None if case.peak is None else read_series(case.peak)
    for series in (image, peak or image):
        if series.frames.shape[0] != 1:
            raise SeriesError(
                f"{series.source} holds {series.frames.shape[0]} time points, but a case needs "
                "one; export the frame that was drawn on."
            )
        if series.volume_shape != image.volume_shape or not np.allclose(
            series.affine, image.affine, rtol=0, atol=SAME_GRID_TOLERANCE
        ):
            raise SeriesError(
                f"{series.source} (K, J, I = {series.volume_shape}) is not on the grid of "
                f"{case.image} ({image.volume_shape}); resample it onto the image."
            )
    first, last = case.slices or (0, image.volume_shape[0] - 1)
    if not 0 <= first <= last < image.volume_shape[0]:
        raise SeriesError(
            f"{case.name}: slices {first} to {last} are to be compared, but the image has slices 0 "
            f"to {image.volume_shape[0] - 1}."
        )
    series, frame = image, 0
    if whole_series and case.series is not None:
        series = read_series(case.series)
        frame = _frame_that_is(image, series, case)
    return LoadedCase(
        case,
        image.frames[0],
        others["reference"],
        image.affine,
        slice(first, last + 1),
        series,
        frame,
        lesion=others.get("lesion"),
        peak=None if peak is None else peak.frames[0],
    )


def _frame_that_is(image: DSCSeries, series: DSCSeries, case: ReferenceCase) -> int:
    """Return which time point of a series an image is."""
    same_grid = (
        image.volume_shape == series.volume_shape
        and np.abs(image.affine - series.affine).max() <= SAME_GRID_TOLERANCE
    )
    tolerance = SAME_INTENSITY * max(1.0, float(np.abs(image.frames).max()))
    for index in range(len(series.frames) if same_grid else 0):
        if np.allclose(series.frames[index], image.frames[0], rtol=0, atol=tolerance):
            return index
    raise SeriesError(
        f"{case.series} does not hold the time point {case.image}; restore the series, or take it "
        "away to have the one time point measured alone."
    )


def _trusted_slices(folder: Path) -> tuple[int, int] | None:
    path = folder / SOURCE_NAME
    if not path.is_file():
        return None
    try:
        trusted = json.loads(path.read_text(encoding="utf-8"))["reference"]["trusted_slices_k"]
        first, last = (int(index) for index in trusted)
    except KeyError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise SeriesError(
            f'{path} is damaged; "reference": {{"trusted_slices_k": [first, last]}} is expected.'
        ) from error
    return first, last
