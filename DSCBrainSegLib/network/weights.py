"""Weight files: a Keras ``.weights.h5`` with a JSON model card of the same name beside it."""

from __future__ import annotations

import functools
import hashlib
import json
import warnings
from pathlib import Path

from DSCBrainSegLib.errors import WeightsError
from DSCBrainSegLib.network.config import NetworkConfig

SUFFIX = ".weights.h5"
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
    """Path of the model card that belongs to a weight file."""
    weights = Path(weights)
    if not weights.name.endswith(SUFFIX):
        raise WeightsError(f"{weights.name} is not a weight file; its name must end in {SUFFIX}.")
    return weights.with_name(weights.name.removesuffix(SUFFIX) + ".json")


def read_card(weights: Path) -> dict:
    """Read the model card of a weight file.

    Returns
    -------
    dict
        At least ``name``, ``network`` (see `NetworkConfig.to_dict`) and ``sha256``.

    Raises
    ------
    WeightsError
        The weights or the card are missing or the card cannot be read.
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
    """Name and SHA-256 of a weight file, for provenance: the file's own hash, checked.

    Raises
    ------
    WeightsError
        The file does not have the hash its card states: it was damaged or exchanged.
    """
    card = read_card(weights)
    digest = sha256(Path(weights))
    if digest != card["sha256"]:
        raise WeightsError(
            f"{weights} is damaged or does not belong to its model card (SHA-256 differs); "
            "fetch it again."
        )
    return {"name": card["name"], "sha256": digest}


def load_model(weights: Path | None = None):
    """Build the network of a weight file and load the weights; kept for the next call.

    Parameters
    ----------
    weights : Path, optional
        The shipped default if not given.

    Returns
    -------
    keras.Model
    """
    path = Path(weights) if weights else default_weights()
    describe(path)
    return _load(path.resolve(), path.stat().st_mtime_ns)


def network_of(weights: Path | None = None) -> NetworkConfig:
    """Architecture of a weight file; of the shipped default if none is given."""
    return NetworkConfig.from_dict(read_card(weights or default_weights())["network"])


def sha256(path: Path) -> str:
    """SHA-256 of a file as a hexadecimal string."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@functools.lru_cache(maxsize=8)
def _load(path: Path, _modified: int):
    from DSCBrainSegLib.network.backend import select_backend

    select_backend()
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
