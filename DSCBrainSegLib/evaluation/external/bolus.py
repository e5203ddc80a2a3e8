"""The network as users run it on a series: with the bolus, which other tools cannot use."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase
from DSCBrainSegLib.methods import NetworkMethod, SegmentationMethod
from DSCBrainSegLib.preprocessing.bolus_peak import FEWEST_FRAMES
from DSCBrainSegLib.progress import never_cancelled, no_progress

SUFFIX = "+bolus"
"""Of the method's name."""


@dataclass(frozen=True, eq=False)
class NetworkWithBolus(NetworkMethod):
    """The network that is given the fall of the signal at the bolus peak of one case.

    Parameters
    ----------
    drop : ndarray, shape (K, J, I), optional
        Of the case at hand, on its axial planes; see `knowing`.
    """

    drop: np.ndarray | None = None

    @classmethod
    def of(cls, network: NetworkMethod) -> NetworkWithBolus:
        """Return the method with the same weights."""
        return cls(
            network.name + SUFFIX, f"{network.label}, with the bolus", weights=network.weights
        )

    def knowing(self, loaded: LoadedCase) -> NetworkWithBolus:
        """Return the method for one case, which has an image of the bolus peak."""
        from DSCBrainSegLib.preprocessing.axial import to_axial
        from DSCBrainSegLib.preprocessing.intensity import signal_drop

        drop = signal_drop(loaded.image, loaded.peak)
        return replace(self, drop=to_axial(drop, loaded.affine).volume)

    def run(self, volume, spacing, drop=None, progress=no_progress, cancelled=never_cancelled):
        """Segment one axial volume; see `SegmentationMethod.run`."""
        return super().run(volume, spacing, self.drop, progress, cancelled)


def with_bolus(methods: list[SegmentationMethod]) -> list[SegmentationMethod]:
    """Put behind each network that uses the bolus the same network with it."""
    both = []
    for method in methods:
        both.append(method)
        if isinstance(method, NetworkMethod) and method.wants_series(FEWEST_FRAMES):
            both.append(NetworkWithBolus.of(method))
    return both
