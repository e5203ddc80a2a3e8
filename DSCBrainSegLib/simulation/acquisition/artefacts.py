"""What else lies in an image: objects beside the head, wrap-around, bars, blanked borders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, upsample

BRIGHT_OBJECT_PROBABILITY = 0.08
WRAP_PROBABILITY = 0.03
BAR_PROBABILITY = 0.02
BORDER_PROBABILITY = 0.04
ZEROED_PROBABILITY = 0.2
FAT_FAILURE_PROBABILITY = 0.35
FAT_CELLS = 6


@dataclass(frozen=True)
class Artefacts:
    """Artefacts of one volume.

    Parameters
    ----------
    bright_object : tuple of float
        Something bright beside the head (a cushion, a tube): row, column, two radii in fractions
        of the field of view, and its signal relative to the brain's; signal 0 = none.
    wrap : float
        Head off-centre along phase encoding by this fraction of the field of view; what leaves it
        comes in on the other side.
    bar : tuple of float
        A bar burned into the image along an edge: edge (0 top, 1 bottom), first and last row in
        fractions of the field of view, signal relative to the image's maximum; signal 0 = none.
    border : float
        Fraction of the field of view that is blank along every edge.
    zeroed_background : float
        The scanner sets pixels below this fraction of the maximum to 0; 0 = not done.
    fat_gain : ndarray of float32, shape (N, N), or None
        Factor of the lipid signal where fat saturation fails in patches.
    """

    bright_object: tuple[float, float, float, float, float]
    wrap: float
    bar: tuple[int, float, float, float]
    border: float
    zeroed_background: float
    fat_gain: np.ndarray | None


def draw_artefacts(rng: np.random.Generator, fat_signal: float) -> Artefacts:
    """Draw the artefacts of one volume.

    Parameters
    ----------
    rng : numpy.random.Generator
    fat_signal : float
        Fraction of lipid that fat saturation leaves where it works.
    """
    first = rng.uniform(0.0, 0.03)
    return Artefacts(
        bright_object=_draw_object(rng),
        wrap=float(rng.uniform(-0.3, 0.3)) if rng.random() < WRAP_PROBABILITY else 0.0,
        bar=(
            int(rng.random() < 0.5),
            float(first),
            float(first + rng.uniform(0.01, 0.05)),
            float(rng.uniform(0.5, 2.0)) if rng.random() < BAR_PROBABILITY else 0.0,
        ),
        border=float(rng.uniform(0.01, 0.06)) if rng.random() < BORDER_PROBABILITY else 0.0,
        zeroed_background=(
            float(rng.uniform(0.02, 0.10)) if rng.random() < ZEROED_PROBABILITY else 0.0
        ),
        fat_gain=_draw_fat_gain(rng, fat_signal),
    )


def wrapped(plane: np.ndarray, artefacts: Artefacts, phase_axis: int) -> np.ndarray:
    """Shift a fine plane (N, N) cyclically along phase encoding."""
    if artefacts.wrap == 0:
        return plane
    return np.roll(plane, round(artefacts.wrap * FINE_SIZE), axis=phase_axis)


def beside_the_head(artefacts: Artefacts) -> np.ndarray:
    """Signal of the bright object on the fine grid, relative to the brain's."""
    row, column, row_radius, column_radius, signal = artefacts.bright_object
    axis = (np.arange(FINE_SIZE) + 0.5) / FINE_SIZE
    inside = ((axis[:, None] - row) / row_radius) ** 2 + (
        (axis[None, :] - column) / column_radius
    ) ** 2 < 1
    return np.float32(signal) * inside.astype(np.float32)


def blank_and_burn(images: np.ndarray, artefacts: Artefacts, top: float | None = None) -> None:
    """Zero the background and the border, burn in the bar; images (K, M, M), in place.

    Thresholds refer to `top`, by default the images' 99.5th percentile.
    """
    size = images.shape[-1]
    if top is None:
        top = float(np.percentile(images, 99.5))
    if artefacts.zeroed_background > 0:
        images[images < artefacts.zeroed_background * top] = 0
    width = round(artefacts.border * size)
    if width:
        for rows in (slice(0, width), slice(size - width, size)):
            images[:, rows] = 0
            images[:, :, rows] = 0
    edge, first, last, signal = artefacts.bar
    if signal > 0:
        rows = np.arange(round(first * size), max(round(last * size), round(first * size) + 1))
        images[:, size - 1 - rows if edge else rows] = signal * top


def _draw_object(rng: np.random.Generator) -> tuple[float, float, float, float, float]:
    signal = rng.uniform(0.3, 2.5) if rng.random() < BRIGHT_OBJECT_PROBABILITY else 0.0
    # In a corner, where there is no head.
    row, column = rng.uniform(0.02, 0.16, 2)
    row, column = (1 - x if rng.random() < 0.5 else x for x in (row, column))
    radii = rng.uniform(0.02, 0.14, 2)
    return float(row), float(column), float(radii[0]), float(radii[1]), float(signal)


def _draw_fat_gain(rng: np.random.Generator, fat_signal: float) -> np.ndarray | None:
    if rng.random() >= FAT_FAILURE_PROBABILITY:
        return None
    patches = upsample(rng.normal(size=(FAT_CELLS, FAT_CELLS)), smoothing=0.6)
    failed = np.clip((patches - rng.uniform(-0.2, 0.8)) / 0.3, 0.0, 1.0)
    # Back to the full signal of fat, or somewhat less.
    full = rng.uniform(0.5, 1.2) / max(fat_signal, 0.03)
    return (1 + failed * max(full - 1, 0.0)).astype(np.float32)
