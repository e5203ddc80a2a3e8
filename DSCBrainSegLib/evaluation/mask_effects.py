"""What every method's mask does to perfusion, for cases that have their whole series."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase
from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.perfusion.effect import MaskEffect, effect_of_mask
from DSCBrainSegLib.perfusion.maps import PerfusionMaps, perfusion_maps

REFERENCE = "reference"


class CaseEffects:
    """Maps of one case inside its reference, and what other masks change.

    Parameters
    ----------
    loaded : LoadedCase
    """

    def __init__(self, loaded: LoadedCase):
        self._name, self._series = loaded.case.name, loaded.series
        self._exact: PerfusionMaps | None = None
        self._lesion = loaded.lesion
        self.rows: list[MaskEffect] = []
        """The reference's own row, the first of the case."""
        if self._series is None or len(self._series.frames) < 2:
            return
        try:
            self._exact = perfusion_maps(self._series, loaded.reference, flow=False)
        except DSCBrainSegError:
            return  # no bolus, say: Dice is still measured
        self.rows.append(
            effect_of_mask(self._name, REFERENCE, self._exact, self._exact, self._lesion)
        )

    def add(self, method: str, mask: np.ndarray) -> list[MaskEffect]:
        """Measure one method's mask: one row, none where there are no maps inside the reference."""
        if self._exact is None:
            return []
        try:
            maps = perfusion_maps(self._series, mask, flow=False)
        except DSCBrainSegError as error:
            return [MaskEffect(self._name, method, float("nan"), failure=str(error))]
        return [effect_of_mask(self._name, method, maps, self._exact, self._lesion)]
