"""Traces of surgery on the skull: bone flap, defect, swelling of the scalp, metal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.hull import hull_distance, hull_normal
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

CAP_FLOOR_MM = -25.0
"""Bone further below the surface point than this is the skull base, not the flap."""

SKULL_HEIGHT_MM = 6.0
"""Where metal sits: this far outside the hull."""


@dataclass(frozen=True)
class Surgery:
    """What an operation left at the skull over one point of the brain's surface.

    Parameters
    ----------
    anchor : tuple of float
        Head index (k, j, i) of the point at the hull.
    normal : tuple of float
        Unit vector out of the head there.
    flap_radius_mm : float
        Radius of the bone flap or of the defect.
    gap_mm : float
        Width of the saw cut around a flap that was put back.
    defect : bool
        The bone was left out.
    filling : Tissue
        What lies in the cut or the defect: fluid or scar.
    swelling : float
        By which factor scalp and skull are thicker over the flap, 1 = not at all.
    scalp_fluid : bool
        The swelling is fluid beneath the skin.
    metal : ndarray, shape (M, 4)
        Clips, screws, plates: head index (k, j, i) and dipole strength in ppm mm^3 (the field at
        distance r on the axis is twice the strength over r^3).
    """

    anchor: tuple[float, float, float]
    normal: tuple[float, float, float]
    flap_radius_mm: float
    gap_mm: float
    defect: bool
    filling: Tissue
    swelling: float
    scalp_fluid: bool
    metal: np.ndarray


def draw_surgery(
    rng: np.random.Generator,
    distance: np.ndarray,
    centre: tuple[float, float, float],
    cavity_radius_mm: float | None,
) -> Surgery:
    """Draw the state of the skull over a lesion.

    Parameters
    ----------
    rng : numpy.random.Generator
    distance : ndarray
        From `hull.signed_hull_distance`.
    centre : tuple of float
        The lesion's centre.
    cavity_radius_mm : float or None
        Of a resection cavity beneath, which may be open to a defect.
    """
    start = np.array(centre, float).reshape(3, 1)
    anchor = _onto_surface(distance, start, 0.0)
    normal = hull_normal(distance, anchor).ravel().astype(float)
    defect = bool(rng.random() < (0.5 if cavity_radius_mm else 0.1))
    radius = float(rng.uniform(14, 40))
    if cavity_radius_mm:
        radius = float(np.clip(cavity_radius_mm * rng.uniform(0.7, 1.3), 8, 45))
    swollen = rng.random() < 0.6
    return Surgery(
        anchor=tuple(map(float, anchor.ravel())),
        normal=tuple(map(float, normal)),
        flap_radius_mm=radius,
        gap_mm=float(rng.uniform(1.5, 4.0)),
        defect=defect,
        filling=Tissue.EXTRA_AXIAL_FLUID if rng.random() < 0.7 else Tissue.MUSCLE,
        swelling=float(rng.uniform(1.1, 2.2)) if swollen else 1.0,
        scalp_fluid=bool(rng.random() < 0.6),
        metal=_draw_metal(rng, distance, anchor, normal, radius),
    )


def open_skull(surgery: Surgery, points: np.ndarray, labels: np.ndarray, skin_depth) -> None:
    """Cut or remove the bone and fill the swollen scalp, in place.

    Parameters
    ----------
    surgery : Surgery
    points : ndarray of float32, shape (3, N)
        Head index (k, j, i) of points outside the brain's hull.
    labels : ndarray of uint8, shape (N,)
    skin_depth : ndarray of uint8, shape (N,)
        Distance to the outside of the head in mm.
    """
    height, across = _cylinder(surgery, points)
    over = height > CAP_FLOOR_MM
    bone = np.isin(labels, (Tissue.CORTICAL_BONE, Tissue.MARROW, Tissue.DURA)) & over
    if surgery.defect:
        cut = across < surgery.flap_radius_mm
    else:
        cut = np.abs(across - surgery.flap_radius_mm) < surgery.gap_mm / 2
    if surgery.scalp_fluid and surgery.swelling > 1:
        soft = np.isin(labels, (Tissue.MUSCLE, Tissue.FAT)) & over & (skin_depth > 3)
        labels[soft & (across < surgery.flap_radius_mm)] = Tissue.EXTRA_AXIAL_FLUID
    labels[bone & cut] = surgery.filling


def swelling_factor(surgery: Surgery, points: np.ndarray) -> np.ndarray:
    """Local thickening of scalp and skull at points (3, ...), 1 far from the flap."""
    height, across = _cylinder(surgery, points)
    local = np.exp(-0.5 * (across / (0.6 * surgery.flap_radius_mm + 5)) ** 2)
    return 1 + (surgery.swelling - 1) * np.where(height > CAP_FLOOR_MM, local, 0)


def metal_field_ppm(metal: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Dipole field of small metal objects, B0 along the head's long axis (k).

    Parameters
    ----------
    metal : ndarray, shape (M, 4)
        Position and strength, see `Surgery`.
    points : ndarray, shape (3, ...)

    Returns
    -------
    ndarray of float32, shape (...)
        In ppm of the static field.
    """
    total = np.zeros(points.shape[1:], np.float32)
    shape = (3,) + (1,) * (points.ndim - 1)
    for *centre, strength in metal.astype(np.float32):
        offset = points - np.asarray(centre, np.float32).reshape(shape)
        squared = np.maximum((offset**2).sum(axis=0), 4.0)
        total += strength * (3 * offset[0] ** 2 / squared - 1) / squared**1.5
    return total


def _cylinder(surgery: Surgery, points: np.ndarray):
    """Height over the anchor along the normal and distance from that axis, in mm."""
    shape = (3,) + (1,) * (points.ndim - 1)
    offset = points - np.asarray(surgery.anchor, np.float32).reshape(shape)
    normal = np.asarray(surgery.normal, np.float32).reshape(shape)
    height = (offset * normal).sum(axis=0)
    return height, np.linalg.norm(offset - height * normal, axis=0)


def _onto_surface(distance, points, height_mm: float):
    """Move points (3, P) along the normals to a parallel surface of the hull."""
    for _ in range(6):
        step = height_mm - hull_distance(distance, points)
        points = points + hull_normal(distance, points) * step
    return points


def _draw_metal(rng, distance, anchor, normal, radius) -> np.ndarray:
    count = int(rng.choice([0, 2, 3, 4, 6], p=[0.3, 0.15, 0.25, 0.2, 0.1]))
    if count == 0:
        return np.zeros((0, 4))
    across = np.linalg.svd(normal.reshape(1, 3))[2][1:]
    angles = rng.uniform(0, 2 * np.pi) + 2 * np.pi * np.arange(count) / count
    ring = anchor + radius * (across.T @ np.stack([np.cos(angles), np.sin(angles)]))
    places = _onto_surface(distance, ring, SKULL_HEIGHT_MM)
    strength = np.exp(rng.uniform(np.log(20), np.log(300)))
    return np.column_stack([places.T, strength * rng.uniform(0.5, 1.5, count)])
