"""Tissues of a simulated head and their magnetic properties at 1.5 and 3 T."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np


class Tissue(IntEnum):
    """Label values of a simulated head."""

    AIR = 0
    WHITE_MATTER = 1
    CORTEX = 2
    DEEP_GREY = 3
    PALLIDUM = 4
    CEREBELLUM_WHITE = 5
    CEREBELLUM_CORTEX = 6
    BRAINSTEM = 7
    CSF = 8
    VENTRICLE = 9
    ARTERY = 10
    VEIN = 11
    CORTICAL_BONE = 12
    MARROW = 13
    FAT = 14
    MUSCLE = 15
    SKIN = 16
    MUCOSA = 17
    EYE = 18
    OPTIC_NERVE = 19
    SPINAL_CORD = 20
    OEDEMA = 21
    ENHANCING_TUMOUR = 22
    NECROSIS = 23
    HAEMORRHAGE = 24
    CAVITY = 25
    INFARCT = 26
    EXTRA_AXIAL_FLUID = 27
    DURA = 28


TISSUE_COUNT = len(Tissue)

BRAIN_TISSUES = (
    Tissue.WHITE_MATTER,
    Tissue.CORTEX,
    Tissue.DEEP_GREY,
    Tissue.PALLIDUM,
    Tissue.CEREBELLUM_WHITE,
    Tissue.CEREBELLUM_CORTEX,
    Tissue.BRAINSTEM,
    Tissue.VENTRICLE,
)
"""Normal tissues that always belong to the brain mask; sulcal CSF is added by the hull."""

FATTY_TISSUES = (Tissue.FAT, Tissue.MARROW)
"""Tissues whose signal is lipid: shifted along phase encoding, suppressed by fat saturation."""


@dataclass(frozen=True)
class TissuePrior:
    """Mean T1 and T2* in ms at one field strength, and proton density relative to water."""

    t1_ms: float
    t2star_ms: float
    proton_density: float


_PRIORS = {
    # tissue: ((T1, T2*) at 1.5 T, (T1, T2*) at 3 T, PD). Sources: docs/methods.md.
    Tissue.AIR: ((1000, 1), (1000, 1), 0.0),
    Tissue.WHITE_MATTER: ((640, 64), (960, 50), 0.77),
    Tissue.CORTEX: ((920, 77), (1450, 63), 0.86),
    Tissue.DEEP_GREY: ((850, 65), (1300, 50), 0.83),
    Tissue.PALLIDUM: ((750, 48), (1100, 32), 0.78),
    Tissue.CEREBELLUM_WHITE: ((640, 62), (960, 50), 0.77),
    Tissue.CEREBELLUM_CORTEX: ((920, 77), (1450, 60), 0.86),
    Tissue.BRAINSTEM: ((720, 62), (1060, 50), 0.80),
    Tissue.CSF: ((3600, 600), (4250, 350), 1.0),
    Tissue.VENTRICLE: ((3600, 600), (4250, 350), 1.0),
    Tissue.ARTERY: ((1400, 200), (1930, 50), 0.9),
    Tissue.VEIN: ((1400, 50), (1930, 25), 0.9),
    Tissue.CORTICAL_BONE: ((200, 0.5), (200, 0.5), 0.2),
    Tissue.MARROW: ((300, 40), (371, 25), 0.7),
    Tissue.FAT: ((290, 54), (371, 38), 1.0),
    Tissue.MUSCLE: ((900, 30), (1410, 24), 0.9),
    Tissue.SKIN: ((800, 30), (1100, 22), 0.8),
    Tissue.MUCOSA: ((1200, 40), (1600, 30), 0.9),
    Tissue.EYE: ((3500, 500), (4000, 250), 1.0),
    Tissue.OPTIC_NERVE: ((720, 60), (1080, 45), 0.77),
    Tissue.SPINAL_CORD: ((720, 60), (1000, 45), 0.80),
    Tissue.OEDEMA: ((1500, 120), (1850, 95), 0.93),
    Tissue.ENHANCING_TUMOUR: ((1400, 100), (1700, 80), 0.90),
    Tissue.NECROSIS: ((2200, 200), (2800, 150), 0.97),
    Tissue.HAEMORRHAGE: ((1200, 20), (1500, 10), 0.85),
    Tissue.CAVITY: ((3400, 500), (4000, 300), 1.0),
    Tissue.INFARCT: ((1400, 110), (1800, 90), 0.92),
    Tissue.EXTRA_AXIAL_FLUID: ((2800, 300), (3300, 200), 1.0),
    Tissue.DURA: ((800, 10), (1100, 8), 0.6),
}


def tissue_prior(tissue: Tissue, field_strength_t: float) -> TissuePrior:
    """Return the prior of one tissue, log-interpolated between 1.5 and 3 T.

    Parameters
    ----------
    tissue : Tissue
    field_strength_t : float
        Static field in tesla.
    """
    low, high, proton_density = _PRIORS[tissue]
    weight = np.log(field_strength_t / 1.5) / np.log(2.0)
    t1, t2star = (float(a * (b / a) ** weight) for a, b in zip(low, high, strict=True))
    return TissuePrior(t1, t2star, proton_density)
