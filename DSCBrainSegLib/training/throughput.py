"""Does augmentation keep up? ``python -m DSCBrainSegLib.training.throughput COHORT``.

Prints augmented slices per second with one and with all cores, and slices per second of the
training step, measured one after the other on the same machine.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from DSCBrainSegLib.training.batches import make_batch
from DSCBrainSegLib.training.cohort_slices import SliceSet
from DSCBrainSegLib.training.config import TrainingConfig


def augmentation_rate(
    slices: SliceSet, config: TrainingConfig, threads: int, batches: int = 40
) -> float:
    """Return augmented slices per second.

    Parameters
    ----------
    slices : SliceSet
    config : TrainingConfig
    threads : int
    batches : int
        How many to time.
    """
    chosen = [np.arange(config.batch_size) + number for number in range(batches)]
    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        list(pool.map(lambda index: make_batch(slices, index % len(slices), 0, config), chosen))
        return batches * config.batch_size / (time.perf_counter() - began)


def training_rate(slices: SliceSet, config: TrainingConfig, steps: int = 4) -> float:
    """Return slices per second of the training step, after one step that is not timed."""
    import keras

    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.training.losses import cross_entropy_with_dice

    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if config.mixed_precision else "float32")
    try:
        model = build_model(config.network)
    finally:
        keras.config.set_dtype_policy(previous)
    model.compile(keras.optimizers.Adam(config.learning_rate), cross_entropy_with_dice(0.0))
    images, labels = make_batch(slices, np.arange(config.batch_size) % len(slices), 0, config)
    model.train_on_batch(images, labels)
    began = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(images, labels)
    return steps * config.batch_size / (time.perf_counter() - began)


def main(folder: str) -> None:
    """Measure on the training part of a cohort and print a line for each figure."""
    from DSCBrainSegLib.cohort.cases import cohort_cases
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.network.backend import select_backend
    from DSCBrainSegLib.network.config import LEAN
    from DSCBrainSegLib.training.cohort_slices import load_slices

    select_backend()
    cases = cohort_cases(Cohort.open(folder), "train")[:4]
    config = TrainingConfig()
    slices = load_slices(cases, config.network.input_size)
    for threads in sorted({1, os.cpu_count() or 1}):
        rate = augmentation_rate(slices, config, threads)
        print(f"augmentation, {threads} thread(s): {rate:.0f} slices/s")
    for name, network in (("paper's network", config.network), ("lean network", LEAN)):
        for mixed in (False, True):
            rate = training_rate(slices, replace(config, network=network, mixed_precision=mixed))
            print(
                f"training step, {name}, {'bfloat16' if mixed else 'float32'}: {rate:.1f} slices/s"
            )


if __name__ == "__main__":
    main(sys.argv[1])
