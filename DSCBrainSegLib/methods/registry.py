"""The list of segmentation methods that the command line, Slicer and evaluation share."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.methods.method import SegmentationMethod
from DSCBrainSegLib.methods.network import NetworkMethod

ENTRY_POINTS = "dscbrainseg.methods"
"""Group of entry points by which other packages add methods."""

_METHODS: dict[str, SegmentationMethod] = {}


def register_method(method: SegmentationMethod) -> None:
    """Add a method to the list of this process; a name can be taken once.

    Parameters
    ----------
    method : SegmentationMethod

    Raises
    ------
    ValueError
        There is a method of that name.

    Examples
    --------
    >>> from DSCBrainSegLib import SegmentationMethod, register_method, segment_series
    >>> def bright(volume, spacing):
    ...     return volume > 0.4 * volume.max()
    >>> register_method(SegmentationMethod("bright", "Brighter than 40 %", bright))
    >>> round(segment_series("scan.nii.gz", method="bright").volume_ml)
    287
    """
    if method.name in _METHODS:
        raise ValueError(f"a segmentation method named {method.name!r} exists already")
    _METHODS[method.name] = method


def unregister_method(name: str) -> None:
    """Take a method off the list."""
    del _METHODS[name]


def list_methods() -> list[SegmentationMethod]:
    """Return our methods, then those of other packages that are installed.

    Examples
    --------
    >>> from DSCBrainSegLib import list_methods
    >>> [method.name for method in list_methods()][:5]
    ['network', 'otsu', 'otsu-post', 'aabl', 'cusum']
    """
    _load_entry_points()
    return list(_METHODS.values())


def get_method(name: str) -> SegmentationMethod:
    """Return the method of that name.

    Raises
    ------
    ConfigurationError
        There is none; the message lists those there are.

    Examples
    --------
    >>> from DSCBrainSegLib import get_method
    >>> get_method("otsu").label
    'Bi-level Otsu threshold'
    """
    if name not in _METHODS:
        _load_entry_points()
    try:
        return _METHODS[name]
    except KeyError:
        raise ConfigurationError(
            f"There is no segmentation method {name!r}; choose one of {', '.join(_METHODS)}."
        ) from None


@cache
def _load_entry_points() -> None:
    """Add the methods of other packages, once; one that does not load costs a warning only."""
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINTS):
        try:
            method = entry.load()
            if not isinstance(method, SegmentationMethod):
                raise TypeError(f"it is a {type(method).__name__}, not a SegmentationMethod")
            register_method(method)
        except Exception as error:  # whatever another package does must not cost our methods
            warnings.warn(
                f"The segmentation method {entry.name} of {entry.value} cannot be used: {error}.",
                stacklevel=2,
            )


register_method(NetworkMethod())


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
