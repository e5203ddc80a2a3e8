"""Train the network on a cohort by the protocol of Alkhimova & Diumin 2022."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.cases import cohort_cases
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.training.checkpoints import CheckpointFolder
from DSCBrainSegLib.training.cohort_slices import SliceSet, load_slices
from DSCBrainSegLib.training.config import TrainingConfig
from DSCBrainSegLib.training.epoch_record import BEST_NAME, EpochRecord

SETTINGS_NAME = "settings.json"

MAY_CHANGE = ("epochs", "workers")
"""Settings that may differ when a run goes on."""


@dataclass(frozen=True)
class TrainingResult:
    """What a training run came to.

    Parameters
    ----------
    weights : Path
        The weights with the lowest validation loss, ready for `segment`.
    best_epoch : int
        Counted from 1.
    history : list of dict
        One row for each epoch: losses, Dice, accuracy, learning rate, seconds.
    """

    weights: Path
    best_epoch: int
    history: list[dict]


def train_on_cohort(
    cohort: Cohort,
    output: Path,
    config: TrainingConfig,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> TrainingResult:
    """Train on the cohort's training part, choose the epoch on its validation part.

    The test part is not touched. A run that was killed goes on after its last whole epoch when
    started again with the same arguments.

    Parameters
    ----------
    cohort : Cohort
        Split, with ground truth.
    output : Path
        Gets checkpoints, the best weights with their model card, log, learning curve and
        ``tensorboard/``.
    config : TrainingConfig
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`; steps are epochs.

    Returns
    -------
    TrainingResult

    Raises
    ------
    SeriesError
        The cohort is not split, lacks ground truth, or a file of it cannot be read.
    ConfigurationError
        `output` holds a run with other settings or on another split.
    OutputError
        The disk is full; the last whole checkpoint is kept.
    Cancelled
        `cancelled` returned True; what is stored stays.
    """
    import keras

    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.training.batches import training_batches
    from DSCBrainSegLib.training.devices import data_parallel
    from DSCBrainSegLib.training.losses import brain_dice, cross_entropy_with_dice

    parts = {name: cohort_cases(cohort, name) for name in ("train", "validation")}
    checkpoints = CheckpointFolder(output)
    _check_settings(checkpoints, cohort, config)
    size = config.network.input_size
    train, validation = (load_slices(cases, size, progress, cancelled) for cases in parts.values())
    keras.utils.set_random_seed(config.seed)
    policy = "mixed_bfloat16" if config.mixed_precision else "float32"
    previous = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        scope, devices = data_parallel()
        with scope:
            model = build_model(config.network)
            optimizer = keras.optimizers.Adam(config.learning_rate, config.beta_1, config.beta_2)
            model.compile(
                optimizer,
                loss=cross_entropy_with_dice(config.dice_weight),
                metrics=[brain_dice, keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            )
            # Built first, so that a checkpoint's optimizer state has somewhere to go.
            optimizer.build(model.trainable_variables)
        record = EpochRecord(
            model, checkpoints, config, _card(cohort, config, train, validation, devices)
        )
        if record.epochs_done < config.epochs:
            _fit(model, record, training_batches, train, validation, config, progress, cancelled)
    finally:
        keras.config.set_dtype_policy(previous)
    return TrainingResult(
        checkpoints.folder / BEST_NAME, record.best_epoch, [dict(row) for row in record.history]
    )


def _fit(model, record, training_batches, train, validation, config, progress, cancelled):
    import keras

    def report(epoch, logs=None):
        progress(epoch + 1, config.epochs, record.last_line)

    def stop(batch, logs=None):
        check_cancelled(cancelled)

    callbacks = [
        *record.callbacks(),
        keras.callbacks.LambdaCallback(on_epoch_end=report, on_train_batch_end=stop),
    ]
    goes_on = f"Going on after epoch {record.epochs_done}" if record.epochs_done else "Training"
    progress(record.epochs_done, config.epochs, goes_on)
    model.fit(
        training_batches(train, config, record.epochs_done),
        epochs=config.epochs,
        initial_epoch=record.epochs_done,
        validation_data=(validation.images[..., None], validation.labels.astype("int32")),
        validation_batch_size=config.batch_size,
        shuffle=False,  # the batches are shuffled already
        callbacks=callbacks,
        verbose=0,
    )


def _check_settings(checkpoints: CheckpointFolder, cohort: Cohort, config: TrainingConfig) -> None:
    """Store what this run is, or make sure that the run that goes on is the same."""
    present = {"config": config.to_dict(), "split": cohort.split.to_dict()}
    present = json.loads(json.dumps(present))
    path = checkpoints.folder / SETTINGS_NAME
    if path.exists():
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            different = [
                name
                for name, value in present["config"].items()
                if stored["config"].get(name) != value and name not in MAY_CHANGE
            ]
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise ConfigurationError(
                f"{path} is damaged; choose another output folder or delete this one."
            ) from error
        if stored.get("split") != present["split"]:
            different.append("the cohort's split")
        if different:
            raise ConfigurationError(
                f"{checkpoints.folder} holds a run that differs in {', '.join(different)}; choose "
                "another output folder to start anew."
            )
    text = json.dumps(present, indent=1)
    checkpoints.write(SETTINGS_NAME, lambda partial: partial.write_text(text, encoding="utf-8"))


def _card(
    cohort: Cohort, config: TrainingConfig, train: SliceSet, validation: SliceSet, devices: int
) -> dict:
    """What the model card says besides the figures."""
    readers = sorted({subject.ground_truth.reader for subject in cohort.part("train")})
    return {
        "data": (
            f"{train.subjects} subjects ({len(train)} slices) for training and "
            f"{validation.subjects} ({len(validation)} slices) for choosing the epoch, of a cohort "
            f"split with seed {cohort.split.seed}; ground truth by {', '.join(readers)}."
        ),
        "recipe": {
            "command": "dscbrainseg train",
            "protocol": "Alkhimova & Diumin 2022, with the settings below",
            **config.to_dict(),
            "devices": devices,
        },
        "limits": [
            "For research; not a medical device. Look at every mask.",
            "Holds for scanners and patients like those of its cohort; nothing else was measured.",
        ],
        "licence": "Not stated by whoever trained it.",
    }
