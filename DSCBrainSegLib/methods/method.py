"""What every segmentation method offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress

if TYPE_CHECKING:
    from DSCBrainSegLib.quality.confidence import Calibration


@dataclass(frozen=True)
class SegmentationMethod:
    """A way to segment the brain in one volume.

    A function is enough for most methods. One that loads something first, that has a calibrated
    confidence or that looks at the whole series is a subclass; see docs/new-method.md.

    Parameters
    ----------
    name : str
        What a user types.
    label : str
        One line for a list.
    segment : callable
        ``segment(volume, spacing)``: `volume` (K, J, I) in axial orientation
        (`preprocessing.axial`), any intensity scale; `spacing` in mm along (k, j, i). Returns a
        bool mask or float probabilities of brain, shape (K, J, I).
    clean : bool
        Keep the largest piece and fill the holes of the result. The published baselines are left as
        they are, or they would not be what they are compared as.

    Examples
    --------
    >>> import numpy as np
    >>> from DSCBrainSegLib import SegmentationMethod
    >>> half = SegmentationMethod("half", "Half the maximum", lambda v, mm: v > v.max() / 2)
    >>> int(half.run(np.arange(8.0).reshape(2, 2, 2), (1, 1, 1)).sum())
    4
    """

    name: str
    label: str
    segment: Callable[..., np.ndarray]
    clean: bool = False

    uses_weights: ClassVar[bool] = False
    """It is a network, which needs weights and a library that computes it."""

    preparing: ClassVar[str] = ""
    """What `prepare` does, for a person; empty where it does nothing."""

    stays_loaded: ClassVar[bool] = True
    """A second call is faster than the first: times are measured after an untimed one."""

    def prepare(self) -> None:
        """Load what takes long, so that the next call of `run` starts at once."""

    @property
    def facts(self) -> dict | None:
        """Name and SHA-256 of the weights; None for a method without."""
        return None

    @property
    def calibration(self) -> Calibration | None:
        """Which probabilities of a good mask its output stands for; None if nobody measured."""
        return None

    def wants_series(self, frame_count: int) -> bool:
        """Say whether it looks for the bolus in a series of that many time points."""
        return False

    def with_weights(self, weights: str | Path) -> SegmentationMethod:
        """Return the method with weights of one's own.

        Raises
        ------
        ConfigurationError
            It uses no weights.
        """
        raise ConfigurationError(f"The method {self.name} uses no weights; leave --weights out.")

    def run(
        self,
        volume: np.ndarray,
        spacing: tuple[float, float, float],
        drop: np.ndarray | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCallback = never_cancelled,
    ) -> np.ndarray:
        """Segment one axial volume.

        Parameters
        ----------
        volume : ndarray, shape (K, J, I)
        spacing : tuple of float
            Voxel size in mm along (k, j, i).
        drop : ndarray, shape (K, J, I), optional
            Fall of the signal at the bolus peak, given where `wants_series` said so and a bolus was
            found.
        progress, cancelled : callable
            See `DSCBrainSegLib.progress`.

        Returns
        -------
        ndarray, shape (K, J, I)
            Bool mask or float probabilities of brain.
        """
        return self.segment(volume, spacing)
