"""Which settings a grid search tries."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, fields, replace
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.training.config import TrainingConfig, read_toml

DEFAULT_AXES = {
    "network.scse": ("standard", "post"),
    "network.widths": ((32, 64, 128, 256), (64, 128, 256, 512)),
    "learning_rate": (5e-5, 5e-4),
}
"""A small grid of eight: the placement that the authors' later paper prefers, half the width,
a faster rate."""


@dataclass(frozen=True)
class SearchSpace:
    """Axes of a grid over `TrainingConfig`.

    Parameters
    ----------
    base : TrainingConfig
        Everything that is not on an axis.
    axes : dict of str to tuple
        Values by setting; settings of the network are called ``network.NAME``.
    """

    base: TrainingConfig
    axes: dict[str, tuple]

    def __post_init__(self):
        known = {field.name for field in fields(TrainingConfig)} - {"network"}
        known |= {f"network.{field.name}" for field in fields(NetworkConfig)}
        for name, values in self.axes.items():
            if name not in known:
                raise ConfigurationError(
                    f"There is no setting {name!r} to search over; choose from "
                    f"{', '.join(sorted(known))}."
                )
            if not isinstance(values, tuple) or not values:
                raise ConfigurationError(f"The search over {name} needs a list of values.")
        for name, values in self.axes.items():
            for value in values:
                self._check(name, value)

    @classmethod
    def read(cls, path: str | Path) -> SearchSpace:
        """Read a TOML file: a table ``[base]`` like a training file, and one ``[axes]`` of lists.

        Raises
        ------
        ConfigurationError
            The file cannot be read, or names what does not exist.
        """
        values = read_toml(path)
        unknown = sorted(set(values) - {"base", "axes"})
        if unknown:
            raise ConfigurationError(
                f"{path}: unknown table {', '.join(unknown)}; a search has [base] and [axes]."
            )
        axes = values.get("axes", {})
        network = axes.pop("network", {})
        axes = {**axes, **{f"network.{name}": choices for name, choices in network.items()}}
        lists = {
            name: tuple(map(_frozen, choices)) if isinstance(choices, list) else choices
            for name, choices in axes.items()
        }
        try:
            return cls(TrainingConfig.from_dict(values.get("base", {})), lists or DEFAULT_AXES)
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def config(self, values: dict) -> TrainingConfig:
        """Return the settings of one point.

        Parameters
        ----------
        values : dict
            A value for each axis.

        Raises
        ------
        ConfigurationError
            The values do not go together (a grid that cannot be halved often enough).
        """
        network = {
            name.removeprefix("network."): value
            for name, value in values.items()
            if name.startswith("network.")
        }
        others = {name: value for name, value in values.items() if not name.startswith("network.")}
        return replace(self.base, network=replace(self.base.network, **network), **others)

    def points(self) -> list[dict]:
        """Every combination, the last axis fastest."""
        return [
            dict(zip(self.axes, values, strict=True))
            for values in itertools.product(*self.axes.values())
        ]

    def _check(self, name: str, value) -> None:
        """Raise `ConfigurationError` if no point with this value can be built."""
        problem = None
        for point in self.points():
            if point[name] != value:
                continue
            try:
                self.config(point)
                return
            except ConfigurationError as error:
                problem = problem or error
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"{name} cannot be {value!r}.") from error
        raise problem


def _frozen(value):
    return tuple(value) if isinstance(value, list) else value
