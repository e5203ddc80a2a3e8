"""Slices and outlines of a case in few bytes, for the report's viewer."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field

import numpy as np

from DSCBrainSegLib.evaluation.axial_case import AxialCase
from DSCBrainSegLib.metrics.overlap import overlap

LONGEST_EDGE_PX = 192
"""Larger images are stored smaller; masks keep every voxel."""
JPEG_QUALITY = 82
THUMBNAIL_LEVEL = 0.6
"""Height in the brain of the slice that stands for a case."""


@dataclass
class ViewerMask:
    """A mask on every plane.

    Parameters
    ----------
    runs : list of str
        For each plane as `encode_runs` gives it.
    dice : list of float or None
        For each plane; None where neither mask nor reference has brain.
    """

    runs: list[str]
    dice: list[float | None] = field(default_factory=list)


@dataclass
class ViewerCase:
    """One case of the viewer.

    Parameters
    ----------
    name : str
    numbers : list of int
        Slice number of each plane, bottom up.
    sprite : bytes
        JPEG with all planes, bottom up, in rows of `columns`.
    columns : int
    tile : tuple of int
        Height and width in px of a plane in the sprite.
    shape : tuple of int
        Rows and columns of a mask.
    size_mm : tuple of float
        Height and width of a plane.
    shown : int
        Index of the plane that stands for the case.
    reference : ViewerMask
    masks : dict of str to ViewerMask
        By method; a method that failed is missing.
    """

    name: str
    numbers: list[int]
    sprite: bytes
    columns: int
    tile: tuple[int, int]
    shape: tuple[int, int]
    size_mm: tuple[float, float]
    shown: int
    reference: ViewerMask
    masks: dict[str, ViewerMask] = field(default_factory=dict)


class CaseViewer:
    """Packs a case and the masks of its methods for the viewer.

    Parameters
    ----------
    axial : AxialCase
    """

    def __init__(self, axial: AxialCase):
        self._planes = axial.planes
        self._reference = axial.reference[axial.planes]
        image = axial.image[axial.planes]
        rows, columns = image.shape[1:]
        table_columns = math.ceil(math.sqrt(len(image)))
        sprite, tile = _pack_images(image, axial.window, table_columns)
        with_brain = np.flatnonzero(self._reference.any(axis=(1, 2)))
        if not with_brain.size:
            with_brain = np.arange(len(image))
        self.case = ViewerCase(
            name=axial.name,
            numbers=axial.numbers[axial.planes].tolist(),
            sprite=sprite,
            columns=table_columns,
            tile=tile,
            shape=(rows, columns),
            size_mm=(rows * axial.pixel_mm[0], columns * axial.pixel_mm[1]),
            shown=int(with_brain[round(THUMBNAIL_LEVEL * (with_brain.size - 1))]),
            reference=ViewerMask([encode_runs(plane) for plane in self._reference]),
        )

    def add(self, method: str, mask: np.ndarray) -> None:
        """Take a method's mask (K, J, I) on the axial planes."""
        mask = mask[self._planes]
        self.case.masks[method] = ViewerMask(
            [encode_runs(plane) for plane in mask],
            [
                round(overlap(plane, truth).dice, 4) if plane.any() or truth.any() else None
                for plane, truth in zip(mask, self._reference, strict=True)
            ],
        )


def encode_runs(plane: np.ndarray) -> str:
    """Write a mask as the lengths of its runs in base 36.

    Parameters
    ----------
    plane : ndarray of bool, shape (J, I)

    Returns
    -------
    str
        Lengths along the rows with commas: outside, inside, outside, ...; the last run outside is
        left out, so that an empty mask is an empty text.
    """
    flat = np.concatenate([[False], plane.ravel(), [False]])
    changes = np.flatnonzero(flat[1:] != flat[:-1])
    return ",".join(np.base_repr(length, 36).lower() for length in np.diff(changes, prepend=0))


def _pack_images(
    image: np.ndarray, window: tuple[float, float], table_columns: int
) -> tuple[bytes, tuple[int, int]]:
    """Return planes (K, J, I) as one JPEG, and height and width of each in it."""
    from PIL import Image

    low, high = window
    scale = 255 / (high - low) if high > low else 0
    grey = np.clip((image - low) * scale, 0, 255).astype(np.uint8)
    rows, columns = grey.shape[1:]
    shrink = min(1.0, LONGEST_EDGE_PX / max(rows, columns))
    height, width = max(1, round(rows * shrink)), max(1, round(columns * shrink))
    table_rows = math.ceil(len(grey) / table_columns)
    sprite = Image.new("L", (width * table_columns, height * table_rows))
    for number, plane in enumerate(grey):
        tile = Image.fromarray(plane)
        if shrink < 1:
            tile = tile.resize((width, height), Image.Resampling.LANCZOS)
        row, column = divmod(number, table_columns)
        sprite.paste(tile, (column * width, row * height))
    stream = io.BytesIO()
    sprite.save(stream, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return stream.getvalue(), (height, width)
