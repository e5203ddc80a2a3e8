"""What a phantom may be asked for."""

from __future__ import annotations

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.simulation.pathology.lesions import LESION_KINDS
from DSCBrainSegLib.simulation.series.motion import MOTIONS
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE

LIMITS = {
    "seed": (0, 2**63 - 1),
    "matrix": (32, FINE_SIZE),
    "slices": (1, 200),
    "frames": (1, 1000),
    "slice_thickness_mm": (0.5, 40),
    "gap_mm": (0, 40),
    "field_of_view_mm": (100, 500),
    "repetition_time": (0.05, 20),
    "echo_time": (0.001, 0.2),
    "field_strength": (1.0, 3.0),
    "flip_angle": (1, 90),
}
"""Smallest and largest value of the arguments that are numbers."""


def check_arguments(arguments: dict) -> None:
    """Raise `ConfigurationError` with the name of the first argument that is out of range."""
    for name, (low, high) in LIMITS.items():
        if name in arguments and not low <= arguments[name] <= high:
            raise ConfigurationError(
                f"{name} must be between {low:g} and {high:g}, got {arguments[name]:g}."
            )
    tumour = arguments.get("tumour")
    if tumour not in (None, *LESION_KINDS):
        raise ConfigurationError(
            f"tumour must be one of {', '.join(LESION_KINDS)} or none, got {tumour}."
        )
    motion = arguments.get("motion", "none")
    if motion not in MOTIONS:
        raise ConfigurationError(f"motion must be one of {', '.join(MOTIONS)}, got {motion}.")
