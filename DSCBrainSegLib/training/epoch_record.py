"""What is kept after every epoch, so that a killed run loses at most one."""

from __future__ import annotations

import csv
import math
import time
from datetime import date
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.training.checkpoints import CheckpointFolder
from DSCBrainSegLib.training.config import TrainingConfig

BEST_NAME = "best.weights.h5"
LOG_NAME = "log.csv"
CURVE_NAME = "learning-curve.png"


class EpochRecord:
    """History, learning-rate schedule, checkpoint and best weights of a run.

    Parameters
    ----------
    model : keras.Model
        Compiled; the last checkpoint is loaded into it.
    checkpoints : CheckpointFolder
    config : TrainingConfig
    card : dict
        Model card of the weights, without figures.
    """

    def __init__(self, model, checkpoints: CheckpointFolder, config: TrainingConfig, card: dict):
        self._model, self._checkpoints, self._config, self._card = model, checkpoints, config, card
        state = checkpoints.restore(model) or {}
        self.history: list[dict] = state.get("history", [])
        self.best_loss: float = state.get("best_loss", float("inf"))
        self.best_epoch: int = state.get("best_epoch", 0)
        self._waited: int = state.get("epochs_without_gain", 0)
        self._began = time.perf_counter()

    @property
    def epochs_done(self) -> int:
        """Whole epochs so far, those before an interruption included."""
        return len(self.history)

    @property
    def last_line(self) -> str:
        """The last epoch in words."""
        row = self.history[-1]
        return (
            f"epoch {row['epoch']}: loss {row['loss']:.4f}, validation loss "
            f"{row['val_loss']:.4f}, Dice {row['val_brain_dice']:.4f}, {row['seconds']:.0f} s"
        )

    def callbacks(self) -> list:
        """Callbacks for `keras.Model.fit`, in their order."""
        import keras

        record = self

        class Keep(keras.callbacks.Callback):
            def on_epoch_begin(self, epoch, logs=None):
                record._began = time.perf_counter()

            def on_epoch_end(self, epoch, logs=None):
                record.end_epoch(logs)

        return [Keep(), *self._tensorboard()]

    def end_epoch(self, logs: dict) -> None:
        """Store an epoch: best weights first, then the checkpoint that makes it count.

        Parameters
        ----------
        logs : dict
            Keras' figures of the epoch.
        """
        import keras

        if not math.isfinite(logs["loss"]):
            raise ConfigurationError(
                f"The loss is no longer a number after epoch {self.epochs_done + 1}; choose a "
                "smaller learning_rate, or mixed_precision = false, in a new output folder."
            )
        optimizer = self._model.optimizer
        row = {
            "epoch": self.epochs_done + 1,
            **{name: float(value) for name, value in logs.items()},
            # A mirrored variable has a value on every device.
            "learning_rate": float(keras.ops.convert_to_numpy(optimizer.learning_rate)),
            "seconds": round(time.perf_counter() - self._began, 2),
        }
        self.history.append(row)
        if row["val_loss"] < self.best_loss:
            self.best_loss, self.best_epoch, self._waited = row["val_loss"], row["epoch"], 0
            self._write_best(row)
        else:
            self._waited += 1
        if self._waited >= self._config.plateau_patience:
            optimizer.learning_rate.assign(row["learning_rate"] * self._config.plateau_factor)
            self._waited = 0
        self._checkpoints.store(
            self._model,
            {
                "history": self.history,
                "best_loss": self.best_loss,
                "best_epoch": self.best_epoch,
                "epochs_without_gain": self._waited,
            },
        )
        self._checkpoints.write(LOG_NAME, self._write_log)
        self._checkpoints.write(CURVE_NAME, self._draw_curve)

    def _write_best(self, row: dict) -> None:
        from DSCBrainSegLib.network.model import build_model
        from DSCBrainSegLib.training.export import write_weight_file

        # A fresh model has no optimizer, whose state would treble the file.
        bare = build_model(self._config.network)
        bare.set_weights(self._model.get_weights())
        figures = {
            "date": date.today().isoformat(),
            "epoch": row["epoch"],
            "of epochs": self._config.epochs,
            "validation loss": row["val_loss"],
            "validation Dice, pixels of all slices pooled by batch": row["val_brain_dice"],
        }
        self._checkpoints.reserve(bare)
        target = self._checkpoints.folder / BEST_NAME
        try:
            write_weight_file(
                bare, self._config.network, target, {**self._card, "figures": figures}
            )
        except OSError as error:
            raise self._checkpoints.failed(error) from error

    def _write_log(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, self.history[0])
            writer.writeheader()
            writer.writerows(self.history)

    def _draw_curve(self, path: Path) -> None:
        from DSCBrainSegLib.training.curve import draw_learning_curve

        path.write_bytes(draw_learning_curve(self.history, self.best_epoch))

    def _tensorboard(self) -> list:
        import importlib.util

        if not all(importlib.util.find_spec(name) for name in ("tensorflow", "tensorboard")):
            return []
        import keras

        folder = self._checkpoints.folder / "tensorboard"
        return [keras.callbacks.TensorBoard(folder, write_graph=False)]
