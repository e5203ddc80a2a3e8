"""The methods of an evaluation: registered ones, tools of others, networks with other weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.methods import SegmentationMethod, get_method, list_methods
from DSCBrainSegLib.methods.network import NETWORK

_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,30})=(?P<path>.+)")


@dataclass(frozen=True)
class NetworkWeights:
    """Weights to evaluate the network with.

    Parameters
    ----------
    path : Path
        Weight file with its model card beside it.
    name : str
        Makes the method ``network:NAME``; empty to take the place of the shipped weights in the
        method ``network``.
    """

    path: Path
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> NetworkWeights:
        """Read ``FILE`` or ``NAME=FILE``; a file whose own path looks like that is a file."""
        named = None if Path(text).is_file() else _NAMED.fullmatch(text)
        return cls(Path(named["path"]), named["name"]) if named else cls(Path(text))

    @property
    def method(self) -> str:
        """Name of the method that uses them."""
        return f"{NETWORK}:{self.name}" if self.name else NETWORK


def find_methods(
    names: Sequence[str], weights: Sequence[NetworkWeights] = ()
) -> list[SegmentationMethod]:
    """Return the methods of those names, each once, and one for each weight file.

    Parameters
    ----------
    names : sequence of str
        Registered methods, external tools, and methods of `weights`, in the order of the tables.
    weights : sequence of NetworkWeights
        Their methods come last where `names` does not place them.

    Raises
    ------
    ConfigurationError
        No name is given, there is no such method (the message lists those there are), or two
        weight files make the same method.
    """
    from DSCBrainSegLib.methods.external.tools import EXTERNAL_TOOLS

    known = {method.name: method for method in [*EXTERNAL_TOOLS, *list_methods()]}
    own = [each.method for each in weights]
    if twice := [name for name in own if own.count(name) > 1]:
        raise ConfigurationError(
            f"Two weight files make the method {twice[0]}; name them: --weights NAME=FILE."
        )
    for each in weights:
        network = get_method(NETWORK).with_weights(each.path)
        known[each.method] = replace(network, name=each.method)
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        problem = f"There is no method {unknown[0]!r}" if unknown else "No method is given"
        raise ConfigurationError(f"{problem}; choose from {', '.join(sorted(known))}.")
    return [known[name] for name in dict.fromkeys([*names, *own])]


def describe_weights(methods: Sequence[SegmentationMethod]) -> dict[str, dict]:
    """Return name and SHA-256 of the weights by method, for those that use any.

    Raises
    ------
    WeightsError
        A weight file is missing or damaged.
    """
    facts = {method.name: method.facts for method in methods}
    return {name: each for name, each in facts.items() if each is not None}
