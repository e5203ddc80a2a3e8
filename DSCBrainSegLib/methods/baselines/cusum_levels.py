"""Signal levels on both sides of the brain's boundary, which the CUSUM filter tells apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LevelParameters:
    """Where the two levels are measured; all of it is a reading.

    Parameters
    ----------
    deep_fraction : float
        Brain is sampled where the depth in the head exceeds this fraction of the largest depth.
    skull_from_mm, skull_to_mm : float
        Depths in the head between which the dark skull is sought.
    skull_percentile : float
        The skull's level is this percentile of the signal between those depths.
    highest_outside_fraction : float
        The skull's level is at most this fraction of the brain's, so that a shell without dark
        skull (bright fat, thin bone) does not pass for one.
    """

    deep_fraction: float = 0.35
    skull_from_mm: float = 5.0
    skull_to_mm: float = 14.0
    skull_percentile: float = 10.0
    highest_outside_fraction: float = 0.5


@dataclass(frozen=True)
class Levels:
    """Signal inside and outside the brain's boundary in one slice.

    Parameters
    ----------
    inside, outside : float
        In the image's unit; inside is the larger.
    """

    inside: float
    outside: float

    @property
    def middle(self) -> float:
        """Value halfway between both."""
        return (self.inside + self.outside) / 2

    @property
    def step(self) -> float:
        """Height of the step from outside to inside."""
        return self.inside - self.outside


def measure_levels(
    image: np.ndarray, head: np.ndarray, depth_mm: np.ndarray, parameters: LevelParameters
) -> Levels | None:
    """Measure the signal levels of one slice.

    Parameters
    ----------
    image : ndarray of float, shape (J, I)
        Smoothed slice.
    head : ndarray of bool, shape (J, I)
        Not empty.
    depth_mm : ndarray of float, shape (J, I)
        Depth in the head, 0 outside.
    parameters : LevelParameters

    Returns
    -------
    Levels or None
        None where the inside is not brighter than the outside.
    """
    inside = float(np.median(image[depth_mm > parameters.deep_fraction * depth_mm.max()]))
    skull = parameters.highest_outside_fraction * inside
    shell = (depth_mm > parameters.skull_from_mm) & (depth_mm < parameters.skull_to_mm)
    if shell.any():
        skull = min(skull, float(np.percentile(image[shell], parameters.skull_percentile)))
    air = float(np.median(image[~head])) if not head.all() else 0.0
    levels = Levels(inside, max(air, skull))
    return levels if levels.step > 0 else None
