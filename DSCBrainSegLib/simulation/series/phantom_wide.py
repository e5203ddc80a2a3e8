"""What is drawn for one phantom over the whole range of training: any scanner, any contrast."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.simulation.acquisition.protocol import draw_acquisition
from DSCBrainSegLib.simulation.acquisition.signal import RELAXATION_SPREAD
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.anatomy.tissue import TISSUE_COUNT, Tissue, tissue_prior
from DSCBrainSegLib.simulation.perfusion.bolus import draw_bolus
from DSCBrainSegLib.simulation.perfusion.leakage import draw_leakage
from DSCBrainSegLib.simulation.perfusion.territories import (
    STENOSIS_PROBABILITY,
    draw_supplies,
    draw_territories,
)
from DSCBrainSegLib.simulation.perfusion.time_course import Kinetics, draw_drift
from DSCBrainSegLib.simulation.series.motion import MOTIONS
from DSCBrainSegLib.simulation.series.phantom_frames import FrameModel
from DSCBrainSegLib.simulation.series.slices import draw_case
from DSCBrainSegLib.simulation.series.volumes import axial_affine, draw_coverage

ARRIVAL = (0.15, 0.4)
"""Range of the bolus' arrival, as a fraction of the series."""

DOSE = (0.4, 1.5)
"""Range of the dose over a single one; its logarithm is drawn evenly."""

STILL_PROBABILITY = 0.4
"""How often the head does not move; the kinds of motion share the rest."""

INTENSITY = (150.0, 3000.0)
"""Range of the brain's mean stored value; its logarithm is drawn evenly."""


@dataclass(frozen=True)
class WideDraws:
    """Everything drawn for one phantom of the wide priors.

    Parameters
    ----------
    model : FrameModel
    positions_mm : ndarray, shape (K,)
        Slice centres along the slice normal.
    affine : ndarray, shape (4, 4)
        Axial slices about the scanner's centre, in LPS mm.
    motion : str
        One of `motion.MOTIONS`.
    intensity : float
        Mean stored value of the brain.
    """

    model: FrameModel
    positions_mm: np.ndarray
    affine: np.ndarray
    motion: str
    intensity: float


def draw_wide(rng: np.random.Generator, maps: HeadMaps, frames: int) -> WideDraws:
    """Draw anatomy, lesions, scanner, contrast, artefacts, bolus and motion.

    The same priors as for training slices (`slices.draw_case`) and their coverage
    (`volumes.draw_coverage`); the early frames come from the time course instead of a draw.

    Parameters
    ----------
    rng : numpy.random.Generator
    maps : HeadMaps
    frames : int
    """
    acquisition = replace(draw_acquisition(rng), pulse=None)
    case = draw_case(rng, maps, acquisition)
    positions = draw_coverage(rng, case, maps)
    duration = (frames - 1) * acquisition.repetition_time_s
    bolus = draw_bolus(rng, duration * rng.uniform(*ARRIVAL))
    dose = np.exp(rng.uniform(*np.log(DOSE)))
    t1_ms = np.array(
        [tissue_prior(tissue, acquisition.field_strength_t).t1_ms for tissue in Tissue]
    )
    model = FrameModel(
        pose=case.pose,
        scalp=case.scalp,
        lesions=case.lesions,
        acquisition=acquisition,
        kinetics=Kinetics(
            steady=case.signals.astype(float),
            t1_ms=t1_ms * np.exp(rng.normal(0.0, RELAXATION_SPREAD, TISSUE_COUNT)),
            bolus=replace(bolus, arterial_peak_mm=float(bolus.arterial_peak_mm * dose)),
            leakage=draw_leakage(rng),
            supplies=draw_supplies(rng, STENOSIS_PROBABILITY),
            drift=draw_drift(rng),
        ),
        territories=draw_territories(rng),
        shading=case.shading,
        shading_along_z=case.shading_along_z,
        texture=case.texture,
        seed=case.seed,
        artefacts=case.artefacts,
    )
    moving = [kind for kind in MOTIONS if kind != "none"]
    return WideDraws(
        model=model,
        positions_mm=positions,
        affine=axial_affine(acquisition, positions),
        motion="none" if rng.random() < STILL_PROBABILITY else str(rng.choice(moving)),
        intensity=float(np.exp(rng.uniform(*np.log(INTENSITY)))),
    )
