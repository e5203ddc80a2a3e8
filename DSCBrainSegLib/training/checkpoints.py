"""State of a training run on disk: two checkpoints in turn, of which one is always whole."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

from DSCBrainSegLib.errors import OutputError, SeriesError

STATE_NAME = "state.json"

_BYTES_PER_VALUE = 4
_OVERHEAD_BYTES = 2**19
_BLOCK_BYTES = 2**22


class CheckpointFolder:
    """Keeps weights, optimizer state and a few numbers of a run that may be killed at any moment.

    A new checkpoint is written beside the old one; renaming the state file switches over. What a
    kill or a full disk leaves behind is the checkpoint of before.

    Parameters
    ----------
    folder : Path
        Made if it does not exist.

    Raises
    ------
    OutputError
        The folder cannot be made.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.failed(error) from error

    def restore(self, model) -> dict | None:
        """Load the last checkpoint into a compiled model.

        The optimizer must be built, or its state has nowhere to go.

        Returns
        -------
        dict or None
            What was stored beside it; None if there is no checkpoint.

        Raises
        ------
        SeriesError
            The checkpoint is damaged or of another network.
        """
        path = self.folder / STATE_NAME
        if not path.exists():
            return None
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            model.load_weights(self.folder / state.pop("checkpoint"))
        except (OSError, ValueError, KeyError) as error:
            raise SeriesError(
                f"The training state in {self.folder} is damaged or of another network; choose "
                "another output folder or delete it."
            ) from error
        return state

    def store(self, model, state: dict) -> Path:
        """Write a checkpoint and the numbers beside it; returns the checkpoint.

        Parameters
        ----------
        model : keras.Model
        state : dict
            Plain JSON types.

        Raises
        ------
        OutputError
            It cannot be written; the last one is whole.
        """
        path = self.folder / STATE_NAME
        last = json.loads(path.read_text(encoding="utf-8"))["checkpoint"] if path.exists() else ""
        name = "checkpoint-1" if last.startswith("checkpoint-0") else "checkpoint-0"
        name += ".weights.h5"
        self.reserve(model)
        self.write(name, model.save_weights)
        text = json.dumps({**state, "checkpoint": name}, indent=1)
        self.write(STATE_NAME, lambda partial: partial.write_text(text, encoding="utf-8"))
        return self.folder / name

    def reserve(self, model) -> None:
        """Make sure that a model's weights and optimizer state find room.

        HDF5 ends the process with a segmentation fault when a disk fills up under it, so as much is
        written and removed again beforehand.

        Raises
        ------
        OutputError
            There is no room.
        """
        optimizer = getattr(model, "optimizer", None)
        variables = [*model.variables, *(optimizer.variables if optimizer else ())]
        size = _OVERHEAD_BYTES + sum(_BYTES_PER_VALUE * math.prod(v.shape) for v in variables)
        trial = self.folder / "partial.room"
        try:
            with trial.open("wb") as file:
                for start in range(0, size, _BLOCK_BYTES):
                    file.write(bytes(min(_BLOCK_BYTES, size - start)))
        except OSError as error:
            raise self.failed(error) from error
        finally:
            trial.unlink(missing_ok=True)

    def write(self, name: str, save: Callable[[Path], object]) -> Path:
        """Let `save` write a file under another name and rename it once it is whole.

        Raises
        ------
        OutputError
            It cannot be written; an earlier file of the name is as it was.
        """
        partial = self.folder / f"partial.{name}"
        try:
            save(partial)
            os.replace(partial, self.folder / name)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise self.failed(error) from error
        return self.folder / name

    def failed(self, error: OSError) -> OutputError:
        """Return the error to raise when something cannot be written."""
        reason = error.strerror or str(error)
        return OutputError(
            f"Cannot write to {self.folder}: {reason}; make room there and start the same command "
            "again, it goes on from the last whole checkpoint."
        )
