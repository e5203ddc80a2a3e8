"""Signal of each tissue: spoiled gradient echo, or a random contrast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.anatomy.tissue import (
    FATTY_TISSUES,
    TISSUE_COUNT,
    Tissue,
    tissue_prior,
)

T2_OVER_T2STAR = 1.5
"""A refocused echo decays with T2, which is longer; the same factor for every tissue."""

RELAXATION_SPREAD = 0.15
"""Relative standard deviation of T1, T2* and proton density between people and tissues."""


def spoiled_gre(t1_ms, t2star_ms, proton_density, acquisition: Acquisition):
    """Spoiled gradient-echo signal in the steady state or after a given excitation.

    S = PD sin(a) M exp(-TE / T2*). In the steady state M = (1 - E1) / (1 - cos(a) E1) with
    E1 = exp(-TR / T1); at excitation n the rest (1 - M) (cos(a) E1)^(n - 1) is still there.

    Parameters
    ----------
    t1_ms, t2star_ms, proton_density : float or ndarray
        Relaxation times in ms; proton density relative to water.
    acquisition : Acquisition
        Gives TR, TE, flip angle and excitation number.

    Returns
    -------
    float or ndarray
        Signal relative to fully relaxed water.
    """
    angle = np.deg2rad(acquisition.flip_angle_deg)
    e1 = np.exp(-acquisition.repetition_time_s * 1000.0 / np.asarray(t1_ms, float))
    decay = np.exp(-acquisition.echo_time_s * 1000.0 / np.asarray(t2star_ms, float))
    magnetisation = (1 - e1) / (1 - np.cos(angle) * e1)
    if acquisition.pulse is not None:
        remaining = (np.cos(angle) * e1) ** (acquisition.pulse - 1)
        magnetisation = magnetisation + (1 - magnetisation) * remaining
    return proton_density * np.sin(angle) * magnetisation * decay


def settling(acquisition: Acquisition) -> np.ndarray:
    """Signal in the steady state over that at the acquisition's own excitation, by the priors.

    Returns
    -------
    ndarray of float32, shape (TISSUE_COUNT,)
        Ones if the acquisition is in the steady state.
    """
    factors = np.ones(TISSUE_COUNT, np.float32)
    if acquisition.pulse is None:
        return factors
    settled = replace(acquisition, pulse=None)
    for tissue in Tissue:
        t1_ms = tissue_prior(tissue, acquisition.field_strength_t).t1_ms
        now, later = (spoiled_gre(t1_ms, 1000.0, 1.0, at) for at in (acquisition, settled))
        factors[tissue] = later / now if now > 0 else 1.0
    return factors


def draw_tissue_signals(rng: np.random.Generator, acquisition: Acquisition) -> np.ndarray:
    """Draw the signal of every tissue from the physical priors.

    Parameters
    ----------
    rng : numpy.random.Generator
    acquisition : Acquisition

    Returns
    -------
    ndarray of float32, shape (TISSUE_COUNT,)
        Indexed by `Tissue`; air is 0.
    """
    signals = np.zeros(TISSUE_COUNT, np.float32)
    for tissue in Tissue:
        prior = tissue_prior(tissue, acquisition.field_strength_t)
        factors = np.exp(rng.normal(0.0, RELAXATION_SPREAD, 3))
        t2_ms = prior.t2star_ms * (T2_OVER_T2STAR if acquisition.spin_echo else 1.0)
        signals[tissue] = spoiled_gre(
            prior.t1_ms * factors[0],
            t2_ms * factors[1],
            prior.proton_density * factors[2] ** 0.5,
            acquisition,
        )
    for tissue in FATTY_TISSUES:
        signals[tissue] *= acquisition.fat_signal
    # The subcutis and muscle sample carry partial fat, too: saturation darkens the whole scalp.
    signals[Tissue.SKIN] *= rng.uniform(0.3, 1.2)
    return signals


def draw_random_signals(rng: np.random.Generator) -> np.ndarray:
    """Draw a contrast at random, keeping only that brain tissues lie close together.

    Full contrast randomisation (Billot et al. 2023, SynthSeg) teaches shape rather than grey
    levels.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (TISSUE_COUNT,)
        Indexed by `Tissue`; brain tissues around one level in [0.2, 1], others in [0, 1.3], air 0.
    """
    signals = rng.uniform(0.0, 1.3, TISSUE_COUNT)
    brain = rng.uniform(0.2, 1.0)
    grey, white = brain * rng.uniform(0.75, 1.25, 2)
    for tissue, value in {
        Tissue.WHITE_MATTER: white,
        Tissue.CEREBELLUM_WHITE: white,
        Tissue.BRAINSTEM: white,
        Tissue.CORTEX: grey,
        Tissue.DEEP_GREY: grey,
        Tissue.CEREBELLUM_CORTEX: grey,
        Tissue.PALLIDUM: white * 0.85,
    }.items():
        signals[tissue] = value * rng.uniform(0.9, 1.1)
    signals[Tissue.VENTRICLE] = signals[Tissue.CSF] * rng.uniform(0.9, 1.1)
    signals[Tissue.CORTICAL_BONE] = rng.uniform(0.0, 0.15)
    signals[Tissue.DURA] = rng.uniform(0.0, 0.3)
    for tissue in FATTY_TISSUES:
        signals[tissue] *= rng.random()
    signals[Tissue.AIR] = 0.0
    return signals.astype(np.float32)


LESION_TISSUES = (
    Tissue.ENHANCING_TUMOUR,
    Tissue.OEDEMA,
    Tissue.NECROSIS,
    Tissue.HAEMORRHAGE,
    Tissue.CAVITY,
    Tissue.INFARCT,
    Tissue.EXTRA_AXIAL_FLUID,
)

LESION_LOOKS = {"physical": 0.4, "equal": 0.15, "dark": 0.2, "bright": 0.15, "any": 0.1}
"""How a lesion's tissues compare with the brain, and how often: as relaxation says; within 10 % of
the brain's mean; darker; brighter; each tissue on its own."""

_LOOK_FACTORS = {"equal": (0.9, 1.1), "dark": (0.1, 0.7), "bright": (1.2, 2.5), "any": (0.1, 2.5)}


def draw_lesion_looks(rng: np.random.Generator, signals: np.ndarray) -> np.ndarray:
    """Draw whether lesions are bright, dark or like brain, and return the changed signals.

    Parameters
    ----------
    rng : numpy.random.Generator
    signals : ndarray, shape (TISSUE_COUNT,)

    Returns
    -------
    ndarray of float32, shape (TISSUE_COUNT,)
    """
    look = str(rng.choice(list(LESION_LOOKS), p=list(LESION_LOOKS.values())))
    signals = signals.copy()
    if look == "physical":
        return signals
    brain = (signals[Tissue.WHITE_MATTER] + signals[Tissue.CORTEX]) / 2
    shared = rng.uniform(*_LOOK_FACTORS[look])
    for tissue in LESION_TISSUES:
        factor = rng.uniform(*_LOOK_FACTORS[look]) if look == "any" else shared
        # The parts of a tumour differ a little from each other.
        signals[tissue] = brain * factor * rng.uniform(0.85, 1.15)
    return signals
