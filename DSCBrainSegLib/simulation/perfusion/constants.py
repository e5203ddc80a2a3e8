"""How the agent passes each tissue: blood volume, transit time, arrival, leakage."""

from __future__ import annotations

from dataclasses import dataclass

from DSCBrainSegLib.simulation.anatomy.tissue import Tissue


@dataclass(frozen=True)
class Perfusion:
    """How the agent passes a tissue.

    Parameters
    ----------
    cbv : float
        Blood volume in mL per 100 g.
    mtt_s : float
        Mean transit time in seconds.
    delay_s : float
        Arrival after the reference artery, in seconds.
    leakage_per_s : float
        Boxerman's K2, the apparent leakage in one frame at the bolus peak (`draw_peak_signals`).
    ktrans_per_min : float
        Transfer of agent out of the vessels over a whole series (`leakage`).
    interstitium : float
        Volume outside vessels and cells, over the tissue's, that leaked agent spreads in.
    """

    cbv: float
    mtt_s: float = 4.0
    delay_s: float = 0.0
    leakage_per_s: float = 0.0
    ktrans_per_min: float = 0.0
    interstitium: float = 0.2


PERFUSION = {
    # Grey and white matter: docs/methods.md, section 6 (CBV 5.0 and 1.8 mL/100 g).
    Tissue.CORTEX: Perfusion(5.0, 4.0, 1.2),
    Tissue.DEEP_GREY: Perfusion(4.6, 4.0, 0.9),
    Tissue.PALLIDUM: Perfusion(3.5, 4.2, 0.9),
    Tissue.WHITE_MATTER: Perfusion(1.8, 5.0, 1.8),
    Tissue.CEREBELLUM_CORTEX: Perfusion(5.2, 4.0, 1.8),
    Tissue.CEREBELLUM_WHITE: Perfusion(2.2, 5.0, 2.3),
    Tissue.BRAINSTEM: Perfusion(2.3, 4.6, 1.6),
    Tissue.SPINAL_CORD: Perfusion(1.6, 5.0, 2.0),
    Tissue.ENHANCING_TUMOUR: Perfusion(9.0, 5.5, 1.4, 0.030, 0.10, 0.30),
    Tissue.NECROSIS: Perfusion(0.2, 8.0, 3.0, 0.004, 0.010, 0.50),
    Tissue.OEDEMA: Perfusion(1.3, 5.5, 2.0),
    Tissue.INFARCT: Perfusion(0.9, 9.0, 4.0),
    Tissue.HAEMORRHAGE: Perfusion(0.2, 6.0, 2.0),
    Tissue.MUSCLE: Perfusion(0.5, 8.0, 4.0, 0.004, 0.04, 0.12),
    Tissue.SKIN: Perfusion(0.5, 8.0, 5.0, 0.004, 0.04, 0.20),
    Tissue.FAT: Perfusion(0.2, 8.0, 5.0),
    Tissue.MARROW: Perfusion(0.3, 8.0, 4.0),
    Tissue.MUCOSA: Perfusion(2.5, 7.0, 3.0, 0.020, 0.20, 0.30),
    Tissue.DURA: Perfusion(2.0, 6.0, 3.0, 0.015, 0.10, 0.30),
    Tissue.OPTIC_NERVE: Perfusion(1.5, 5.0, 1.5),
}
"""Mean perfusion; tissues that are not listed (fluids, bone, globe) get no agent."""

VESSELS = (Tissue.ARTERY, Tissue.VEIN)
"""Pure blood: their curves follow the blood's own law (`bolus.blood_delta_r2star`)."""


@dataclass(frozen=True)
class Supply:
    """How the vessels of a territory differ from the mean.

    Parameters
    ----------
    cbv, mtt : float
        Factors of blood volume and transit time.
    delay_s : float
        Later arrival, in seconds.
    """

    cbv: float = 1.0
    mtt: float = 1.0
    delay_s: float = 0.0


MEAN_SUPPLY = Supply()
