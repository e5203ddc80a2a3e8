"""A weight file as an ``.onnx`` file, which needs no Keras to be computed."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from pathlib import Path

from DSCBrainSegLib.errors import MissingPackageError, WeightsError
from DSCBrainSegLib.network.inference_form import is_kernel, to_inference_form

CONVERTERS = ("onnx", "tf2onnx")


def add_onnx(weights: Path) -> Path:
    """Make the ``.onnx`` of a weight file beside it and enter its SHA-256 into the card.

    Keras exports the network in the form of `inference_form`, so that both engines compute with
    the same numbers. Kernels are stored in half precision with a cast to single precision, which
    ONNX Runtime does once, when it loads the file.

    Parameters
    ----------
    weights : Path
        ``.weights.h5`` with its card.

    Returns
    -------
    Path
        The file; one that existed is replaced when the new one is complete.

    Raises
    ------
    MissingPackageError
        Keras or the converter is not installed.
    WeightsError
        The network has a layer that cannot be converted, or the weights cannot be loaded.
    OSError
        The file cannot be written.
    """
    from DSCBrainSegLib.network.weights import (
        ONNX_HASH,
        card_path,
        load_model,
        onnx_path,
        read_card,
        sha256,
        write_card,
    )

    _require_converter(weights)
    target, card = onnx_path(weights), read_card(weights)
    model = load_model(weights)
    to_inference_form(model)
    handle, partial = tempfile.mkstemp(suffix=".onnx", prefix="partial.", dir=target.parent)
    os.close(handle)
    try:
        _export(model, partial, weights)
        _store_in_half(partial)
        os.chmod(partial, 0o644)
        digest = sha256(partial)
        os.replace(partial, target)
    finally:
        Path(partial).unlink(missing_ok=True)
    write_card(card_path(weights), _with_hash(card, ONNX_HASH, digest))
    return target


def _require_converter(weights: Path) -> None:
    if all(importlib.util.find_spec(name) for name in ("keras", *CONVERTERS)):
        return
    raise MissingPackageError(
        f"{Path(weights).name} has no .onnx file beside it and the packages to make one are not "
        'installed; install them with pip install "DSCBrainSegLib[train]", or write the file with '
        "export-weights where the network was trained."
    )


def _with_hash(card: dict, key: str, digest: str) -> dict:
    """Return the card with the hash right after that of the weights."""
    rest = {name: value for name, value in card.items() if name != key}
    found = {}
    for name, value in rest.items():
        found[name] = value
        if name == "sha256":
            found[key] = digest
    return found


def _export(model, path: str, weights: Path) -> None:
    import numpy as np

    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports what was called once
    try:
        model.export(path, format="onnx", verbose=False)
    except Exception as error:  # whatever a converter raises
        raise WeightsError(
            f"{weights} cannot be converted to .onnx ({' '.join(str(error).split())}); "
            "use --engine keras."
        ) from error


def _store_in_half(path: str) -> None:
    """Keep kernels in half precision where that changes no number."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(path)
    casts = []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or not is_kernel(values):
            continue
        half = values.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}/half"))
        casts.append(helper.make_node("Cast", [f"{name}/half"], [name], to=onnx.TensorProto.FLOAT))
    for place, node in enumerate(casts):
        model.graph.node.insert(place, node)
    onnx.checker.check_model(model)
    onnx.save(model, path)
