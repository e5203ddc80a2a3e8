"""A picture of every slice with the outline of the mask."""

from __future__ import annotations

import io
import math
from collections.abc import Collection

import numpy as np

OUTLINE_COLOUR = (255, 210, 40)
TEXT_COLOUR = (150, 200, 255)
CHECK_COLOUR = (255, 96, 64)
"""Frame and number of a slice that a person should look at."""

BACKGROUND_COLOUR = (16, 16, 18)
TILE_PX = 200
"""Longest edge of one slice in the picture."""
GAP_PX = 4
WINDOW_PERCENTILES = (1.0, 99.5)


def draw_overlay(
    image: np.ndarray, mask: np.ndarray, affine: np.ndarray, to_check: Collection[int] = ()
) -> bytes:
    """Draw every slice of a volume with the outline of a mask.

    Slices are in the series' own order, numbered from 1, each turned so that the top of the picture
    is the front (axial) or the top of the head and its left is the patient's right (sagittal: the
    front). Letters at the first slice say so.

    Parameters
    ----------
    image : ndarray, shape (K, J, I)
        Intensities.
    mask : ndarray of bool, shape (K, J, I)
        Brain.
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.
    to_check : collection of int
        Indices k from 0 of the slices that get a coloured frame, because a person should look at
        them.

    Returns
    -------
    bytes
        A PNG file.
    """
    from PIL import Image, ImageDraw, ImageFont

    image, mask, pixel_mm, letters = _upright(np.asarray(image), np.asarray(mask), affine)
    width, height = _tile_size(image.shape[1:], pixel_mm)
    count = len(image)
    columns = _column_count(count, width, height)
    rows = math.ceil(count / columns)
    size = (columns * (width + GAP_PX) + GAP_PX, rows * (height + GAP_PX) + GAP_PX)
    canvas = Image.new("RGB", size, BACKGROUND_COLOUR)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size=13)
    for index, (grey, brain) in enumerate(zip(_to_grey(image), mask, strict=True)):
        left = GAP_PX + (index % columns) * (width + GAP_PX)
        top = GAP_PX + (index // columns) * (height + GAP_PX)
        canvas.paste(_draw_slice(grey, brain, width, height), (left, top))
        checked = index in to_check
        if checked:
            box = (left - 2, top - 2, left + width + 1, top + height + 1)
            draw.rectangle(box, outline=CHECK_COLOUR, width=2)
        colour = CHECK_COLOUR if checked else TEXT_COLOUR
        draw.text((left + 4, top + 2), str(index + 1), fill=colour, font=font)
        if index == 0:
            middle = {"x": left + width / 2, "y": top + height / 2}
            draw.text((middle["x"], top + 2), letters[0], TEXT_COLOUR, font, anchor="ma")
            draw.text((left + 4, middle["y"]), letters[1], TEXT_COLOUR, font, anchor="lm")
    stream = io.BytesIO()
    canvas.save(stream, format="PNG", compress_level=3)  # a third of the time, and smaller
    return stream.getvalue()


def _upright(image, mask, affine):
    """Turn slices upright; return them with pixel size (rows, columns) and letters (top, left)."""
    steps = np.asarray(affine, dtype=float)[:3, :2]
    pixel = np.linalg.norm(steps, axis=0)
    directions = steps / pixel  # columns: where i and j run, in LPS
    # Rows run down: to the feet (-z) unless the slice is nearest axial, then to the back (+y).
    # Columns run to the patient's left (+x), in sagittal slices to the back (+y).
    missing = int(np.argmax(np.abs(np.cross(directions[:, 0], directions[:, 1]))))
    down, right = {2: ((1, 1), (0, 1)), 1: ((2, -1), (0, 1)), 0: ((2, -1), (1, 1))}[missing]
    straight = abs(directions[down[0], 1] * directions[right[0], 0])
    turned = abs(directions[down[0], 0] * directions[right[0], 1])
    if turned > straight:
        image, mask = image.swapaxes(1, 2), mask.swapaxes(1, 2)
        directions, pixel = directions[:, ::-1], pixel[::-1]
    flips = []
    if directions[down[0], 1] * down[1] < 0:
        flips.append(1)
    if directions[right[0], 0] * right[1] < 0:
        flips.append(2)
    letters = ("A" if missing == 2 else "S", "A" if missing == 0 else "R")
    return np.flip(image, flips), np.flip(mask, flips), (pixel[1], pixel[0]), letters


def _tile_size(plane, pixel_mm) -> tuple[int, int]:
    height_mm, width_mm = plane[0] * pixel_mm[0], plane[1] * pixel_mm[1]
    scale = TILE_PX / max(height_mm, width_mm)
    return max(1, round(width_mm * scale)), max(1, round(height_mm * scale))


def _column_count(count: int, width: int, height: int) -> int:
    """Columns that make the whole picture about as wide as a screen is (3:2)."""
    return max(1, min(count, round(math.sqrt(1.5 * count * height / width))))


def _to_grey(image: np.ndarray) -> np.ndarray:
    low, high = np.percentile(image, WINDOW_PERCENTILES)
    if high <= low:
        low, high = float(image.min()), float(image.max())
    scale = 255 / (high - low) if high > low else 0
    return np.clip((image - low) * scale, 0, 255).astype(np.uint8)


def _draw_slice(grey: np.ndarray, brain: np.ndarray, width: int, height: int):
    from PIL import Image

    tile = Image.fromarray(np.ascontiguousarray(grey)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    enlarged = Image.fromarray(brain.astype(np.uint8) * 255).resize(
        (width, height), Image.Resampling.NEAREST
    )
    picture = np.array(tile.convert("RGB"))
    picture[_outline(np.array(enlarged) > 0)] = OUTLINE_COLOUR
    return Image.fromarray(picture)


def _outline(mask: np.ndarray) -> np.ndarray:
    """Pixels of `mask` that touch a pixel outside it by an edge."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside
