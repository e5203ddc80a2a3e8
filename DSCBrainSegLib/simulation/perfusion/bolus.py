"""The first pass of a contrast agent: change of R2* in every tissue over time.

An arterial input with recirculation is convolved with each tissue's residue function (indicator
dilution: Ostergaard et al. 1996, Magn Reson Med 36:715) and turned into a change of the transverse
relaxation rate; the signal is multiplied by exp(-TE * change).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.signal import settling
from DSCBrainSegLib.simulation.anatomy.tissue import TISSUE_COUNT, Tissue
from DSCBrainSegLib.simulation.perfusion.constants import MEAN_SUPPLY, PERFUSION, Supply

TISSUE_RELAXIVITY_PER_T = 29.0
"""Change of R2* by agent in tissue, per second, mM and tesla.

44 /s/mM at 1.5 T and 87 /s/mM at 3 T (Kjolby et al. 2006, Magn Reson Med 56:187).
"""

BRAIN_DENSITY_G_PER_ML = 1.04

HAEMATOCRIT_FACTOR = 0.75 / 0.55
"""Plasma fraction of capillary over that of arterial blood (haematocrit 0.25 and 0.45): the agent
is in the plasma only, so that a millilitre of capillary blood carries more of it."""

SPIN_ECHO_SHARE = 1 / 3
"""Effect of agent in small vessels on R2 relative to R2*."""

STEP_S = 0.1
"""Time step of the convolution."""


LARGEST_PIAL_SHARE = 0.5
"""Change of R2* in the fluid around the brain relative to the cortex's, at most [our choice]."""

_VEIN_DELAY_S = 5.0
_VEIN_TRANSIT_S = 4.0


@dataclass(frozen=True)
class Bolus:
    """One injection in one person.

    Parameters
    ----------
    arrival_s : float
        When agent first reaches the brain's arteries.
    alpha, beta_s : float
        Shape and time constant of the gamma-variate arterial input.
    arterial_peak_mm : float
        Peak concentration in the arteries in mmol/L.
    recirculation_delay_s, recirculation_spread_s, recirculation : float
        Second pass: how much later, how spread out, and its area relative to the first one.
    perfusion_factors : ndarray, shape (TISSUE_COUNT, 2)
        Variation of CBV and MTT between people and tissues.
    """

    arrival_s: float
    alpha: float
    beta_s: float
    arterial_peak_mm: float
    recirculation_delay_s: float
    recirculation_spread_s: float
    recirculation: float
    perfusion_factors: np.ndarray


def draw_bolus(rng: np.random.Generator, arrival_s: float) -> Bolus:
    """Draw an injection of a single dose (0.1 mmol/kg at 3 to 5 mL/s).

    Parameters
    ----------
    rng : numpy.random.Generator
    arrival_s : float
        Mean arrival in seconds after the first frame.
    """
    return Bolus(
        arrival_s=float(arrival_s * rng.uniform(0.93, 1.07)),
        alpha=float(rng.uniform(2.6, 3.4)),
        beta_s=float(rng.uniform(1.2, 1.7)),
        arterial_peak_mm=float(rng.uniform(4.0, 5.0)),
        recirculation_delay_s=float(rng.uniform(8.0, 12.0)),
        recirculation_spread_s=float(rng.uniform(20.0, 35.0)),
        recirculation=float(rng.uniform(0.6, 1.0)),
        perfusion_factors=np.exp(rng.normal(0.0, 0.07, (TISSUE_COUNT, 2))),
    )


def arterial_concentration(bolus: Bolus, times: np.ndarray) -> np.ndarray:
    """Concentration in a large artery.

    The first pass is a gamma variate, (t / t_max)^alpha exp(alpha (1 - t / t_max)) with
    t_max = alpha beta (Madsen 1992, Phys Med Biol 37:1597); the second pass is the first one,
    delayed and convolved with an exponential (Calamante et al. 2000, Magn Reson Med 44:466).

    Parameters
    ----------
    bolus : Bolus
    times : ndarray, shape (T,)
        Evenly spaced, in seconds after the first frame.

    Returns
    -------
    ndarray, shape (T,)
        In mmol/L.
    """
    times = np.asarray(times, float)
    first = _gamma_variate(bolus, times - bolus.arrival_s)
    later = _gamma_variate(bolus, times - bolus.arrival_s - bolus.recirculation_delay_s)
    step = float(times[1] - times[0]) if times.size > 1 else STEP_S
    second = convolve(later, bolus.recirculation_spread_s, step)
    return bolus.arterial_peak_mm * (first + bolus.recirculation * second)


def delta_r2star(bolus: Bolus, times: np.ndarray, field_strength_t: float) -> np.ndarray:
    """Apparent change of the transverse relaxation rate of every tissue, leakage included.

    As `vascular_delta_r2star`; leakage subtracts K2 times the running integral of the white
    matter's curve (Boxerman et al. 2006, AJNR 27:859).

    Parameters
    ----------
    bolus : Bolus
    times : ndarray, shape (T,)
        Of the frames, in seconds after the first one; any spacing.
    field_strength_t : float
        In tesla.

    Returns
    -------
    ndarray of float, shape (TISSUE_COUNT, T)
        Per second, indexed by `Tissue`; negative where leaked agent raises the signal.
    """
    times = np.asarray(times, float)
    fine = fine_times(times)
    curves = _vascular(bolus, fine, field_strength_t, MEAN_SUPPLY)
    leaked = np.cumsum(curves[Tissue.WHITE_MATTER]) * STEP_S
    for tissue, perfusion in PERFUSION.items():
        curves[tissue] -= perfusion.leakage_per_s * leaked
    return np.stack([np.interp(times, fine, curve) for curve in curves])


def vascular_delta_r2star(
    bolus: Bolus, times: np.ndarray, field_strength_t: float, supply: Supply = MEAN_SUPPLY
) -> np.ndarray:
    """Change of the transverse relaxation rate by agent in the vessels.

    In tissue it is linear in the concentration, C = H * density * CBF * (artery convolved with
    exp(-t / MTT)) with CBF = CBV / MTT and H = `HAEMATOCRIT_FACTOR`. In arteries and veins it is
    quadratic (`blood_delta_r2star`).

    Parameters
    ----------
    bolus : Bolus
    times : ndarray, shape (T,)
        Of the frames, in seconds after the first one; any spacing.
    field_strength_t : float
        In tesla.
    supply : Supply
        Of the tissues; arteries and veins keep their curves.

    Returns
    -------
    ndarray of float, shape (TISSUE_COUNT, T)
        Per second, indexed by `Tissue`.
    """
    times = np.asarray(times, float)
    fine = fine_times(times)
    curves = _vascular(bolus, fine, field_strength_t, supply)
    return np.stack([np.interp(times, fine, curve) for curve in curves])


def fine_times(times: np.ndarray) -> np.ndarray:
    """Times every `STEP_S` from 0 on that cover `times`; curves are convolved there."""
    return np.arange(0.0, times.max() + 2 * STEP_S, STEP_S)


def _vascular(bolus: Bolus, fine: np.ndarray, field_strength_t: float, supply: Supply):
    artery = arterial_concentration(bolus, fine)
    relaxivity = TISSUE_RELAXIVITY_PER_T * field_strength_t
    scale = relaxivity * BRAIN_DENSITY_G_PER_ML * HAEMATOCRIT_FACTOR
    curves = np.zeros((TISSUE_COUNT, fine.size))
    for tissue, perfusion in PERFUSION.items():
        cbv_factor, mtt_factor = bolus.perfusion_factors[tissue]
        volume = perfusion.cbv * cbv_factor * supply.cbv / 100.0  # mL per g
        passed = convolve(artery, perfusion.mtt_s * mtt_factor * supply.mtt, STEP_S)
        curves[tissue] = scale * volume * delayed(passed, fine, perfusion.delay_s + supply.delay_s)
    vein = delayed(convolve(artery, _VEIN_TRANSIT_S, STEP_S), fine, _VEIN_DELAY_S)
    curves[Tissue.ARTERY] = blood_delta_r2star(artery, field_strength_t)
    curves[Tissue.VEIN] = blood_delta_r2star(vein, field_strength_t)
    return curves


def draw_peak_signals(
    rng: np.random.Generator, signals: np.ndarray, acquisition: Acquisition
) -> np.ndarray:
    """Draw the tissue signals at the peak of a first pass.

    The peak lies in the steady state. An early reference frame does not: there the signal of long
    T1, of fluid above all, falls without agent, too. Vessels at the brain's surface darken the
    fluid around it by a drawn share of what the cortex shows.

    Parameters
    ----------
    rng : numpy.random.Generator
    signals : ndarray, shape (TISSUE_COUNT,)
        Before the agent arrives.
    acquisition : Acquisition
        Gives field strength and echo time; a spin echo sees a third of the effect.

    Returns
    -------
    ndarray of float32, shape (TISSUE_COUNT,)
    """
    times = np.arange(0.0, 60.0, 1.0)
    change = delta_r2star(draw_bolus(rng, 15.0), times, acquisition.field_strength_t)
    peak = change[:, int(change[Tissue.WHITE_MATTER].argmax())]
    peak[Tissue.CSF] = rng.uniform(0.0, LARGEST_PIAL_SHARE) * peak[Tissue.CORTEX]
    dose = np.exp(rng.uniform(np.log(0.4), np.log(1.5)))
    share = dose * (SPIN_ECHO_SHARE if acquisition.spin_echo else 1.0)
    settled = signals * settling(acquisition)
    return (settled * np.exp(-acquisition.echo_time_s * share * peak)).astype(np.float32)


def blood_delta_r2star(concentration_mm: np.ndarray, field_strength_t: float) -> np.ndarray:
    """Change of R2* of whole blood, per second.

    Quadratic in the concentration: 7.62 C + 0.574 C^2 at 1.5 T and 0.493 C + 2.62 C^2 at 3 T
    (van Osch et al. 2003 and Akbudak et al. as quoted by Calamante et al. 2009, Magn Reson Med
    61:486); interpolated linearly between them.

    Parameters
    ----------
    concentration_mm : ndarray
        In mmol/L.
    field_strength_t : float
        In tesla.
    """
    c = np.asarray(concentration_mm, float)
    low, high = 7.62 * c + 0.574 * c**2, 0.493 * c + 2.62 * c**2
    share = np.clip(field_strength_t / 1.5 - 1.0, 0.0, 1.0)
    return (1 - share) * low + share * high


def _gamma_variate(bolus: Bolus, times: np.ndarray) -> np.ndarray:
    """Gamma variate with a peak of 1, zero before time 0."""
    relative = np.clip(times, 0.0, None) / (bolus.alpha * bolus.beta_s)
    return relative**bolus.alpha * np.exp(bolus.alpha * (1 - relative))


def convolve(values: np.ndarray, time_constant_s: float, step_s: float) -> np.ndarray:
    """Convolve with exp(-t / time constant) / time constant, which has an area of 1."""
    from scipy.signal import lfilter

    decay = np.exp(-step_s / time_constant_s)
    return lfilter([1 - decay], [1.0, -decay], values)


def delayed(values: np.ndarray, times: np.ndarray, delay_s: float) -> np.ndarray:
    """Shift a curve to later times; 0 before it begins."""
    return np.interp(times - delay_s, times, values, left=0.0)
