"""Agent that leaves the vessels: it shortens T1, which raises the signal, and lowers T2*."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.tissue import TISSUE_COUNT
from DSCBrainSegLib.simulation.perfusion.bolus import (
    STEP_S,
    Bolus,
    arterial_concentration,
    convolve,
    delayed,
    fine_times,
)
from DSCBrainSegLib.simulation.perfusion.constants import PERFUSION

ARTERIAL_PLASMA = 0.55
"""Share of plasma, which the agent is in, of arterial blood (haematocrit 0.45)."""

T1_RELAXIVITY = (3.3, 5.0)
"""Range of r1 per second and mM: gadolinium chelates at 1.5 and 3 T [from memory]."""

T2STAR_RELAXIVITY = (5.0, 45.0)
"""Range of r2* of leaked agent, per second and mM of tissue [our choice]: at the low end T1 wins
and the signal ends above its baseline, at the high end below; scans show both."""

KTRANS_SPREAD = 0.4
"""Standard deviation of the logarithm of Ktrans between people and tissues [our choice]."""


@dataclass(frozen=True)
class Leakage:
    """How leaky one person's tissues are and what leaked agent does.

    Parameters
    ----------
    ktrans_factors : ndarray, shape (TISSUE_COUNT,)
        Multiply the tissues' mean Ktrans.
    t1_relaxivity, t2star_relaxivity : float
        Per second and mM of agent outside the vessels.
    """

    ktrans_factors: np.ndarray
    t1_relaxivity: float
    t2star_relaxivity: float


def draw_leakage(rng: np.random.Generator) -> Leakage:
    """Draw the leakage of one person."""
    return Leakage(
        ktrans_factors=np.exp(rng.normal(0.0, KTRANS_SPREAD, TISSUE_COUNT)),
        t1_relaxivity=float(rng.uniform(*T1_RELAXIVITY)),
        t2star_relaxivity=float(rng.uniform(*T2STAR_RELAXIVITY)),
    )


def leaked_concentration(leakage: Leakage, bolus: Bolus, times: np.ndarray) -> np.ndarray:
    """Concentration of agent outside the vessels of every tissue.

    Tofts' model: C = Ktrans * (plasma convolved with exp(-t Ktrans / v)), v being the
    interstitium's share of the tissue (Tofts et al. 1999, J Magn Reson Imaging 10:223).

    Parameters
    ----------
    leakage : Leakage
    bolus : Bolus
    times : ndarray, shape (T,)
        In seconds after the first frame.

    Returns
    -------
    ndarray of float, shape (TISSUE_COUNT, T)
        In mmol per litre of tissue; 0 where vessels are tight.
    """
    times = np.asarray(times, float)
    fine = fine_times(times)
    plasma = arterial_concentration(bolus, fine) / ARTERIAL_PLASMA
    leaked = np.zeros((TISSUE_COUNT, times.size))
    for tissue, perfusion in PERFUSION.items():
        ktrans = perfusion.ktrans_per_min * leakage.ktrans_factors[tissue] / 60.0
        if ktrans > 0:
            share = perfusion.interstitium
            curve = share * convolve(plasma, share / ktrans, STEP_S)
            leaked[tissue] = np.interp(times, fine, delayed(curve, fine, perfusion.delay_s))
    return leaked
