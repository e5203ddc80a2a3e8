"""The networks of `choices.py`: what each changes, where all start from, the training."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from choices_data import AS_SHIPPED, EACH_SLICE, FIXED_GRID, slice_pool

from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.weights import SUFFIX, network_of

BATCH_SIZE = 16
LEARNING_RATE, LEARNING_RATE_FROM_SCRATCH, FINAL_LEARNING_RATE = 5e-4, 1e-3, 1e-5
START = "start"


@dataclass(frozen=True)
class Training:
    """One network to train; the defaults are the base of the comparison.

    Parameters
    ----------
    network : dict
        What differs from the network of the start (`NetworkConfig`).
    preparation : str
        How slices are prepared, see `choices_data.prepared`.
    dice_weight : float
        Weight of the Dice term beside cross-entropy.
    from_scratch : bool
        Start from random weights.
    next_seed : bool
        Draw other batches of the same slices.
    """

    network: dict = field(default_factory=dict)
    preparation: str = AS_SHIPPED
    dice_weight: float = 1.0
    from_scratch: bool = False
    next_seed: bool = False


TRAININGS = {
    "base": Training(),
    "repeat": Training(next_seed=True),
    "three": Training(network={"neighbours": 1}),
    "drop": Training(network={"bolus_channel": True}),
    "fixed-grid": Training(preparation=FIXED_GRID),
    "cross-entropy": Training(dice_weight=0.0),
    "each-slice": Training(preparation=EACH_SLICE),
    "standard": Training(network={"scse": "standard"}, from_scratch=True),
    "post": Training(network={"scse": "post"}, from_scratch=True),
}


def write_weights(model, network: NetworkConfig, target: Path) -> None:
    """Write a weight file that the library loads; without the optimizer, in float32."""
    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.training.export import write_weight_file

    plain = build_model(network)
    plain.set_weights(model.get_weights())
    write_weight_file(plain, network, target, {"data": "Benchmark of design choices, not for use."})


def write_start(weights: Path, network: NetworkConfig, target: Path) -> None:
    """Write the weights of `network` (one slice) that compute what `weights` do for one slice."""
    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.network.weights import load_model

    slices_seen = 1 + 2 * network_of(weights).neighbours
    model = build_model(network)
    for old, new in zip(load_model(weights).weights, model.weights, strict=True):
        values = np.asarray(old)
        if values.shape != new.shape:
            values = values[:, :, :slices_seen].sum(axis=2, keepdims=True)
        new.assign(values)
    write_weights(model, network, target)


def train(name: str, folder: Path, parts: list[Path], steps: int, seed: int) -> None:
    """Train one network and write its weight file, if it is not there yet."""
    import keras

    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.training.losses import cross_entropy_with_dice
    from DSCBrainSegLib.training.simulated import start_from

    start, target = (folder / f"{which}{SUFFIX}" for which in (START, name))
    if target.exists():
        return
    training = TRAININGS[name]
    network = replace(network_of(start), **training.network)
    pool = slice_pool(parts, training.preparation, network)
    seed += training.next_seed
    keras.utils.set_random_seed(seed)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_model(network)
        if not training.from_scratch:
            start_from(model, network, start)
    finally:
        keras.config.set_dtype_policy(policy)
    rate = LEARNING_RATE_FROM_SCRATCH if training.from_scratch else LEARNING_RATE
    falling = keras.optimizers.schedules.CosineDecay(rate, steps, FINAL_LEARNING_RATE / rate)
    model.compile(keras.optimizers.Adam(falling), cross_entropy_with_dice(training.dice_weight))
    losses = []
    for step in range(steps):
        # Drawn anew in each step: networks with other channels then see the same slices.
        batch = pool.draw(np.random.default_rng([seed, step]), BATCH_SIZE)
        losses.append(float(model.train_on_batch(*batch)))
        if (step + 1) % 50 == 0 or step + 1 == steps:
            print(f"{name}: step {step + 1}, loss {np.mean(losses[-50:]):.4f}", file=sys.stderr)
    write_weights(model, network, target)
