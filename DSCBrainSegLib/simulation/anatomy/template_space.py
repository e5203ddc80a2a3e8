"""Shapes given in MNI152 coordinates, painted on the grid of a deformed head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOWEST_MM = np.array([-98.0, -134.0, -112.0])
HIGHEST_MM = np.array([98.0, 126.0, 108.0])
"""Box (x, y, z) in template mm that holds the whole head and the upper neck."""

SEARCH_MARGIN_MM = 14.0
"""Elastic deformation never moves a shape further than this out of its undeformed box."""

_COARSE_STEP = 8


@dataclass(frozen=True)
class Deformation:
    """How a head differs from the template.

    Parameters
    ----------
    scale : ndarray, shape (3,)
        Size of the head relative to the template along (x, y, z).
    broad : ndarray, shape (3, A, B, C)
        Displacement in mm along (x, y, z) that changes the shape of the head, on a coarse grid.
    fine : ndarray, shape (3, D, E, F)
        Displacement in mm on a finer grid: makes gyri individual and the sides differ.
    """

    scale: np.ndarray
    broad: np.ndarray
    fine: np.ndarray


def draw_deformation(rng: np.random.Generator) -> Deformation:
    """Draw size, aspect and elastic shape of a head.

    The MNI152 template is larger than an adult's brain (about 1.9 L against 1.2 to 1.6 L; Allen et
    al. 2002), so the mean scale is 0.91 along each axis.
    """
    size = rng.normal(0.91, 0.015)
    aspect = np.exp(rng.normal(0.0, 0.02, 3))
    broad = rng.normal(0.0, 2.0, (3, 6, 7, 6))
    # Heads are nearly symmetric: mirror the field (x displacement changes sign), keep a little.
    mirrored = broad[:, ::-1] * np.array([-1.0, 1.0, 1.0]).reshape(3, 1, 1, 1)
    return Deformation(
        scale=size * aspect / np.cbrt(aspect.prod()),
        broad=0.62 * broad + 0.38 * mirrored,
        fine=rng.normal(0.0, 1.5, (3, 17, 21, 17)),
    )


class TemplateGrid:
    """Voxels of a head (1 mm, LPS order) that know their MNI152 coordinates.

    Parameters
    ----------
    deformation : Deformation

    Attributes
    ----------
    shape : tuple of int
        (K, J, I).
    x, y, z : ndarray of float32, shape (K, J, I)
        Template coordinates of each voxel in mm: to the patient's right, front and top (RAS).
    """

    def __init__(self, deformation: Deformation):
        self._scale = np.asarray(deformation.scale, float)
        low, high = LOWEST_MM * self._scale, HIGHEST_MM * self._scale
        size = np.ceil(high - low).astype(int)
        self.shape = (int(size[2]), int(size[1]), int(size[0]))
        # LPS: i runs from right to left and j from front to back, against x and y.
        self._first = np.array([high[0], high[1], low[2]])
        self._sign = np.array([-1.0, -1.0, 1.0])
        shift = _displacement(deformation, self.shape)
        axes = (
            (self._first[a] + self._sign[a] * np.arange(n)) / self._scale[a]
            for a, n in enumerate(size)
        )
        x, y, z = (np.asarray(axis, np.float32) for axis in axes)
        self.x = shift[0] + x[None, None, :]
        self.y = shift[1] + y[None, :, None]
        self.z = shift[2] + z[:, None, None]

    def box(self, low, high) -> tuple[slice, slice, slice]:
        """Return slices (k, j, i) of a box given by two template corners (x, y, z) in mm."""
        corners = np.array([low, high], float) * self._scale
        index = np.sort((corners - self._first) * self._sign, axis=0)
        start = np.floor(index[0] - SEARCH_MARGIN_MM).astype(int)
        stop = np.ceil(index[1] + SEARCH_MARGIN_MM).astype(int)
        return tuple(
            slice(max(start[a], 0), max(min(stop[a], self.shape[2 - a]), 0)) for a in (2, 1, 0)
        )

    def ellipsoid(self, centre, radii, turn_deg: float = 0.0):
        """Find the voxels of an ellipsoid.

        Parameters
        ----------
        centre, radii : sequence of 3 float
            Template mm along (x, y, z).
        turn_deg : float
            Rotation about the x axis; positive lifts the front.

        Returns
        -------
        where : tuple of slice
            Part of the grid that was looked at.
        value : ndarray of float32
            Normalised radius there: below 1 inside.
        """
        centre, radii = np.asarray(centre, float), np.asarray(radii, float)
        reach = radii if turn_deg == 0 else np.array([radii[0], *[radii[1:].max()] * 2])
        where = self.box(centre - reach, centre + reach)
        x, y, z = self.x[where] - centre[0], self.y[where] - centre[1], self.z[where] - centre[2]
        if turn_deg:
            cosine, sine = np.cos(np.deg2rad(turn_deg)), np.sin(np.deg2rad(turn_deg))
            y, z = cosine * y + sine * z, cosine * z - sine * y
        squared = (x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2
        return where, np.sqrt(squared, dtype=np.float32)

    def tube(self, points, radius: float | tuple[float, float]):
        """Find the voxels of a tube along a polyline.

        Parameters
        ----------
        points : sequence of (x, y, z)
            Corners in template mm.
        radius : float or pair of float
            In template mm; a pair is the radius at the first and the last corner.

        Returns
        -------
        where : tuple of slice
        value : ndarray of float32
            Distance to the line over the radius: below 1 inside.
        """
        points = np.asarray(points, float)
        ends = np.broadcast_to(np.asarray(radius, float), 2)
        reach = ends.max()
        where = self.box(points.min(axis=0) - reach, points.max(axis=0) + reach)
        grid = self.x[where], self.y[where], self.z[where]
        nearest = np.full(grid[0].shape, np.inf, np.float32)
        radii = np.linspace(ends[0], ends[1], len(points))
        for a, b, r0, r1 in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
            along = b - a
            t = sum((g - p) * d for g, p, d in zip(grid, a, along, strict=True))
            t = np.clip(t / (along @ along), 0, 1).astype(np.float32)
            squared = sum((g - (p + t * d)) ** 2 for g, p, d in zip(grid, a, along, strict=True))
            nearest = np.minimum(nearest, np.sqrt(squared) / (r0 + (r1 - r0) * t))
        return where, nearest

    def sample(self, volume: np.ndarray, affine: np.ndarray) -> np.ndarray:
        """Interpolate a template image at every voxel, with 0 outside of it.

        Parameters
        ----------
        volume : ndarray, shape (X, Y, Z)
        affine : ndarray, shape (4, 4)
            Diagonal, from index (x, y, z) to RAS mm.

        Returns
        -------
        ndarray of float32, shape (K, J, I)
        """
        from scipy import ndimage

        step, first = np.diag(affine)[:3], affine[:3, 3]
        used = [np.flatnonzero(volume.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
        ends = np.array([(part[0], part[-1]) for part in used]).T
        where = self.box(*(ends * step + first))
        coordinates = [
            (part[where] - np.float32(first[a])) / np.float32(step[a])
            for a, part in enumerate((self.x, self.y, self.z))
        ]
        result = np.zeros(self.shape, np.float32)
        result[where] = ndimage.map_coordinates(volume, coordinates, np.float32, order=1)
        return result


def both_sides(points):
    """Return a point or polyline (x, y, z) given for the right side, and its mirror image."""
    points = np.asarray(points, float)
    return points, points * np.array([-1.0, 1.0, 1.0])


def smooth_noise(values: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Stretch a small array of random values smoothly over a grid.

    Parameters
    ----------
    values : ndarray, shape (A, B, C)
    shape : tuple of int
        (K, J, I).

    Returns
    -------
    ndarray of float32, shape `shape`
    """
    from scipy import ndimage

    # A cubic spline on a coarse grid, then linear steps: smooth, and quick on millions of voxels.
    coarse = [max(2, -(-n // _COARSE_STEP)) for n in shape]
    where = [np.linspace(0, old - 1, n) for old, n in zip(values.shape, coarse, strict=True)]
    grid = np.meshgrid(*where, indexing="ij")
    result = ndimage.map_coordinates(values, grid, np.float32, order=3, mode="nearest")
    for axis, size in enumerate(shape):
        result = np.moveaxis(_linear(np.moveaxis(result, axis, 0), size), 0, axis)
    return np.ascontiguousarray(result)


def _displacement(deformation: Deformation, shape) -> list[np.ndarray]:
    """Displacement along x, y and z at every voxel in mm."""
    # Random arrays are in the template's order (x, y, z); the grid is (k, j, i).
    return [
        smooth_noise(broad.T, shape) + smooth_noise(fine.T, shape)
        for broad, fine in zip(deformation.broad, deformation.fine, strict=True)
    ]


def _linear(values: np.ndarray, size: int) -> np.ndarray:
    """Stretch the first axis to `size` by linear interpolation."""
    where = np.linspace(0, len(values) - 1, size)
    lower = np.minimum(where.astype(int), len(values) - 2)
    share = (where - lower).astype(np.float32).reshape(-1, 1, 1)
    return values[lower] * (1 - share) + values[lower + 1] * share
