"""Settings of training on a cohort: one typed file, the source paper's protocol by default."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.network.config import NetworkConfig


@dataclass(frozen=True)
class TrainingConfig:
    """The training protocol of Alkhimova & Diumin 2022.

    Where a comment in docs/training.md marks a value as this project's reading, the paper is
    silent.

    Parameters
    ----------
    network : NetworkConfig
    epochs : int
        Passes over the training slices.
    batch_size : int
        Slices per step.
    learning_rate, beta_1, beta_2 : float
        Of Adam.
    plateau_factor : float
        The learning rate is multiplied by it ...
    plateau_patience : int
        ... after so many epochs without a better validation loss.
    dice_weight : float
        Weight of a soft Dice term beside cross-entropy; the paper has none.
    flip_probability : float
        Of a left-right mirror image.
    rotation_degrees : float
        Angles are drawn uniformly from plus to minus this.
    rotation_order : int
        Spline order of the image's interpolation; labels take the nearest pixel.
    mixed_precision : bool
        Compute in bfloat16, keep weights in float32; halves the time where the machine can.
    seed : int
        Of the initial weights, the order of slices and the augmentation.
    workers : int
        Threads that augment; 0 for one for each processor core.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    epochs: int = 100
    batch_size: int = 16
    learning_rate: float = 5e-5
    beta_1: float = 0.9
    beta_2: float = 0.999
    plateau_factor: float = 0.1
    plateau_patience: int = 10
    dice_weight: float = 0.0
    flip_probability: float = 0.5
    rotation_degrees: float = 15.0
    rotation_order: int = 3
    mixed_precision: bool = False
    seed: int = 1
    workers: int = 0

    def __post_init__(self):
        for name in ("epochs", "batch_size", "plateau_patience"):
            self._require(name, int, 1, 10**6)
        self._require("learning_rate", float, 1e-12, 10.0)
        for name in ("beta_1", "beta_2", "plateau_factor", "flip_probability"):
            self._require(name, float, 0.0, 1.0)
        self._require("dice_weight", float, 0.0, 1e6)
        self._require("rotation_degrees", float, 0.0, 180.0)
        self._require("rotation_order", int, 0, 5)
        self._require("seed", int, 0, 2**31 - 1)
        self._require("workers", int, 0, 1024)
        if not isinstance(self.mixed_precision, bool):
            raise ConfigurationError(
                f"Training: mixed_precision must be true or false, got {self.mixed_precision!r}."
            )
        if self.network.input_channels > 1:
            raise ConfigurationError(
                "Training: a cohort is learnt one slice at a time; leave neighbours and "
                "bolus_channel out of the network's options, or train on simulated slices "
                "(dscbrainseg train-simulated)."
            )

    def to_dict(self) -> dict:
        """Return the settings as plain JSON types."""
        return {**asdict(self), "network": self.network.to_dict()}

    def to_toml(self) -> str:
        """Return the settings as a TOML file that `read` takes."""
        values = self.to_dict()
        network = values.pop("network")
        lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        lines += ["", "[network]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in network.items()]
        return "\n".join(lines) + "\n"

    @classmethod
    def from_dict(cls, values: dict) -> TrainingConfig:
        """Build from `to_dict`'s output or a part of it; an unknown name is an error.

        Raises
        ------
        ConfigurationError
            A name is unknown or a value cannot be used.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            known = ", ".join(field.name for field in fields(cls))
            raise ConfigurationError(
                f"Unknown training setting {', '.join(unknown)}; there are {known}."
            )
        network = values.get("network", {})
        if not isinstance(network, dict):
            raise ConfigurationError("Training: network must be a table of network options.")
        return cls(**{**values, "network": NetworkConfig.from_dict(network)})

    @classmethod
    def read(cls, path: str | Path) -> TrainingConfig:
        """Read a TOML file: settings at the top, the network's in the table ``[network]``.

        Raises
        ------
        ConfigurationError
            The file cannot be read, or holds what `from_dict` refuses.
        """
        values = read_toml(path)
        try:
            return cls.from_dict(values)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def _require(self, name: str, kind: type, low: float, high: float) -> None:
        value = getattr(self, name)
        allowed = (int,) if kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            what = "a whole number" if kind is int else "a number"
            raise ConfigurationError(
                f"Training: {name} must be {what} from {low:g} to {high:g}, got {value!r}."
            )
        object.__setattr__(self, name, kind(value))


def read_toml(path: str | Path) -> dict:
    """Read a TOML file.

    Raises
    ------
    ConfigurationError
        It cannot be read.
    """
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib

    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} is not a readable TOML file: {error}.") from error
