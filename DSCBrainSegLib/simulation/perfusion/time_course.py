"""Signal of every tissue over time: approach to the steady state, bolus, leakage, drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.perfusion.bolus import SPIN_ECHO_SHARE, Bolus, vascular_delta_r2star
from DSCBrainSegLib.simulation.perfusion.constants import Supply
from DSCBrainSegLib.simulation.perfusion.leakage import Leakage, leaked_concentration

DRIFT_SD = 0.015
"""Standard deviation of the relative change of the signal from the first to the last frame."""

SLOW_CHANGE = (0.0, 0.006)
"""Range of the amplitude of a slow oscillation of the signal."""

SLOW_PERIOD_S = (40.0, 150.0)


@dataclass(frozen=True)
class Drift:
    """Slow change of the scanner's gain.

    Parameters
    ----------
    linear : float
        Relative change from the first to the last frame.
    amplitude, period_s, phase : float
        Of a slow oscillation; amplitude relative to the signal, phase in radians.
    """

    linear: float = 0.0
    amplitude: float = 0.0
    period_s: float = 60.0
    phase: float = 0.0


@dataclass(frozen=True)
class Kinetics:
    """What determines the signal of the tissues over time.

    Parameters
    ----------
    steady : ndarray, shape (TISSUE_COUNT,)
        Signal before the bolus in the steady state.
    t1_ms : ndarray, shape (TISSUE_COUNT,)
        Before the bolus.
    bolus : Bolus
    leakage : Leakage
    supplies : tuple of two Supply
        Of early and late territories; every place is a mixture of both (`territories`).
    drift : Drift
    """

    steady: np.ndarray
    t1_ms: np.ndarray
    bolus: Bolus
    leakage: Leakage
    supplies: tuple[Supply, Supply]
    drift: Drift


def draw_drift(rng: np.random.Generator) -> Drift:
    """Draw the drift of one series."""
    return Drift(
        linear=float(rng.normal(0.0, DRIFT_SD)),
        amplitude=float(rng.uniform(*SLOW_CHANGE)),
        period_s=float(rng.uniform(*SLOW_PERIOD_S)),
        phase=float(rng.uniform(0.0, 2 * np.pi)),
    )


def drift_gain(drift: Drift, times: np.ndarray) -> np.ndarray:
    """Factor of the signal in every frame, shape (T,); 1 in the mean of no drift."""
    times = np.asarray(times, float)
    course = times / max(float(times[-1]), 1e-6)
    slow = np.sin(2 * np.pi * times / drift.period_s + drift.phase)
    return 1 + drift.linear * course + drift.amplitude * slow


def magnetisation(
    t1_ms: np.ndarray, added_rate_per_s: np.ndarray, acquisition: Acquisition
) -> np.ndarray:
    """Longitudinal magnetisation that each excitation of a series finds.

    M(1) = 1 and M(n + 1) = 1 - (1 - M(n) cos a) exp(-TR R1(n)) with R1(n) = 1 / T1 + what agent
    adds: the approach to the steady state, and the way leaked agent changes it.

    Parameters
    ----------
    t1_ms : ndarray, shape (C,)
    added_rate_per_s : ndarray, shape (C, T)
        Change of R1 by agent at each frame.
    acquisition : Acquisition
        Gives repetition time and flip angle.

    Returns
    -------
    ndarray of float, shape (C, T)
        Relative to the magnetisation in equilibrium.
    """
    cosine = np.cos(np.deg2rad(acquisition.flip_angle_deg))
    rates = 1000.0 / np.asarray(t1_ms, float)[:, None] + added_rate_per_s
    decay = np.exp(-acquisition.repetition_time_s * rates)
    found = np.ones_like(rates)
    for n in range(1, rates.shape[1]):
        found[:, n] = 1 - (1 - found[:, n - 1] * cosine) * decay[:, n - 1]
    return found


def tissue_signals(kinetics: Kinetics, acquisition: Acquisition, times: np.ndarray) -> np.ndarray:
    """Signal of every tissue in every frame, for an early and a late supply.

    S(t) = steady * M(t) / M(steady) * exp(-TE (vessels' Delta R2* + r2* leaked agent)) * gain(t).
    A spin echo sees `bolus.SPIN_ECHO_SHARE` of the change of R2*.

    Parameters
    ----------
    kinetics : Kinetics
    acquisition : Acquisition
    times : ndarray, shape (T,)
        Of the frames, one repetition time apart.

    Returns
    -------
    ndarray of float32, shape (2, T, TISSUE_COUNT)
    """
    leakage = kinetics.leakage
    leaked = leaked_concentration(leakage, kinetics.bolus, times)
    found = magnetisation(kinetics.t1_ms, leakage.t1_relaxivity * leaked, acquisition)
    cosine = np.cos(np.deg2rad(acquisition.flip_angle_deg))
    e1 = np.exp(-acquisition.repetition_time_s * 1000.0 / kinetics.t1_ms)
    relative = found / ((1 - e1) / (1 - cosine * e1))[:, None]
    share = SPIN_ECHO_SHARE if acquisition.spin_echo else 1.0
    gain = drift_gain(kinetics.drift, times)
    signals = []
    for supply in kinetics.supplies:
        change = vascular_delta_r2star(kinetics.bolus, times, acquisition.field_strength_t, supply)
        change = change + leakage.t2star_relaxivity * leaked
        kept = np.exp(-acquisition.echo_time_s * share * change)
        signals.append((kinetics.steady[:, None] * relative * kept * gain).T)
    return np.stack(signals).astype(np.float32)
