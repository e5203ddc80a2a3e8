"""One case: from a series to a brain mask on the series' own voxels."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.case_frames import CaseFrames
from DSCBrainSegLib.errors import ConfigurationError, SeriesError, WeightsError
from DSCBrainSegLib.methods import SegmentationMethod, get_method
from DSCBrainSegLib.postprocessing import BRAIN_PROBABILITY, clean_mask
from DSCBrainSegLib.preprocessing.axial import AxialVolume, to_axial
from DSCBrainSegLib.preprocessing.bolus_peak import FEWEST_FRAMES, bolus_drop
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
from DSCBrainSegLib.quality.confidence import Calibration
from DSCBrainSegLib.quality.types import Quality
from DSCBrainSegLib.series.types import DSCSeries


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
        Model name, file and SHA-256 of the weights; None for a method without.
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
    source: str | Path | DSCSeries,
    method: str = "network",
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
    """
    chosen = get_method(method)
    if weights is not None and not chosen.uses_weights:
        raise ConfigurationError(f"The method {method} uses no weights; leave --weights out.")
    weights_path, weights_facts = _find_weights(chosen, weights)
    calibration = _calibration(weights_path)
    timer = _Timer(progress, cancelled, steps=8)
    with timer.step("read headers", "Reading headers"):
        frames = CaseFrames(source, series_uid, progress, cancelled)
    with timer.step("choose frame", "Choosing the time point"):
        reference = choose_reference_frame(frames.frame_count, frame, frames.volume)
    with timer.step("read frame", f"Reading time point {reference.index + 1}"):
        series = frames.series(reference.index)
        check_intensities(series.frames, _name_frame(series, reference.index))
    drop, bolus_warnings = None, ()
    if bolus and takes_bolus(chosen, frames.frame_count, weights_path):
        with timer.step("find bolus", "Looking for the bolus"):
            drop, bolus_warnings = _find_bolus(series.frames[0], frames)
    if chosen.uses_weights:
        with timer.step("load network", "Loading the network"):
            _load_network(weights_path)
    with timer.step("segment", f"Segmenting ({chosen.label})"):
        axial = to_axial(series.frames[0], series.affine)
        if drop is not None:
            drop = to_axial(drop, series.affine).volume
        found = run_method(chosen, axial, weights_path, progress, cancelled, drop)
    with timer.step("clean up", "Bringing the mask onto the series' voxels"):
        mask = to_mask(chosen, axial, found)
    if not mask.any():
        raise SeriesError(
            f"{_name_frame(series, reference.index)}: no brain was found; check that this is a "
            "T2*-weighted series of a head, or choose another time point (--frame)."
        )
    with timer.step("judge", "Judging the mask"):
        quality = assess(axial, found, chosen.clean, calibration)
    return SegmentationResult(
        mask,
        series,
        reference,
        chosen,
        axial.resampled,
        timer.seconds,
        warnings=[*series.warnings, *reference.warnings, *bolus_warnings, *quality.warnings],
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


def _find_weights(method: SegmentationMethod, weights) -> tuple[Path | None, dict | None]:
    """Return the path of the weights and their facts; a missing file is told before any work."""
    if not method.uses_weights:
        return None, None
    from DSCBrainSegLib.network.weights import default_weights, describe

    path = Path(weights) if weights is not None else default_weights()
    if not path.is_file():
        raise WeightsError(f"There is no weights file {path}; check the path.")
    return path, describe(path)


def _calibration(weights_path: Path | None) -> Calibration | None:
    if weights_path is None:
        return None
    from DSCBrainSegLib.network.weights import read_card

    return Calibration.from_card(read_card(weights_path))


def takes_bolus(method: SegmentationMethod, frame_count: int, weights: Path | None = None) -> bool:
    """Say whether a method looks for the bolus in a series, and so at all its frames.

    Parameters
    ----------
    method : SegmentationMethod
    frame_count : int
        Time points of the series.
    weights : Path, optional
        For a method that uses them; the shipped ones by default.

    Returns
    -------
    bool

    Raises
    ------
    WeightsError
        The weights' model card cannot be read.
    """
    if not method.uses_weights or frame_count < FEWEST_FRAMES:
        return False
    from DSCBrainSegLib.network.weights import network_of

    return network_of(weights).bolus_channel


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
    method: SegmentationMethod,
    axial: AxialVolume,
    weights_path: Path | None,
    progress: ProgressCallback,
    cancelled: CancelCallback,
    drop: np.ndarray | None = None,
) -> np.ndarray:
    """Call a method on an axial volume.

    Parameters
    ----------
    method : SegmentationMethod
    axial : AxialVolume
    weights_path : Path or None
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.
    drop : ndarray, shape of `axial.volume`, optional
        Fall of the signal at the bolus peak, for weights that use it.

    Returns
    -------
    ndarray, shape of `axial.volume`
        Bool mask or probabilities.
    """
    if not method.uses_weights:
        return method.segment(axial.volume, axial.spacing)
    known = {} if drop is None else {"drop": drop}
    return method.segment(
        axial.volume,
        axial.spacing,
        weights=weights_path,
        progress=progress,
        cancelled=cancelled,
        **known,
    )


def to_mask(method: SegmentationMethod, axial: AxialVolume, found: np.ndarray) -> np.ndarray:
    """Bring what a method found onto the series' own voxels as a bool mask."""
    found = axial.back(found)
    mask = found if found.dtype == bool else found >= BRAIN_PROBABILITY
    return clean_mask(mask) if method.clean else mask


def _name_frame(series: DSCSeries, index: int) -> str:
    where = f" of {series.source}" if series.source else ""
    return f"Time point {index + 1}{where}"
