"""Train the network on simulated slices within a time budget."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import monotonic

import numpy as np

from DSCBrainSegLib.network.config import DEFAULT, NetworkConfig
from DSCBrainSegLib.training.checkpoints import CheckpointFolder

AVERAGE_NAME = "average.weights.h5"


@dataclass
class SimulatedTraining:
    """Settings of a training run on simulated slices.

    Parameters
    ----------
    network : NetworkConfig
    minutes : float
        Time budget; the learning rate falls as a cosine over it.
    batch_size : int
    learning_rate, final_learning_rate : float
        Of Adam at the start and the end.
    dice_weight : float
        Weight of the soft Dice term beside cross-entropy.
    steps_per_round : int
        Steps between two validations and checkpoints.
    validation_slices : int
        Simulated slices of the held-out heads.
    reuse : float
        How often a simulated slice is used on average.
    averaging : float
        Decay of the exponential moving average of the weights per step; the average is what is
        exported.
    mixed_precision : bool
        Compute in bfloat16, keep weights in float32. Slow on processors without such arithmetic.
    seed : int
    """

    network: NetworkConfig = field(default_factory=lambda: DEFAULT)
    minutes: float = 60.0
    batch_size: int = 16
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    dice_weight: float = 1.0
    steps_per_round: int = 100
    validation_slices: int = 320
    reuse: float = 4.0
    averaging: float = 0.998
    mixed_precision: bool = False
    seed: int = 1


def train_on_simulation(
    label_maps: list[Path],
    validation_maps: list[Path],
    output: Path,
    settings: SimulatedTraining,
    log=print,
    initial_weights: Path | None = None,
) -> Path:
    """Train within the time budget and keep the last state after every round.

    A run that was killed goes on from its last round when started again with the same `output`.

    Parameters
    ----------
    label_maps, validation_maps : list of Path
        Whole-head label maps for training and for validation; no head in both.
    output : Path
        Folder for checkpoints, ``log.csv`` and ``settings.json``.
    settings : SimulatedTraining
    log : callable
        Called with one line of text per round.
    initial_weights : Path, optional
        Start from these weights instead of random ones (`start_from`).

    Returns
    -------
    Path
        The averaged weights (`AVERAGE_NAME`); `training.export` makes a weight file of it.
    """
    import keras

    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.training.losses import brain_dice, cross_entropy_with_dice
    from DSCBrainSegLib.training.slice_pool import SlicePool

    output = Path(output)
    checkpoints = CheckpointFolder(output)
    described = {**asdict(settings), "network": settings.network.to_dict()}
    text = json.dumps(described, indent=1)
    checkpoints.write("settings.json", lambda path: path.write_text(text, encoding="utf-8"))
    keras.utils.set_random_seed(settings.seed)
    keras.mixed_precision.set_global_policy(
        "mixed_bfloat16" if settings.mixed_precision else "float32"
    )
    model = build_model(settings.network)
    optimizer = keras.optimizers.Adam(settings.learning_rate)
    compiled = {"loss": cross_entropy_with_dice(settings.dice_weight), "metrics": [brain_dice]}
    model.compile(optimizer, **compiled, jit_compile=keras.backend.backend() != "torch")
    # Built first, so that a checkpoint's optimizer state has somewhere to go.
    optimizer.build(model.trainable_variables)
    if initial_weights:
        start_from(model, settings.network, initial_weights)
    state = checkpoints.restore(model) or {"round": 0, "steps": 0, "seconds": 0.0}
    average = build_model(settings.network)
    average.compile(**compiled)
    average.set_weights(model.get_weights())
    if (output / AVERAGE_NAME).exists():
        average.load_weights(output / AVERAGE_NAME)
    cache = output / "heads"
    validation = _validation_set(validation_maps, cache, settings)
    pool = SlicePool(
        label_maps,
        cache,
        output / "pool",
        settings.network,
        reuse=settings.reuse,
        seed=settings.seed + state["round"],
    )
    pool.start()
    rng = np.random.default_rng([settings.seed, state["round"]])
    try:
        while state["seconds"] < settings.minutes * 60:
            began = monotonic()
            rate = _cosine(state["seconds"] / (settings.minutes * 60), settings)
            optimizer.learning_rate.assign(rate)
            losses, mean = [], average.get_weights()
            for step in range(settings.steps_per_round):
                done = state["steps"] + step
                images, labels = pool.draw(rng, settings.batch_size)
                losses.append(model.train_on_batch(images, labels)[0])
                decay = min(settings.averaging, (1 + done) / (10 + done))
                for kept, new in zip(mean, model.get_weights(), strict=True):
                    kept += (1 - decay) * (new - kept)
            average.set_weights(mean)
            state["seconds"] += monotonic() - began
            state["round"] += 1
            state["steps"] += settings.steps_per_round
            loss, dice = average.evaluate(*validation, batch_size=32, verbose=0)
            row = {
                **state,
                "learning_rate": rate,
                "loss": float(np.mean(losses)),
                "validation_loss": float(loss),
                "validation_dice": float(dice),
                "slices_simulated": pool.written,
            }
            _write_log(output / "log.csv", row)
            checkpoints.store(model, state)
            checkpoints.write(AVERAGE_NAME, average.save_weights)
            log(" ".join(f"{key} {value:.5g}" for key, value in row.items()))
    finally:
        pool.stop()
    return output / AVERAGE_NAME


def start_from(model, network: NetworkConfig, weights: Path) -> None:
    """Load weights of a network that may have fewer input channels.

    New channels start with weights of 0: at first the network computes what it computed before.
    The narrower network has the same neighbours and bolus channel without the context, or sees one
    slice alone.

    Parameters
    ----------
    model : keras.Model
        Of `network`.
    network : NetworkConfig
    weights : Path
        Checkpoint of the same architecture, with the same channels or with one slice alone.
    """
    from DSCBrainSegLib.network.model import build_model

    try:
        model.load_weights(weights)
        return
    except ValueError:
        if network.input_channels == 1:
            raise
    # Places of the narrow network's channels among the wide one's.
    near = list(range(1 + 2 * network.neighbours))
    without_context = near + [network.input_channels - 1] * network.bolus_channel
    alone = [network.neighbours]
    try:
        narrow = build_model(replace(network, context_mm=()))
        narrow.load_weights(weights)
        places = without_context
    except ValueError:
        narrow = build_model(replace(network, neighbours=0, context_mm=(), bolus_channel=False))
        narrow.load_weights(weights)
        places = alone
    for old, new in zip(narrow.weights, model.weights, strict=True):
        values = np.asarray(old)
        if values.shape != new.shape:
            wide = np.zeros(new.shape, np.float32)
            wide[:, :, places] = values
            values = wide
        new.assign(values)


def _cosine(fraction: float, settings: SimulatedTraining) -> float:
    fall = (1 + math.cos(math.pi * min(fraction, 1.0))) / 2
    span = settings.learning_rate - settings.final_learning_rate
    return settings.final_learning_rate + span * fall


def _validation_set(paths, cache, settings):
    """Slices of the held-out heads; the fall of the signal is known in every second run."""
    from DSCBrainSegLib.network.channels import input_channels
    from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
    from DSCBrainSegLib.training.slice_pool import SLICES_PER_CASE, simulate_run

    network = settings.network
    rng = np.random.default_rng([settings.seed, 1_000_003])
    heads = [load_head_maps(path, cache) for path in paths]
    images, masks = [], []
    for index in range(math.ceil(settings.validation_slices / SLICES_PER_CASE)):
        peak = network.bolus_channel and index % 2 == 0
        maps = heads[index % len(heads)]
        image, mask, drop, spacing = simulate_run(rng, maps, network.input_size, peak)
        images.append(input_channels(image, network, spacing, drop))
        masks.append(mask)
    return np.concatenate(images), np.concatenate(masks).astype(np.int32)


def _write_log(path: Path, row: dict) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if new:
            writer.writeheader()
        writer.writerow(row)
