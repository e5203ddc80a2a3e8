"""The network as a method: the shipped weights, or others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from DSCBrainSegLib.errors import WeightsError
from DSCBrainSegLib.methods.method import SegmentationMethod
from DSCBrainSegLib.preprocessing.bolus_peak import FEWEST_FRAMES
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress

if TYPE_CHECKING:
    from DSCBrainSegLib.quality.confidence import Calibration

NETWORK = "network"


def _predict(volume, spacing, weights, progress, cancelled, drop=None) -> np.ndarray:
    from DSCBrainSegLib.network.predict import predict_brain

    return predict_brain(volume, spacing, weights, progress, cancelled, drop)


@dataclass(frozen=True)
class NetworkMethod(SegmentationMethod):
    """The U-Net with residual units and scSE; probabilities of brain.

    Parameters
    ----------
    name, label, segment, clean
        See `SegmentationMethod`; `segment` also takes ``weights``, ``progress``, ``cancelled`` and,
        if there is one, ``drop``.
    weights : Path, optional
        Weight file with its model card beside it; the shipped one by default.
    """

    name: str = NETWORK
    label: str = "U-Net with residual units and scSE"
    segment: Callable[..., np.ndarray] = _predict
    clean: bool = True
    weights: Path | None = None

    uses_weights: ClassVar[bool] = True
    preparing: ClassVar[str] = "Loading the network"

    @property
    def weights_file(self) -> Path:
        """The weight file.

        Raises
        ------
        WeightsError
            It does not exist.
        """
        from DSCBrainSegLib.network.weights import default_weights

        path = self.weights or default_weights()
        if not path.is_file():
            raise WeightsError(f"There is no weights file {path}; check the path.")
        return path

    def with_weights(self, weights: str | Path) -> NetworkMethod:
        """Return the network with weights of one's own."""
        return replace(self, weights=Path(weights))

    def prepare(self) -> None:
        """Load the network."""
        from DSCBrainSegLib.network.predict import prepare_network

        prepare_network(self.weights_file)

    @property
    def facts(self) -> dict:
        """Name and SHA-256 of the weights, checked against the model card, and the engine."""
        from DSCBrainSegLib.network.engines.load import require_engine
        from DSCBrainSegLib.network.weights import describe

        return {**describe(self.weights_file), "engine": require_engine()}

    @property
    def calibration(self) -> Calibration | None:
        """The confidence that the weights' model card holds."""
        from DSCBrainSegLib.network.weights import read_card
        from DSCBrainSegLib.quality.confidence import Calibration

        return Calibration.from_card(read_card(self.weights_file))

    def wants_series(self, frame_count: int) -> bool:
        """Say whether the weights use the bolus and a series is long enough to hold one."""
        from DSCBrainSegLib.network.weights import network_of

        return frame_count >= FEWEST_FRAMES and network_of(self.weights_file).bolus_channel

    def run(
        self,
        volume: np.ndarray,
        spacing: tuple[float, float, float],
        drop: np.ndarray | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCallback = never_cancelled,
    ) -> np.ndarray:
        """Segment one axial volume; see `SegmentationMethod.run`."""
        known = {} if drop is None else {"drop": drop}
        return self.segment(
            volume,
            spacing,
            weights=self.weights_file,
            progress=progress,
            cancelled=cancelled,
            **known,
        )
