"""Follow a boundary in one image with a CUSUM filter on a path that weaves across it.

The tracker is that of Chen, Wittman, Tartakovsky & Bertozzi, "Efficient boundary tracking through
sampling" (AMRX 2011(2):182-214), which the abstract of Alkhimova & Krenevych (arXiv 1907.03865)
follows closely: a point moves in arcs, turning towards the inside while it is outside and the other
way while it is inside; two one-sided cumulative sums of the samples decide, in noise, that it has
crossed, and the last position where the sum was zero is the change point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.methods.baselines.cusum_levels import Levels
from DSCBrainSegLib.methods.baselines.polygon import fill_polygon

FULL_TURN = 2 * math.pi


@dataclass(frozen=True)
class StepParameters:
    """How the tracker moves and what it takes for a crossing: one set of the retry cascade.

    Parameters
    ----------
    step_mm : float
        Length of a step.
    turn_rad : float
        Change of direction per step. The arcs' radius is ``step_mm / turn_rad``; below about 4.5 mm
        the tracker may circle in place.
    dead_zone : float
        Deviation from the middle level that is not counted, as a fraction of the level step.
    crossing_sum : float
        Cumulative sum that makes a crossing, as a fraction of the level step.
    reflection_rad : float
        Angle to the estimated boundary at which the tracker leaves a crossing.
    """

    step_mm: float
    turn_rad: float
    dead_zone: float
    crossing_sum: float
    reflection_rad: float


@dataclass(frozen=True)
class ClosingParameters:
    """When a track starts and ends.

    Parameters
    ----------
    start_angles_deg : tuple of float
        Directions of the rays from the centre that seek the start point, in order; 0 = towards
        larger columns, 90 = towards larger rows.
    nearest_start_mm : float
        A start point lies farther than this from the centre.
    closing_distance_mm : float
        After a full turn about the centre, the track is closed this near its start point.
    most_turns : float
        Turns about the centre after which the track is given up.
    most_steps : int
        Steps after which the track is given up. Closing takes about 500, seldom over 2,000.
    """

    start_angles_deg: tuple[float, ...] = (180.0, 0.0, 135.0, 45.0, -135.0, -45.0)
    nearest_start_mm: float = 20.0
    closing_distance_mm: float = 11.0
    most_turns: float = 1.6
    most_steps: int = 3_000


@dataclass(frozen=True)
class Track:
    """A path along a boundary.

    Parameters
    ----------
    closed : bool
        It came back to its start after a turn about the centre, and the polygon through the
        boundary points holds the centre. (A path that weaves past the centre, or twice around it,
        turns about it without enclosing it.)
    path_mm : ndarray of float, shape (N, 2)
        Every position in mm along (column, row) axes; the first pixel's centre is the origin.
    change_points_mm : ndarray of float, shape (M, 2)
        The boundary points found, in the same coordinates; the start point comes first.
    """

    closed: bool
    path_mm: np.ndarray
    change_points_mm: np.ndarray


class Sampler:
    """Linear interpolation in one slice at positions in mm; beyond the edge the signal fades to 0.

    Plain Python numbers in one list: the tracker reads one position at a time, and indexing an
    array for each costs several times as much.

    Parameters
    ----------
    image : ndarray of float, shape (J, I)
    pixel_mm : tuple of float
        Pixel size in mm along (j, i).
    ceiling : float
        Larger values are cut, so that bright fat or fluid does not saturate the sums.
    """

    def __init__(self, image: np.ndarray, pixel_mm: tuple[float, float], ceiling: float):
        padded = np.pad(np.minimum(image, ceiling), 1)
        self._values = padded.ravel().tolist()
        self._rows, self._columns = padded.shape
        self._per_row, self._per_column = 1 / pixel_mm[0], 1 / pixel_mm[1]

    def __call__(self, x_mm: float, y_mm: float) -> float:
        column = x_mm * self._per_column + 1
        row = y_mm * self._per_row + 1
        if not (0 <= column < self._columns - 1 and 0 <= row < self._rows - 1):
            return 0.0
        i, j = int(column), int(row)
        column -= i
        row -= j
        values, corner = self._values, j * self._columns + i
        upper = values[corner] + column * (values[corner + 1] - values[corner])
        corner += self._columns
        lower = values[corner] + column * (values[corner + 1] - values[corner])
        return upper + row * (lower - upper)


def find_start(
    sample: Sampler,
    levels: Levels,
    centre_mm: tuple[float, float],
    reach_mm: float,
    step: StepParameters,
    closing: ClosingParameters,
) -> tuple[tuple[float, float], float] | None:
    """Seek a boundary point on rays from the centre.

    A ray crosses from inside to outside where the lower cumulative sum says so, as on the track. If
    that is nearer than the closest start allowed (a dark ventricle), the ray goes on and first has
    to come back inside.

    Parameters
    ----------
    sample : Sampler
    levels : Levels
    centre_mm : tuple of float
        Column and row coordinate in mm.
    reach_mm : float
        Length of the rays.
    step : StepParameters
    closing : ClosingParameters

    Returns
    -------
    (start_mm, direction_rad) or None
        Start point and the ray's direction; None if no ray finds one.
    """
    for degrees in closing.start_angles_deg:
        angle = math.radians(degrees)
        along = math.cos(angle), math.sin(angle)
        crossing = _CrossingFilter(levels, step, inside=True)
        for index in range(int(reach_mm / step.step_mm)):
            distance = index * step.step_mm
            position = centre_mm[0] + distance * along[0], centre_mm[1] + distance * along[1]
            change = crossing.add(sample(*position), position)
            if change is None or crossing.inside:
                continue
            if math.dist(change, centre_mm) > closing.nearest_start_mm:
                return change, angle
    return None


def follow_boundary(
    sample: Sampler,
    levels: Levels,
    centre_mm: tuple[float, float],
    reach_mm: float,
    step: StepParameters,
    closing: ClosingParameters,
) -> Track:
    """Follow the boundary once around the centre.

    Parameters
    ----------
    sample : Sampler
    levels : Levels
    centre_mm : tuple of float
        Column and row coordinate in mm of a point inside the boundary.
    reach_mm : float
        How far from the centre a start point is sought.
    step : StepParameters
    closing : ClosingParameters

    Returns
    -------
    Track
        Not closed and without points if there is no start point.
    """
    start = find_start(sample, levels, centre_mm, reach_mm, step, closing)
    if start is None:
        return Track(False, np.empty((0, 2)), np.empty((0, 2)))
    (x0, y0), ray = start
    (x, y), theta = (x0, y0), ray + math.pi / 2
    crossing = _CrossingFilter(levels, step, inside=False)
    path, change_points = [(x, y)], [(x, y)]
    step_mm, steps_since_crossing = step.step_mm, 0
    turned, bearing = 0.0, ray
    closed = False
    for _ in range(closing.most_steps):
        steps_since_crossing += 1
        theta += -step.turn_rad if crossing.inside else step.turn_rad
        x += step_mm * math.cos(theta)
        y += step_mm * math.sin(theta)
        change = crossing.add(sample(x, y), (x, y))
        if change is not None:
            change_points.append(change)
            arc = min(steps_since_crossing * step.turn_rad, math.pi)
            correction = arc / 2 - step.reflection_rad
            theta += -correction if crossing.inside else correction
            step_mm, steps_since_crossing = step.step_mm, 0
        elif steps_since_crossing * step.turn_rad > FULL_TURN:
            # A whole circle without a crossing: the boundary is farther off, draw a larger one.
            step_mm, steps_since_crossing = 2 * step_mm, 0
        path.append((x, y))
        new_bearing = math.atan2(y - centre_mm[1], x - centre_mm[0])
        turned += math.remainder(new_bearing - bearing, FULL_TURN)
        bearing = new_bearing
        if turned > FULL_TURN:
            closed = math.hypot(x - x0, y - y0) < closing.closing_distance_mm
            if closed or turned > closing.most_turns * FULL_TURN:
                break
    closed = closed and _enclose(change_points, centre_mm)
    return Track(closed, np.array(path), np.array(change_points))


def _enclose(corners_mm: list[tuple[float, float]], point_mm: tuple[float, float]) -> bool:
    """Tell whether a polygon, filled by the even-odd rule, holds a point."""
    corners = np.array(corners_mm) - np.array(point_mm)
    return bool(fill_polygon(corners[:, ::-1], (1, 1))[0, 0])


class _CrossingFilter:
    """Two-sided CUSUM filter: tells when a moving point has changed sides, and where it did.

    Parameters
    ----------
    levels : Levels
    step : StepParameters
        Gives the dead zone and the sum that makes a crossing.
    inside : bool
        Which side the point starts on.
    """

    def __init__(self, levels: Levels, step: StepParameters, inside: bool):
        self.inside = inside
        self._middle = levels.middle
        self._dead_zone = step.dead_zone * levels.step
        self._crossing_sum = step.crossing_sum * levels.step
        self._sum = 0.0  # of evidence for the other side, never negative
        self._last_zero: tuple[float, float] | None = None

    def add(self, value: float, position: tuple[float, float]) -> tuple[float, float] | None:
        """Take the next sample; return the change point if the point has changed sides."""
        evidence = self._middle - value if self.inside else value - self._middle
        self._sum = max(0.0, self._sum + evidence - self._dead_zone)
        if self._sum == 0.0 or self._last_zero is None:
            self._last_zero = position
        if self._sum <= self._crossing_sum:
            return None
        change, self._last_zero = self._last_zero, position
        self._sum = 0.0
        self.inside = not self.inside
        return change
