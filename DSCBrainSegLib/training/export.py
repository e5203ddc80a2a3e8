"""Turn training checkpoints into a weight file with its model card."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError, OutputError
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.weights import card_path, sha256

REQUIRED = ("data", "recipe", "figures", "limits", "licence")
"""What a model card has to say."""


def export_weights(
    checkpoints: Sequence[Path],
    network: NetworkConfig,
    target: Path,
    card: dict,
    overwrite: bool = False,
) -> None:
    """Write the weights of a checkpoint, or the mean of several, and the model card beside them.

    A mean of weights is of use if one training went on from the other.

    Parameters
    ----------
    checkpoints : sequence of Path
        ``.weights.h5`` of training runs, with or without optimizer state.
    network : NetworkConfig
        Their architecture.
    target : Path
        Weight file to write, ending in ``.weights.h5``.
    card : dict
        Sections `REQUIRED` of the model card; name, network and SHA-256 are added.
    overwrite : bool
        Replace an existing weight file.

    Raises
    ------
    ConfigurationError
        The card lacks a section.
    OutputError
        The target exists.
    """
    from DSCBrainSegLib.network.backend import select_backend

    select_backend()
    from DSCBrainSegLib.network.model import build_model

    missing = [section for section in REQUIRED if not card.get(section)]
    if missing:
        raise ConfigurationError(f"The model card lacks: {', '.join(missing)}.")
    target = Path(target)
    if target.exists() and not overwrite:
        raise OutputError(f"{target} exists already; choose another name or allow overwriting.")
    model = build_model(network)
    loaded = []
    for checkpoint in checkpoints:
        model.load_weights(checkpoint)
        loaded.append(model.get_weights())
    model.set_weights([sum(each) / len(loaded) for each in zip(*loaded, strict=True)])
    write_weight_file(model, network, target, card)


def write_weight_file(model, network: NetworkConfig, target: Path, card: dict) -> None:
    """Write a model's weights and its card, replacing earlier ones.

    Parameters
    ----------
    model : keras.Model
        Not compiled, or the optimizer's state is written, too.
    network : NetworkConfig
    target : Path
        Ends in ``.weights.h5``.
    card : dict
        Sections `REQUIRED` of the model card.

    Raises
    ------
    OSError
        The files cannot be written. A kill between the two leaves a card that does not fit, which
        is told when the weights are loaded.
    """
    partial = target.with_name("partial." + target.name)
    model.save_weights(partial)
    values = {
        "name": target.name.split(".")[0],
        "network": network.to_dict(),
        "parameters": model.count_params(),
        "sha256": sha256(partial),
        **card,
    }
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    card_path(target).write_text(text, encoding="utf-8")
    os.replace(partial, target)
