"""Batches of slices for Keras, shuffled and augmented in threads while the network computes."""

from __future__ import annotations

import math
import os

import numpy as np

from DSCBrainSegLib.training.augmentation import augment
from DSCBrainSegLib.training.cohort_slices import SliceSet
from DSCBrainSegLib.training.config import TrainingConfig


def training_batches(slices: SliceSet, config: TrainingConfig, first_epoch: int = 0):
    """Make a `keras.utils.PyDataset` of augmented batches.

    Order and augmentation depend on seed and epoch alone: neither the number of threads nor an
    interruption changes them. scipy releases the interpreter while it rotates, so threads use all
    cores.

    Parameters
    ----------
    slices : SliceSet
    config : TrainingConfig
    first_epoch : int
        Epoch, from 0, that is drawn first.

    Returns
    -------
    keras.utils.PyDataset
        Batches of images (B, R, C, 1) float32 and labels (B, R, C) int32. The last batch of an
        epoch may be smaller.
    """
    import keras

    class TrainingBatches(keras.utils.PyDataset):
        def __init__(self):
            workers = config.workers or os.cpu_count() or 1
            super().__init__(workers=workers, use_multiprocessing=False, max_queue_size=4 * workers)
            self.epoch = first_epoch
            self._shuffle()

        def _shuffle(self):
            self._order = np.random.default_rng([config.seed, self.epoch]).permutation(len(slices))

        def __len__(self):
            return math.ceil(len(slices) / config.batch_size)

        def __getitem__(self, index):
            chosen = self._order[index * config.batch_size : (index + 1) * config.batch_size]
            return make_batch(slices, chosen, self.epoch, config)

        def on_epoch_end(self):
            self.epoch += 1
            self._shuffle()

    return TrainingBatches()


def make_batch(
    slices: SliceSet, chosen: np.ndarray, epoch: int, config: TrainingConfig
) -> tuple[np.ndarray, np.ndarray]:
    """Augment the chosen slices.

    Parameters
    ----------
    slices : SliceSet
    chosen : ndarray of int, shape (B,)
    epoch : int
    config : TrainingConfig

    Returns
    -------
    images : ndarray of float32, shape (B, R, C, 1)
    labels : ndarray of int32, shape (B, R, C)
    """
    images = np.empty((len(chosen), *slices.images.shape[1:], 1), np.float32)
    labels = np.empty((len(chosen), *slices.labels.shape[1:]), np.int32)
    for place, index in enumerate(chosen):
        rng = np.random.default_rng([config.seed, epoch, int(index)])
        images[place, ..., 0], labels[place] = augment(
            slices.images[index], slices.labels[index], rng, config
        )
    return images, labels
