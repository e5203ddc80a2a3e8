"""One case: from a series to a brain mask on the series' own voxels."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, SeriesError, WeightsError
from DSCBrainSegLib.methods import SegmentationMethod, get_method
from DSCBrainSegLib.preprocessing.axial import AxialVolume, to_axial
from DSCBrainSegLib.preprocessing.intensity import check_intensities
from DSCBrainSegLib.preprocessing.reference_frame import ReferenceFrame, choose_reference_frame
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.types import DSCSeries

BRAIN_PROBABILITY = 0.5
"""A voxel at least this likely brain belongs to the mask."""

PLAUSIBLE_BRAIN_ML = (100.0, 2200.0)
"""Volumes outside draw a warning; the lower end leaves room for a few slices only."""


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
        What a person should know before trusting the mask, one sentence each.
    weights : dict or None
        Model name, file and SHA-256 of the weights; None for a method without.
    """

    mask: np.ndarray
    series: DSCSeries
    frame: ReferenceFrame
    method: SegmentationMethod
    resampled: bool
    timings: dict[str, float]
    warnings: list[str] = field(default_factory=list)
    weights: dict | None = None

    @property
    def image(self) -> np.ndarray:
        """The segmented frame, shape (K, J, I)."""
        return self.series.frames[0]

    @property
    def volume_ml(self) -> float:
        """Volume of the mask in mL."""
        return float(np.count_nonzero(self.mask)) * self.series.voxel_volume_ml


def segment_series(
    source: str | Path | DSCSeries,
    method: str = "network",
    frame: int | str | None = None,
    weights: str | Path | None = None,
    series_uid: str | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> SegmentationResult:
    """Segment the brain in a DSC series.

    Only the frame that is segmented is decoded (all of them for ``frame="auto"``).

    Parameters
    ----------
    source : path or DSCSeries
        Folder or file (DICOM, NIfTI, NRRD), or a series that is read already.
    method : str
        Name of a registered method.
    frame : int, "auto" or None
        Time point counted from 0; see `choose_reference_frame`.
    weights : path, optional
        Network weights; the shipped ones by default.
    series_uid : str, optional
        Which series, where the folder holds several.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

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
    """
    chosen = get_method(method)
    if weights is not None and not chosen.uses_weights:
        raise ConfigurationError(f"The method {method} uses no weights; leave --weights out.")
    weights_path, weights_facts = _find_weights(chosen, weights)
    timer = _Timer(progress, cancelled, steps=6)
    with timer.step("read headers", "Reading headers"):
        reader = _open(source, series_uid, progress, cancelled)

    def read_frame(index: int) -> np.ndarray:
        check_cancelled(cancelled)
        return reader.read(frames=[index]).frames[0]

    with timer.step("choose frame", "Choosing the time point"):
        reference = choose_reference_frame(reader.frame_count, frame, read_frame)
    with timer.step("read frame", f"Reading time point {reference.index + 1}"):
        series = reader.read(frames=[reference.index])
        check_intensities(series.frames, _name_frame(series, reference.index))
    if chosen.uses_weights:
        with timer.step("load network", "Loading the network"):
            _load_network(weights_path)
    with timer.step("segment", f"Segmenting ({chosen.label})"):
        axial = to_axial(series.frames[0], series.affine)
        found = run_method(chosen, axial, weights_path, progress, cancelled)
    with timer.step("clean up", "Bringing the mask onto the series' voxels"):
        mask = to_mask(chosen, axial, found)
    if not mask.any():
        raise SeriesError(
            f"{_name_frame(series, reference.index)}: no brain was found; check that this is a "
            "T2*-weighted series of a head, or choose another time point (--frame)."
        )
    result = SegmentationResult(
        mask, series, reference, chosen, axial.resampled, timer.seconds, weights=weights_facts
    )
    result.warnings = [*series.warnings, *reference.warnings, *_doubts(result)]
    return result


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


class _SeriesInMemory:
    """Gives a series that is read already the interface of one that is still in its files."""

    def __init__(self, series: DSCSeries):
        self._series = series
        self.frame_count = series.frames.shape[0]

    def read(self, frames: list[int]) -> DSCSeries:
        series = self._series
        uids = series.sop_instance_uids
        return DSCSeries(
            **{
                **vars(series),
                "frames": series.frames[frames],
                "times": series.times[frames],
                "frame_indices": series.frame_indices[frames],
                "sop_instance_uids": [uids[index] for index in frames] if uids else [],
                "warnings": list(series.warnings),
            }
        )


def _open(source, series_uid, progress, cancelled):
    if isinstance(source, DSCSeries):
        return _SeriesInMemory(source)
    from DSCBrainSegLib.series import open_series

    return open_series(source, series_uid, progress, cancelled)


def _find_weights(method: SegmentationMethod, weights) -> tuple[Path | None, dict | None]:
    """Return the path of the weights and their facts; a missing file is told before any work."""
    if not method.uses_weights:
        return None, None
    from DSCBrainSegLib.network.weights import default_weights, describe

    path = Path(weights) if weights is not None else default_weights()
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; check the path.")
    return path, describe(path)


def _load_network(weights_path: Path) -> None:
    from DSCBrainSegLib.network.predict import prepare_network

    prepare_network(weights_path)


def segment_volume(
    volume: np.ndarray, affine: np.ndarray, method: SegmentationMethod, weights: Path | None = None
) -> np.ndarray:
    """Segment one volume that is in memory.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        One frame.
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.
    method : SegmentationMethod
    weights : Path, optional
        For a method that uses them; the shipped ones by default.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    axial = to_axial(volume, affine)
    return to_mask(method, axial, run_method(method, axial, weights, no_progress, never_cancelled))


def run_method(
    method: SegmentationMethod, axial: AxialVolume, weights_path, progress, cancelled
) -> np.ndarray:
    """Call a method on an axial volume; returns its bool mask or probabilities (K, J, I)."""
    if not method.uses_weights:
        return method.segment(axial.volume, axial.spacing)
    return method.segment(
        axial.volume, axial.spacing, weights=weights_path, progress=progress, cancelled=cancelled
    )


def to_mask(method: SegmentationMethod, axial: AxialVolume, found: np.ndarray) -> np.ndarray:
    """Bring what a method found onto the series' own voxels as a bool mask."""
    from DSCBrainSegLib.post import clean_mask

    found = axial.back(found)
    mask = found if found.dtype == bool else found >= BRAIN_PROBABILITY
    return clean_mask(mask) if method.clean else mask


def _name_frame(series: DSCSeries, index: int) -> str:
    where = f" of {series.source}" if series.source else ""
    return f"Time point {index + 1}{where}"


def _doubts(result: SegmentationResult) -> list[str]:
    smallest, largest = PLAUSIBLE_BRAIN_ML
    volume = result.volume_ml
    if smallest <= volume <= largest:
        return []
    return [f"The mask measures {volume:.0f} mL, which is unusual for a brain: look at it."]
