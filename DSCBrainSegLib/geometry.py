"""Voxel size and volume of a grid from its affine, and rigid motion of a head.

One convention of motion everywhere, in patient LPS+ mm: a motion takes a point of the head from
where it lies in the reference frame to where it lies in another frame,

    x' = R (x - c) + c + t,    R = Rz(rz) Ry(ry) Rx(rx),

with c the centre of the voxel grid. Translations are positive towards the patient's left, back and
top; a positive angle turns counter-clockwise, seen against the axis.
"""

from __future__ import annotations

import numpy as np

PARAMETER_NAMES = ("x_mm", "y_mm", "z_mm", "rx_deg", "ry_deg", "rz_deg")
"""Order of the six numbers: translations in mm, then rotations in degrees, along x, y, z of LPS."""

CONVENTION = "head from reference frame to frame, x' = R (x - c) + c + t in LPS, R = Rz Ry Rx"
"""What files with motion in them say of it."""


def voxel_spacing(affine: np.ndarray) -> tuple[float, float, float]:
    """Return the voxel size in mm along (k, j, i).

    Parameters
    ----------
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to mm.
    """
    i, j, k = np.linalg.norm(np.asarray(affine)[:3, :3], axis=0)
    return float(k), float(j), float(i)


def voxel_volume_ml(affine: np.ndarray) -> float:
    """Return the volume of one voxel in mL; `affine` (4, 4) leads to mm."""
    return float(abs(np.linalg.det(np.asarray(affine)[:3, :3])) / 1000.0)


def volume_centre(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return the centre (3,) in mm of a grid of `shape` (K, J, I) with `affine` (4, 4)."""
    middle = [(count - 1) / 2 for count in reversed(shape)]
    return (np.asarray(affine, float) @ [*middle, 1.0])[:3]


def rigid_matrix(parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Build the matrix of a motion.

    Parameters
    ----------
    parameters : ndarray, shape (6,)
        See `PARAMETER_NAMES`.
    centre : ndarray, shape (3,)
        What the head turns about, in mm.

    Returns
    -------
    ndarray, shape (4, 4)
        From position (x, y, z, 1) in the reference frame to position in the moved frame.
    """
    parameters, centre = np.asarray(parameters, float), np.asarray(centre, float)
    cosine, sine = np.cos(np.deg2rad(parameters[3:])), np.sin(np.deg2rad(parameters[3:]))
    turn = np.eye(3)
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        about = np.eye(3)
        about[one, one] = about[two, two] = cosine[axis]
        about[one, two], about[two, one] = -sine[axis], sine[axis]
        turn = about @ turn
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = centre - turn @ centre + parameters[:3]
    return matrix


def rigid_parameters(matrix: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return the six numbers (6,) of a rigid matrix (4, 4); the inverse of `rigid_matrix`.

    Rotations about y must stay below 90 degrees.
    """
    matrix, centre = np.asarray(matrix, float), np.asarray(centre, float)
    turn = matrix[:3, :3]
    angles = (
        np.arctan2(turn[2, 1], turn[2, 2]),
        np.arcsin(np.clip(-turn[2, 0], -1.0, 1.0)),
        np.arctan2(turn[1, 0], turn[0, 0]),
    )
    return np.concatenate([matrix[:3, 3] + turn @ centre - centre, np.rad2deg(angles)])
