"""Brain probabilities of a volume by the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.network.engines.interface import Engine
from DSCBrainSegLib.network.engines.load import load_engine
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

BATCH_SIZE = 8
"""Slices computed at a time: small enough for responsive progress and cancelling."""


def predict_brain(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    weights: Path | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    drop: np.ndarray | None = None,
) -> np.ndarray:
    """Compute the probability of brain for every voxel of an axial volume.

    The volume is scaled to [0, 1], each slice padded to a square and resampled to the network's
    grid, and the probabilities are resampled back.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
        Axial slices: columns run to the patient's left, rows to posterior, slices to superior.
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    weights : Path, optional
        Weight file; the shipped default if not given.
    progress : callable
        Told the slices done.
    cancelled : callable
        Asked between batches.
    drop : ndarray, shape (K, J, I), optional
        Fall of the signal at the bolus peak, for weights that use it.

    Returns
    -------
    ndarray of float32, shape (K, J, I)
        In [0, 1].

    Raises
    ------
    WeightsError
        The weights are missing, damaged or do not fit.
    MissingPackageError
        What computes the network is not installed.
    Cancelled
        The user cancelled.
    """
    from DSCBrainSegLib.network.channels import input_channels
    from DSCBrainSegLib.network.weights import network_of
    from DSCBrainSegLib.preprocessing.grid import to_network_grid
    from DSCBrainSegLib.preprocessing.intensity import scale_intensity

    count = len(volume)
    progress(0, count, "Loading the network")
    engine = load_engine(weights)
    network = network_of(weights)
    slices, grid = to_network_grid(scale_intensity(volume), spacing, network.input_size)
    drop = None if drop is None else grid.forward(drop)
    inputs = input_channels(slices, network, spacing[0], drop)
    probabilities = np.empty(slices.shape, np.float32)
    for start in range(0, count, BATCH_SIZE):
        check_cancelled(cancelled)
        batch = inputs[start : start + BATCH_SIZE]
        probabilities[start : start + len(batch)] = engine.predict(batch)
        progress(start + len(batch), count, "Segmenting slices")
    return np.clip(grid.back(probabilities), 0.0, 1.0)


def prepare_network(weights: Path | None = None) -> Engine:
    """Load the network, so that segmenting starts at once.

    Parameters
    ----------
    weights : Path, optional
        Weight file; the shipped default if not given.

    Returns
    -------
    Engine
        As the environment chooses it (`engines.options`); kept: the next call returns at once.
    """
    return load_engine(weights)
