"""Turn training checkpoints into a weight file with its model card."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError, OutputError
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.inference_form import is_kernel
from DSCBrainSegLib.network.weights import ONNX_HASH, card_path, onnx_path, sha256, write_card

REQUIRED = ("data", "recipe", "figures", "limits", "licence")
"""What a model card has to say."""


def export_weights(
    checkpoints: Sequence[Path],
    network: NetworkConfig,
    target: Path,
    card: dict,
    overwrite: bool = False,
) -> None:
    """Write the weights of a checkpoint, or the mean of several, for use and for sharing.

    Beside the ``.weights.h5``, whose kernels are stored in half precision, lie the ``.onnx`` made
    of it and the model card. A mean of weights is of use if one training went on from the other.

    Parameters
    ----------
    checkpoints : sequence of Path
        ``.weights.h5`` of training runs, with or without optimizer state.
    network : NetworkConfig
        Their architecture.
    target : Path
        Weight file to write, ending in ``.weights.h5``.
    card : dict
        Sections `REQUIRED` of the model card, and others; name, network and SHA-256 are entered.
    overwrite : bool
        Replace an existing weight file.

    Raises
    ------
    ConfigurationError
        The card lacks a section.
    OutputError
        The target exists.
    MissingPackageError
        Keras or the converter to ``.onnx`` is not installed.
    OSError
        The files cannot be written. They are made in a folder beside the target and then moved; a
        kill just then leaves a card that does not fit, which is told when the weights are loaded.
    """
    from DSCBrainSegLib.network.backend import start_keras

    start_keras()
    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.network.onnx_export import add_onnx

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
    with tempfile.TemporaryDirectory(prefix="partial.", dir=target.parent) as work:
        made = Path(work) / target.name
        write_weight_file(model, network, made, card, store_half=True)
        add_onnx(made)
        for path in (card_path, onnx_path, Path):
            os.replace(path(made), path(target))


def write_weight_file(
    model, network: NetworkConfig, target: Path, card: dict, store_half: bool = False
) -> None:
    """Write a model's weights and its card, replacing earlier ones.

    Parameters
    ----------
    model : keras.Model
        Not compiled, or the optimizer's state is written, too.
    network : NetworkConfig
    target : Path
        Ends in ``.weights.h5``.
    card : dict
        Sections `REQUIRED` of the model card, and others.
    store_half : bool
        Store kernels in half precision, in which they are computed with when segmenting
        (`network.inference_form`). Not for weights that training goes on from.

    Raises
    ------
    OSError
        The files cannot be written. A kill between the two leaves a card that does not fit, which
        is told when the weights are loaded.
    """
    partial = target.with_name("partial." + target.name)
    model.save_weights(partial)
    if store_half:
        _store_in_half(partial)
    values = {
        "name": target.name.split(".")[0],
        "network": network.to_dict(),
        "parameters": model.count_params(),
        "sha256": sha256(partial),
    }
    of_others = {ONNX_HASH, *values}
    write_card(
        card_path(target),
        {**values, **{name: said for name, said in card.items() if name not in of_others}},
    )
    os.replace(partial, target)


def _store_in_half(path: Path) -> None:
    """Rewrite a weight file with its kernels in half precision; Keras reads them as ever."""
    import h5py

    half = path.with_name(f"half.{path.name}")

    def copy(name: str, item) -> None:
        if isinstance(item, h5py.Dataset):
            values = item[()]
            target.create_dataset(name, data=values.astype("f2") if is_kernel(values) else values)
        else:
            target.require_group(name)
        target[name].attrs.update(item.attrs)

    with h5py.File(path) as source, h5py.File(half, "w") as target:
        source.visititems(copy)
        target.attrs.update(source.attrs)
    os.replace(half, path)
