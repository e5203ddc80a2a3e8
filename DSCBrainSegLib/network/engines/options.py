"""Which engine computes the network, on what, with how many threads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from DSCBrainSegLib.errors import ConfigurationError

ENGINES = ("onnx", "keras")
DEVICES = ("cpu", "cuda", "directml", "coreml", "auto")

ENGINE_VARIABLE = "DSCBRAINSEG_ENGINE"
DEVICE_VARIABLE = "DSCBRAINSEG_DEVICE"
THREADS_VARIABLE = "DSCBRAINSEG_THREADS"


@dataclass(frozen=True)
class EngineOptions:
    """How to compute the network.

    Parameters
    ----------
    engine : {"onnx", "keras"}
        ONNX Runtime, or Keras on TensorFlow, PyTorch or JAX.
    device : {"cpu", "cuda", "directml", "coreml", "auto"}
        ``auto``: the fastest there is. Masks are bit-identical from run to run on ``cpu``. Keras
        uses what its back end finds, so there it must be ``cpu`` or ``auto``.
    threads : int, optional
        Processor threads; as many as this process has cores if not given. Keras takes its own
        back end's number.

    Raises
    ------
    ConfigurationError
        A value is none of these.
    """

    engine: str = "onnx"
    device: str = "cpu"
    threads: int | None = None

    def __post_init__(self):
        _require_choice("engine", self.engine, ENGINES)
        _require_choice("device", self.device, DEVICES)
        if self.threads is not None and self.threads < 1:
            raise ConfigurationError(
                f"The number of threads is a positive number, not {self.threads}."
            )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> EngineOptions:
        """Read the options from the environment variables; what is not set is the default."""
        environment = os.environ if environment is None else environment
        text = environment.get(THREADS_VARIABLE) or None
        try:
            threads = None if text is None else int(text)
        except ValueError:
            raise ConfigurationError(
                f"{THREADS_VARIABLE} is a positive number, not {text!r}."
            ) from None
        return cls(
            environment.get(ENGINE_VARIABLE) or cls.engine,
            environment.get(DEVICE_VARIABLE) or cls.device,
            threads,
        )


def usable_cores() -> int:
    """Return the processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def name_processor(cores: int | None = None) -> str:
    """Name a number of processor cores, those this process may use by default."""
    cores = cores or usable_cores()
    return f"{cores} processor core{'s' if cores > 1 else ''}"


def _require_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigurationError(f"There is no {what} {value!r}; choose from {', '.join(choices)}.")
