"""One case: from a series to a brain mask on the series' own voxels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.case_frames import CaseFrames
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.methods import SegmentationMethod, get_method
from DSCBrainSegLib.postprocessing import BRAIN_PROBABILITY, clean_mask
from DSCBrainSegLib.preprocessing.axial import AxialVolume, to_axial
from DSCBrainSegLib.preprocessing.bolus_peak import bolus_drop
from DSCBrainSegLib.preprocessing.intensity import check_intensities
from DSCBrainSegLib.preprocessing.reference_frame import ReferenceFrame, choose_reference_frame
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.quality.assess import assess
from DSCBrainSegLib.quality.types import Quality
from DSCBrainSegLib.series.types import DSCSeries

Source = str | Path | Sequence[str | Path] | DSCSeries
"""Folder or file (DICOM, NIfTI, NRRD), the files of a series, or a series that is read."""


@dataclass
class SegmentationResult:
    """A brain mask and how it came about.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        Brain on the series' own voxels.
    series : DSCSeries
        The one frame that was segmented, with geometry and header facts.
    frame : ReferenceFrame
        Which time point that is and why.
    method : SegmentationMethod
        What segmented it.
    resampled : bool
        The series was not axial: it was segmented on axial planes and the mask brought back.
    timings : dict of str to float
        Seconds each step took, in order.
    warnings : list of str
        What a person should know before trusting the mask, one sentence each: of the series, of the
        time point, and all of `quality`.
    weights : dict or None
        Model name and SHA-256 of the weights, engine that computed them; None for a method without.
    quality : Quality or None
        How far the mask can be trusted; None where it was not judged.
    bolus_used : bool
        The method was given the fall of the signal at the bolus peak, too.
    """

    mask: np.ndarray
    series: DSCSeries
    frame: ReferenceFrame
    method: SegmentationMethod
    resampled: bool
    timings: dict[str, float]
    warnings: list[str] = field(default_factory=list)
    weights: dict | None = None
    quality: Quality | None = None
    bolus_used: bool = False

    @property
    def image(self) -> np.ndarray:
        """The segmented frame, shape (K, J, I)."""
        return self.series.frames[0]

    @property
    def volume_ml(self) -> float:
        """Volume of the mask in mL."""
        return float(np.count_nonzero(self.mask)) * self.series.voxel_volume_ml


def segment_series(
    source: Source,
    method: str | SegmentationMethod = "network",
    frame: int | str | None = None,
    weights: str | Path | None = None,
    series_uid: str | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    bolus: bool = True,
) -> SegmentationResult:
    """Segment the brain in a DSC series.

    Only the frame that is segmented is decoded; all of them for ``frame="auto"`` and to find the
    bolus.

    Parameters
    ----------
    source : path, sequence of path, or DSCSeries
        Folder or file (DICOM, NIfTI, NRRD), the files of a series, or one that is read already.
    method : str or SegmentationMethod
        A method or the name of a registered one.
    frame : int, "auto" or None
        Time point counted from 0; see `choose_reference_frame`.
    weights : path, optional
        Network weights; the shipped ones by default.
    series_uid : str, optional
        Which series, where the folder holds several.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.
    bolus : bool
        Find the bolus for weights that use it, in a series of `bolus_peak.FEWEST_FRAMES` time
        points or more. False: one frame alone. So is a series in which none is found.

    Returns
    -------
    SegmentationResult

    Raises
    ------
    SeriesError
        The input cannot be read or segmented, or no brain was found.
    ConfigurationError
        Unknown method or time point, or weights for a method that uses none.
    WeightsError, MissingPackageError
        The network cannot be loaded.
    Cancelled
        `cancelled` returned True.

    Examples
    --------
    >>> from DSCBrainSegLib import segment_series
    >>> result = segment_series("scan.nii.gz", method="otsu")
    >>> result.mask.shape, result.frame.index
    ((10, 40, 36), 3)
    >>> round(result.volume_ml)
    287
    """
    chosen = get_method(method) if isinstance(method, str) else method
    if weights is not None:
        chosen = chosen.with_weights(weights)
    result = segment_case(source, chosen, frame, series_uid, bolus, True, progress, cancelled)
    if not result.mask.any():
        raise SeriesError(
            f"{_name_frame(result.series)}: no brain was found; check that "
            "this is a T2*-weighted series of a head, or choose another time point (--frame)."
        )
    return result


def segment_case(
    source: Source,
    method: SegmentationMethod,
    frame: int | str | None = None,
    series_uid: str | None = None,
    bolus: bool = True,
    judge: bool = True,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> SegmentationResult:
    """Segment one case; an empty mask is a result like any other.

    Parameters
    ----------
    source, frame, series_uid, bolus, progress, cancelled
        See `segment_series`; errors, too.
    method : SegmentationMethod
    judge : bool
        Judge how far the mask can be trusted; to measure a method takes that time for nothing.

    Returns
    -------
    SegmentationResult
    """
    weights_facts = method.facts
    calibration = method.calibration if judge else None
    timer = _Timer(progress, cancelled, steps=8)
    with timer.step("read headers", "Reading headers"):
        frames = CaseFrames(source, series_uid, progress, cancelled)
    with timer.step("choose frame", "Choosing the time point"):
        reference = choose_reference_frame(frames.frame_count, frame, frames.volume)
    with timer.step("read frame", f"Reading time point {reference.index + 1}"):
        series = frames.series(reference.index)
        check_intensities(series.frames, _name_frame(series))
    drop: np.ndarray | None = None
    bolus_warnings: tuple[str, ...] = ()
    if bolus and method.wants_series(frames.frame_count):
        with timer.step("find bolus", "Looking for the bolus"):
            drop, bolus_warnings = _find_bolus(series.frames[0], frames)
    if method.preparing:
        with timer.step("load network", method.preparing):
            method.prepare()
    with timer.step("segment", f"Segmenting ({method.label})"):
        axial = to_axial(series.frames[0], series.affine)
        if drop is not None:
            drop = to_axial(drop, series.affine).volume
        found = method.run(axial.volume, axial.spacing, drop, progress, cancelled)
    with timer.step("clean up", "Bringing the mask onto the series' voxels"):
        mask = to_mask(method, axial, found)
    quality = None
    if judge and mask.any():
        with timer.step("judge", "Judging the mask"):
            quality = assess(axial, found, method.clean, calibration)
    doubts = quality.warnings if quality else ()
    return SegmentationResult(
        mask,
        series,
        reference,
        method,
        axial.resampled,
        timer.seconds,
        warnings=[*series.warnings, *reference.warnings, *bolus_warnings, *doubts],
        weights=weights_facts,
        quality=quality,
        bolus_used=drop is not None,
    )


class _Timer:
    """Times the steps of a case and reports them."""

    def __init__(self, progress: ProgressCallback, cancelled: CancelCallback, steps: int):
        self.seconds: dict[str, float] = {}
        self._progress, self._cancelled, self._steps = progress, cancelled, steps

    @contextmanager
    def step(self, name: str, message: str):
        check_cancelled(self._cancelled)
        self._progress(len(self.seconds), self._steps, message)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def _find_bolus(
    reference: np.ndarray, frames: CaseFrames
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the fall of the signal, or None; a frame that cannot be used does not end the case."""
    last = 0

    def read_frame(index: int) -> np.ndarray:
        nonlocal last
        last = index
        volume = frames.volume(index)
        check_intensities(volume, f"Time point {index + 1}")
        return volume

    try:
        return bolus_drop(reference, frames.frame_count, read_frame), ()
    except SeriesError:  # its text may hold a path, which must not get into a report
        return None, (
            f"Time point {last + 1} cannot be read or holds no image, so the bolus was not looked "
            "for: one time point was used alone.",
        )


def to_mask(method: SegmentationMethod, axial: AxialVolume, found: np.ndarray) -> np.ndarray:
    """Bring what a method found onto the series' own voxels as a bool mask."""
    found = axial.back(found)
    mask = found if found.dtype == bool else found >= BRAIN_PROBABILITY
    return clean_mask(mask) if method.clean else mask


def _name_frame(series: DSCSeries) -> str:
    where = f" of {series.source}" if series.source else ""
    return f"Time point {int(series.frame_indices[0]) + 1}{where}"
