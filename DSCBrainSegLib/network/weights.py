"""Weight files: a Keras ``.weights.h5``, the ``.onnx`` made of it, and a JSON model card.

All three lie in one folder and have one name; the card holds the SHA-256 of the other two.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from pathlib import Path

from DSCBrainSegLib.errors import WeightsError
from DSCBrainSegLib.network.config import NetworkConfig

SUFFIX = ".weights.h5"
ONNX_SUFFIX = ".onnx"
ONNX_HASH = "onnx_sha256"
"""Key of the card, there once the ``.onnx`` is made."""

DEFAULT_NAME = "dsc-brain"


def weights_folder() -> Path:
    """Folder of the shipped weights: in the installed package, or in a source checkout."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "Resources" / "weights", package.parent / "Resources" / "weights"):
        if folder.is_dir():
            return folder
    raise WeightsError(
        "The shipped network weights (Resources/weights) are missing; reinstall DSCBrainSegLib or "
        "give a weight file with --weights."
    )


def default_weights() -> Path:
    """Path of the weights used when none are named."""
    return weights_folder() / f"{DEFAULT_NAME}{SUFFIX}"


def card_path(weights: Path) -> Path:
    """Path of the model card that belongs to a ``.weights.h5`` or ``.onnx`` file."""
    return _beside(weights, ".json")


def keras_path(weights: Path) -> Path:
    """Path of the ``.weights.h5`` of that name."""
    return _beside(weights, SUFFIX)


def onnx_path(weights: Path) -> Path:
    """Path of the ``.onnx`` of that name."""
    return _beside(weights, ONNX_SUFFIX)


def read_card(weights: Path) -> dict:
    """Read the model card of a weight file.

    Returns
    -------
    dict
        At least ``name``, ``network`` (see `NetworkConfig.to_dict`) and ``sha256``.

    Raises
    ------
    WeightsError
        The file or its card is missing, or the card cannot be read.
    """
    weights = Path(weights)
    card = card_path(weights)
    for path in (weights, card):
        if not path.is_file():
            raise WeightsError(f"{path} does not exist; give a weight file with its model card.")
    try:
        values = json.loads(card.read_text(encoding="utf-8"))
        values["name"], values["network"], values["sha256"]
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        raise WeightsError(f"The model card {card} cannot be read: {error}.") from error
    return values


def describe(weights: Path) -> dict:
    """Name and SHA-256 of the weights, for provenance; the hash of the file named is checked.

    Parameters
    ----------
    weights : Path
        ``.weights.h5`` or ``.onnx``.

    Returns
    -------
    dict
        ``name`` and ``sha256``, which is the ``.weights.h5`` file's whichever was named.

    Raises
    ------
    WeightsError
        The file does not have the hash its card states: it was damaged or exchanged.
    """
    weights = Path(weights)
    card = read_card(weights)
    if weights.name.endswith(ONNX_SUFFIX):
        if ONNX_HASH not in card:
            raise WeightsError(
                f"{weights} is not named in its model card; remove it to have it made again."
            )
        stated = card[ONNX_HASH]
    else:
        stated = card["sha256"]
    if sha256(weights) != stated:
        raise WeightsError(
            f"{weights} is damaged or does not belong to its model card (SHA-256 differs); "
            "fetch it again."
        )
    return {"name": card["name"], "sha256": card["sha256"]}


def load_model(weights: Path | None = None):
    """Build the network of a weight file in Keras and load the weights.

    Parameters
    ----------
    weights : Path, optional
        ``.weights.h5``; the shipped default if not given.

    Returns
    -------
    keras.Model
        A new one at every call.
    """
    path = Path(weights) if weights else default_weights()
    describe(path)
    from DSCBrainSegLib.network.backend import start_keras

    start_keras()
    from DSCBrainSegLib.network.model import build_model

    model = build_model(network_of(path))
    try:
        # Keras warns of every layer it cannot find before it raises the error that says it all.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise WeightsError(f"{path} does not fit the network its model card names.") from error
    model.trainable = False
    return model


def network_of(weights: Path | None = None) -> NetworkConfig:
    """Architecture of a weight file; of the shipped default if none is given."""
    return NetworkConfig.from_dict(read_card(weights or default_weights())["network"])


def write_card(card: Path, values: dict) -> None:
    """Write a model card; one that exists is replaced in one step."""
    partial = card.with_name(f"partial.{card.name}")
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, card)


def sha256(path: Path) -> str:
    """SHA-256 of a file as a hexadecimal string."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _beside(weights: Path, suffix: str) -> Path:
    weights = Path(weights)
    for known in (SUFFIX, ONNX_SUFFIX):
        if weights.name.endswith(known):
            return weights.with_name(weights.name.removesuffix(known) + suffix)
    raise WeightsError(
        f"{weights.name} is not a weight file; its name must end in {SUFFIX} or {ONNX_SUFFIX}."
    )
