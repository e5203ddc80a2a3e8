"""From a weight file to an engine that is ready to compute."""

from __future__ import annotations

import functools
from pathlib import Path

from DSCBrainSegLib.errors import OutputError, WeightsError
from DSCBrainSegLib.network.engines.interface import Engine
from DSCBrainSegLib.network.engines.options import EngineOptions


def load_engine(weights: Path | None = None, options: EngineOptions | None = None) -> Engine:
    """Load a network; kept for the next call with the same file and options.

    Parameters
    ----------
    weights : Path, optional
        ``.weights.h5`` or ``.onnx`` with its card beside it; the shipped default if not given. For
        the engine ``onnx`` the file of that name is taken; if there is none, it is made where
        Keras is installed.
    options : EngineOptions, optional
        From the environment if not given.

    Returns
    -------
    Engine

    Raises
    ------
    WeightsError
        The weights are missing, damaged or do not fit.
    MissingPackageError
        What computes or converts them is not installed.
    ConfigurationError
        An option has a value that cannot be used here.
    OutputError
        An ``.onnx`` file has to be made and cannot be written.
    """
    from DSCBrainSegLib.network.weights import default_weights

    options = options or EngineOptions.from_environment()
    path = Path(weights) if weights else default_weights()
    file = _keras_file(path) if options.engine == "keras" else _onnx_file(path)
    return _load(file.resolve(), file.stat().st_mtime_ns, options)


def require_engine(options: EngineOptions | None = None) -> str:
    """Return the engine's name, or raise `MissingPackageError` if it is not installed."""
    options = options or EngineOptions.from_environment()
    if options.engine == "keras":
        from DSCBrainSegLib.network.backend import select_backend

        select_backend()
    else:
        from DSCBrainSegLib.network.engines.onnx_runtime import require_onnxruntime

        require_onnxruntime()
    return options.engine


@functools.lru_cache(maxsize=8)
def _load(file: Path, _modified: int, options: EngineOptions) -> Engine:
    if options.engine == "keras":
        from DSCBrainSegLib.network.engines.keras_model import KerasEngine

        return KerasEngine(file, options)
    from DSCBrainSegLib.network.engines.onnx_runtime import OnnxEngine

    return OnnxEngine(file, options)


def _keras_file(path: Path) -> Path:
    from DSCBrainSegLib.network.weights import describe, keras_path

    file = keras_path(path)
    if not file.is_file():
        raise WeightsError(f"The engine keras needs {file}, which does not exist; use onnx.")
    describe(file)
    return file


def _onnx_file(path: Path) -> Path:
    """Return the ``.onnx`` of the weights, checked, and made if there is none."""
    from DSCBrainSegLib.network.weights import describe, onnx_path

    file = onnx_path(path)
    if file.is_file():
        describe(file)
        return file
    from DSCBrainSegLib.network.onnx_export import add_onnx

    try:
        return add_onnx(path)
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written ({error.strerror or error}); copy the weights to a folder "
            "that can be written, or use --engine keras."
        ) from error
