"""Everything about a head that sampling needs, computed once and kept in a cache file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from DSCBrainSegLib.simulation.anatomy.field import field_map_ppm
from DSCBrainSegLib.simulation.anatomy.head import Head
from DSCBrainSegLib.simulation.anatomy.hull import signed_hull_distance
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

MAX_DEPTH_MM = 100


@dataclass
class HeadMaps:
    """A head with its derived maps, all in LPS order on the head's own index grid.

    Parameters
    ----------
    name : str
    labels : ndarray of uint8, shape (K, J, I)
        `Tissue` values, 1 mm.
    mask : ndarray of bool, shape (K, J, I)
        Brain mask.
    skin_depth : ndarray of uint8, shape (K, J, I)
        Distance in mm to the outside of the head, 0 outside.
    brain_depth : ndarray of uint8, shape (K, J, I)
        Distance in mm to the outside of the brain mask, 0 outside.
    field : ndarray of float16 or float32, shape about (K, J, I) / 2
        Shimmed susceptibility field in ppm on a 2 mm grid.
    hull_distance : ndarray of float32
        Signed distance to the brain's hull (`hull.signed_hull_distance`); computed if not given.
    """

    name: str
    labels: np.ndarray
    mask: np.ndarray
    skin_depth: np.ndarray
    brain_depth: np.ndarray
    field: np.ndarray
    hull_distance: np.ndarray | None = None

    def __post_init__(self):
        if self.hull_distance is None:
            self.hull_distance = signed_hull_distance(self.mask)

    def field_32(self) -> np.ndarray:
        """The field as float32, which interpolators need; converted once."""
        if self.field.dtype != np.float32:
            self.field = self.field.astype(np.float32)
        return self.field


def head_maps(head: Head) -> HeadMaps:
    """Compute the maps of a head (some seconds)."""
    from scipy import ndimage

    outside = outer_air(head.labels)
    field = field_map_ppm(head.labels, head.mask)

    def depth(inside: np.ndarray) -> np.ndarray:
        distance = ndimage.distance_transform_edt(inside)
        return np.minimum(distance, MAX_DEPTH_MM).astype(np.uint8)

    return HeadMaps(
        name=head.name,
        labels=head.labels,
        mask=head.mask,
        skin_depth=depth(~outside),
        brain_depth=depth(head.mask),
        field=field.astype(np.float16),
    )


def outer_air(labels: np.ndarray) -> np.ndarray:
    """Air connected to the outside of the head; sinuses and ear canals are not part of it."""
    from scipy import ndimage

    solid = ndimage.binary_closing(np.pad(labels > 0, 8), iterations=5)[8:-8, 8:-8, 8:-8]
    solid |= labels > 0
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in solid])
    return ~filled


def load_head_maps(path: Path, cache: Path | None = None) -> HeadMaps:
    """Read a whole-head label map and derive its maps, from `cache` if they are there.

    Parameters
    ----------
    path : Path
        Label map, see `label_maps.read_label_map`.
    cache : Path, optional
        Folder for the derived maps.

    Returns
    -------
    HeadMaps
    """
    from DSCBrainSegLib.simulation.anatomy.label_maps import read_label_map

    path = Path(path)
    stored = cache and Path(cache) / f"{path.name.split('.')[0]}.npz"
    if stored and stored.exists():
        with np.load(stored) as arrays:
            # Caches of before may hold more.
            known = {field.name for field in fields(HeadMaps)} & set(arrays.files) - {"name"}
            return HeadMaps(**{key: arrays[key] for key in known}, name=str(arrays["name"]))
    maps = head_maps(read_label_map(path))
    if stored:
        stored.parent.mkdir(parents=True, exist_ok=True)
        partial = stored.with_suffix(".partial.npz")
        np.savez(partial, **vars(maps))
        partial.replace(stored)
    return maps


def is_soft_scalp(labels: np.ndarray) -> np.ndarray:
    """Where a label is soft tissue whose fat content is drawn per case."""
    return (labels == Tissue.MUSCLE) | (labels == Tissue.SKIN)
