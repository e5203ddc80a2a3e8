"""The list of segmentation methods that the command line, Slicer and evaluation share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress


@dataclass(frozen=True)
class SegmentationMethod:
    """A way to segment the brain in one volume.

    Parameters
    ----------
    name : str
        What a user types.
    label : str
        One line for a list.
    segment : callable
        ``segment(volume, spacing)``: `volume` (K, J, I) in axial orientation
        (`preprocessing.axial`), any intensity scale; `spacing` in mm along (k, j, i). Returns a
        bool mask or float probabilities of brain, shape (K, J, I). A method that uses weights also
        takes the keywords ``weights`` (path or None), ``progress`` and ``cancelled``, and, if its
        weights use the bolus, ``drop`` (`preprocessing.bolus_peak`, shape (K, J, I)).
    uses_weights : bool
        True for a network.
    clean : bool
        Keep the largest piece and fill the holes of the result. The published baselines are left as
        they are, or they would not be what they are compared as.
    """

    name: str
    label: str
    segment: Callable[..., np.ndarray]
    uses_weights: bool = False
    clean: bool = False


_METHODS: dict[str, SegmentationMethod] = {}


def register_method(method: SegmentationMethod) -> None:
    """Add a method to the list; a name can be taken once."""
    if method.name in _METHODS:
        raise ValueError(f"a segmentation method named {method.name!r} exists already")
    _METHODS[method.name] = method


def unregister_method(name: str) -> None:
    """Take a method off the list."""
    del _METHODS[name]


def list_methods() -> list[SegmentationMethod]:
    """Return the methods in the order they were registered."""
    return list(_METHODS.values())


def get_method(name: str) -> SegmentationMethod:
    """Return the method of that name.

    Raises
    ------
    ConfigurationError
        There is none; the message lists those there are.
    """
    try:
        return _METHODS[name]
    except KeyError:
        raise ConfigurationError(
            f"There is no segmentation method {name!r}; choose one of {', '.join(_METHODS)}."
        ) from None


def _segment_with_network(
    volume: np.ndarray,
    spacing: tuple[float, float, float],
    weights=None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    drop: np.ndarray | None = None,
) -> np.ndarray:
    from DSCBrainSegLib.network.predict import predict_brain

    return predict_brain(volume, spacing, weights, progress, cancelled, drop)


register_method(
    SegmentationMethod(
        "network",
        "U-Net with residual units and scSE",
        _segment_with_network,
        uses_weights=True,
        clean=True,
    )
)


def _segment_with_otsu(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    from DSCBrainSegLib.methods.baselines.otsu import segment

    return segment(volume, spacing)


def _segment_with_otsu_post(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    from DSCBrainSegLib.methods.baselines.otsu import segment_post_processed

    return segment_post_processed(volume, spacing)


def _segment_with_aabl(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    from DSCBrainSegLib.methods.baselines.aabl import segment

    return segment(volume, spacing)


def _segment_with_cusum(volume: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    from DSCBrainSegLib.methods.baselines.cusum import segment

    return segment(volume, spacing)


register_method(SegmentationMethod("otsu", "Bi-level Otsu threshold", _segment_with_otsu))
register_method(
    SegmentationMethod("otsu-post", "Otsu threshold, post-processed", _segment_with_otsu_post)
)
register_method(
    SegmentationMethod("aabl", "Threshold in the approximate brain location", _segment_with_aabl)
)
register_method(
    SegmentationMethod("cusum", "CUSUM filter for boundary pixels", _segment_with_cusum)
)
