"""The channels of the network's input: a slice, its neighbours, the fall of the signal."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.network.config import NetworkConfig


def input_channels(
    slices: np.ndarray,
    network: NetworkConfig,
    spacing_mm: float,
    drop: np.ndarray | None = None,
) -> np.ndarray:
    """Arrange the slices of a volume as the network takes them.

    Parameters
    ----------
    slices : ndarray, shape (K, N, N)
        All slices of one volume on the network's grid, from inferior to superior, in [0, 1].
    network : NetworkConfig
    spacing_mm : float
        Between the centres of neighbouring slices.
    drop : ndarray, shape (K, N, N), optional
        Fall of the signal at the bolus peak (`preprocessing.intensity.signal_drop`); zeros where it
        is not known. Not used by a network without a bolus channel.

    Returns
    -------
    ndarray of float32, shape (K, N, N, C)
        The slices in the order of `NetworkConfig.slice_offsets`, then the drop. Beyond the first
        and the last slice that slice is repeated.
    """
    slices = np.asarray(slices, np.float32)
    last = len(slices) - 1
    offsets = network.slice_offsets(spacing_mm)
    places = np.arange(len(slices))
    channels = [slices[np.clip(places + offset, 0, last)] for offset in offsets]
    if network.bolus_channel:
        channels.append(np.zeros_like(slices) if drop is None else np.asarray(drop, np.float32))
    return np.stack(channels, axis=-1)
