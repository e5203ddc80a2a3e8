"""All maps of one series inside one mask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.perfusion.aif import ArterialInput, choose_arterial_input, highest_peaks
from DSCBrainSegLib.perfusion.cbv import blood_volume, integrate
from DSCBrainSegLib.perfusion.gamma_variate import fit_areas
from DSCBrainSegLib.perfusion.leakage import correct_leakage, does_not_leak
from DSCBrainSegLib.perfusion.passage import Passage, find_passage
from DSCBrainSegLib.perfusion.reference_region import find_white_matter
from DSCBrainSegLib.perfusion.relaxation import baseline_noise, delta_r2star
from DSCBrainSegLib.perfusion.residue import deconvolve
from DSCBrainSegLib.perfusion.time_to_peak import time_to_peak
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.series.types import DSCSeries

ASSUMED_ECHO_TIME = 0.03

LARGEST_STEP_CHANGE = 0.05
"""Relative difference of the time between frames up to which they count as evenly spaced."""

SMALLEST_FLOW = 1e-6
"""Keeps voxels without flow from an endless transit time, in mL/100 g/s."""

SEEN_SD = 3.0
"""A voxel shows the bolus if its area is at least this many standard deviations of its noise."""


class MapInfo(NamedTuple):
    """What a map is: its unit, OSIPI's name of the quantity, and one line for a person."""

    unit: str
    quantity: str
    description: str


MAPS = {
    "rcbv": MapInfo("", "relative blood volume", "CBV over white matter, leakage corrected"),
    "rcbv-uncorrected": MapInfo("", "relative blood volume", "the same without the correction"),
    "rcbv-gamma": MapInfo("", "relative blood volume", "the same by gamma variate, not corrected"),
    "cbv": MapInfo("mL/100 g", "blood volume", "by the arterial input, leakage corrected; nominal"),
    "cbf": MapInfo("mL/100 g/min", "blood flow", "by oSVD; nominal"),
    "mtt": MapInfo("s", "mean transit time", "CBV / CBF"),
    "tmax": MapInfo("s", "time to maximum of the residue function", "arrival after the artery"),
    "ttp": MapInfo("s", "time to peak", "of the change of R2*, after arrival in the brain"),
    "k2": MapInfo("1/s", "leakage coefficient K2", "positive: T1 prevails, negative: T2*"),
}
"""The maps in the order they are shown. Names of quantities after OSIPI CAPLEX (Dickie et al. 2024,
Magn Reson Med 91:1761)."""


@dataclass
class PerfusionMaps:
    """Maps of one series inside one mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
    values : dict of str to ndarray of float32, shape (K, J, I)
        Named as in `MAPS`, in that order; 0 outside the mask and where a map has no value.
    passage : Passage
    times : ndarray, shape (T,)
    artery : ArterialInput
        Its `voxels` count among the mask's voxels in C order.
    artery_mask, reference_mask : ndarray of bool, shape (K, J, I)
        Voxels of the arterial input and of the white matter of reference.
    plain_artery, plain_artery_mask
        What the plain rule `aif.highest_peaks` would have taken; no map is made with it.
    bolus_mask : ndarray of bool, shape (K, J, I)
        Voxels of the mask that show the bolus.
    curves : dict of str to ndarray, shape (T,)
        Mean change of R2* per second: ``artery``, ``brain``, ``white matter``.
    warnings : list of str
    """

    mask: np.ndarray
    values: dict[str, np.ndarray]
    passage: Passage
    times: np.ndarray
    artery: ArterialInput
    artery_mask: np.ndarray
    plain_artery: ArterialInput
    plain_artery_mask: np.ndarray
    reference_mask: np.ndarray
    bolus_mask: np.ndarray
    curves: dict[str, np.ndarray]
    warnings: list[str] = field(default_factory=list)


def perfusion_maps(
    series: DSCSeries,
    mask: np.ndarray,
    reference_region: np.ndarray | None = None,
    flow: bool = True,
    progress: ProgressCallback = no_progress,
) -> PerfusionMaps:
    """Compute all maps of a series inside a mask.

    A preview for judging masks, not a diagnostic tool: the scale of CBV and CBF is nominal.

    Parameters
    ----------
    series : DSCSeries
        All time points, evenly spaced; corrected for motion if the head moved.
    mask : ndarray of bool, shape (K, J, I)
    reference_region : ndarray of bool, shape (K, J, I), optional
        Normal white matter; found by `reference_region.find_white_matter` if not given.
    flow : bool
        False leaves out what takes longest: ``rcbv-gamma``, ``cbf``, ``mtt`` and ``tmax``.
    progress : callable

    Returns
    -------
    PerfusionMaps

    Raises
    ------
    SeriesError
        No bolus inside the mask, no steady baseline, uneven times, an empty mask.
    ConfigurationError
        A mask has another shape than the series.
    """
    mask = _checked(mask, series, "The mask")
    step = _even_step(series)
    warnings: list[str] = []
    echo_time = series.echo_time
    if not echo_time:
        echo_time = ASSUMED_ECHO_TIME
        warnings.append(
            f"The series does not say its echo time; {1000 * ASSUMED_ECHO_TIME:.0f} ms is assumed. "
            "It scales the curves only, not the maps."
        )
    progress(0, 5, "Change of R2*")
    inside = np.flatnonzero(mask)
    frames = series.frames.reshape(len(series.frames), -1)
    signal = np.ascontiguousarray(frames[:, inside].T, dtype=np.float32)
    times = np.asarray(series.times, float)
    passage = find_passage(signal.mean(axis=0, dtype=float))
    change = delta_r2star(signal, passage.baseline, echo_time)
    noise = baseline_noise(change, passage.baseline)
    during = passage.arrival, passage.end

    progress(1, 5, "Leakage")
    tight = does_not_leak(change, noise)
    reference = change[tight if tight.any() else slice(None)].mean(axis=0, dtype=float)
    leakage = correct_leakage(change, reference, times, passage.first)
    area = integrate(change, times, *during)
    corrected = integrate(leakage.corrected, times, *during)

    def volume(values):
        filled = np.zeros(mask.size, np.float32)
        filled[inside] = np.where(np.isfinite(values), values, 0)
        return filled.reshape(mask.shape)

    progress(2, 5, "White matter")
    if reference_region is None:
        before = signal[:, passage.baseline].mean(axis=1)
        white = find_white_matter(mask, volume(corrected), volume(leakage.k2), volume(before))
    else:
        white = _checked(reference_region, series, "The reference region") & mask
        if not white.any():
            raise SeriesError("The reference region lies outside the mask; give another one.")
    chosen = white.ravel()[inside]

    progress(3, 5, "Arterial input and flow")
    artery = choose_arterial_input(change, times, passage)
    plain = highest_peaks(change, times, passage)
    cbv = blood_volume(corrected, artery.area)
    values = {
        "rcbv": corrected / _mean(corrected[chosen]),
        "rcbv-uncorrected": area / _mean(area[chosen]),
        "cbv": cbv,
        "ttp": time_to_peak(change, times, passage),
        "k2": leakage.k2,
    }
    if flow:
        settled = slice(passage.first, None)
        residue = deconvolve(leakage.corrected[:, settled], artery.curve[settled], step)
        cbf = blood_volume(residue.flow, 1.0)
        progress(4, 5, "Gamma variate")
        gamma = fit_areas(change, times, passage)
        values |= {
            "rcbv-gamma": gamma / _mean(gamma[chosen]),
            "cbf": 60.0 * cbf,
            "mtt": np.maximum(cbv, 0) / np.maximum(cbf, SMALLEST_FLOW),
            "tmax": residue.delay_s,
        }
    progress(5, 5, "Maps made")
    seen = area >= SEEN_SD * _area_noise(noise, step, passage)

    def marked(voxels):
        made = np.zeros(mask.size, bool)
        made[inside[voxels]] = True
        return made.reshape(mask.shape)

    return PerfusionMaps(
        mask=mask,
        values={name: volume(values[name]) for name in MAPS if name in values},
        passage=passage,
        times=times,
        artery=artery,
        artery_mask=marked(artery.voxels),
        plain_artery=plain,
        plain_artery_mask=marked(plain.voxels),
        reference_mask=white,
        bolus_mask=marked(seen),
        curves={
            "artery": artery.curve,
            "brain": change.mean(axis=0, dtype=float),
            "white matter": change[chosen].mean(axis=0, dtype=float),
        },
        warnings=warnings,
    )


def _checked(mask: np.ndarray, series: DSCSeries, what: str) -> np.ndarray:
    mask = np.asarray(mask) != 0
    if mask.shape != tuple(series.volume_shape):
        raise ConfigurationError(
            f"{what} has {mask.shape[::-1]} voxels, the series {series.volume_shape[::-1]}; give "
            "one on the series' own grid."
        )
    if not mask.any():
        raise SeriesError(f"{what} is empty; there is nothing to compute maps of.")
    return mask


def _even_step(series: DSCSeries) -> float:
    steps = np.diff(series.times)
    if not steps.size or steps.min() <= 0 or np.ptp(steps) > LARGEST_STEP_CHANGE * steps.mean():
        raise SeriesError(
            "The time points are not evenly spaced, or there is only one; perfusion maps need a "
            "series without missing frames."
        )
    return float(steps.mean())


def _area_noise(noise: np.ndarray, step: float, passage: Passage) -> np.ndarray:
    """Standard deviation of the area by noise of the frames and of the baseline's mean."""
    count = passage.end - passage.arrival
    before = passage.arrival - passage.first
    return noise * step * np.sqrt(count + count**2 / before)


def _mean(values: np.ndarray) -> float:
    """Mean that leaves voxels without a value out."""
    return float(np.nanmean(values))
