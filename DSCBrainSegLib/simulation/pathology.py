"""Lesions as shapes in head space: which tissue a point becomes and whether it is brain.

Convention: tumour (rim, necrosis, oedema), haemorrhage, infarct and a resection cavity inside the
brain's hull belong to the brain mask; extra-axial fluid and what lies in a skull defect do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.maps import HeadMaps
from DSCBrainSegLib.simulation.tissue import Tissue

LESION_KINDS = ("glioblastoma", "solid", "haemorrhage", "infarct", "cavity", "extra_axial")
LESION_ODDS = (0.40, 0.18, 0.08, 0.10, 0.14, 0.10)


@dataclass(frozen=True)
class Lesion:
    """One lesion.

    Parameters
    ----------
    kind : str
        One of `LESION_KINDS`.
    centre : tuple of float
        Head index (k, j, i) in mm.
    radius_mm : float
        Outer radius of the core; oedema reaches further.
    axes : ndarray, shape (3, 3)
        Linear map that makes the ellipsoid a sphere.
    waves : ndarray, shape (W, 5)
        Surface roughness: wave vector (3, per mm), phase, amplitude.
    rim : float
        Outer fraction of the core's radius that is solid; inside it is necrosis.
    oedema_mm : float
        Width of the oedema around the core.
    """

    kind: str
    centre: tuple[float, float, float]
    radius_mm: float
    axes: np.ndarray
    waves: np.ndarray
    rim: float
    oedema_mm: float


def draw_lesion(rng: np.random.Generator, maps: HeadMaps, kind: str | None = None) -> Lesion:
    """Draw a lesion; six in ten touch or lie close to the brain's surface.

    Parameters
    ----------
    rng : numpy.random.Generator
    maps : HeadMaps
        Head the lesion lies in.
    kind : str, optional
        One of `LESION_KINDS`; drawn if not given.
    """
    kind = kind or str(rng.choice(LESION_KINDS, p=LESION_ODDS))
    radius = float(np.cbrt(rng.uniform(0.5, 90.0) * 1000 * 3 / (4 * np.pi)))
    if kind == "extra_axial":
        radius = float(rng.uniform(25, 60))
    superficial = kind in ("cavity", "extra_axial") or rng.random() < 0.6
    lowest, highest = (1, max(2, 0.7 * radius)) if superficial else (1, 60)
    if kind == "extra_axial":
        highest = 3
    centre = _draw_centre(rng, maps.brain_depth, lowest, highest)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    stretch = np.exp(rng.normal(0.0, 0.2, 3))
    stretch /= np.cbrt(stretch.prod())
    count = 6
    wave_vectors = rng.normal(0.0, 1.0, (count, 3)) * rng.uniform(0.05, 0.25, (count, 1))
    waves = np.column_stack(
        [wave_vectors, rng.uniform(0, 2 * np.pi, count), rng.uniform(0.0, 0.10, count)]
    )
    return Lesion(
        kind=kind,
        centre=centre,
        radius_mm=radius,
        axes=(rotation.T * stretch) @ rotation,
        waves=waves,
        rim=float(rng.uniform(0.15, 0.6)),
        oedema_mm=float(rng.uniform(0, 20)) if rng.random() < 0.7 else 0.0,
    )


def apply_lesion(
    lesion: Lesion,
    points: np.ndarray,
    labels: np.ndarray,
    brain: np.ndarray,
    brain_depth: np.ndarray,
) -> None:
    """Change tissue labels and brain membership of sampled points in place.

    Parameters
    ----------
    lesion : Lesion
    points : ndarray of float32, shape (3, N)
        Head index (k, j, i) in mm of each point.
    labels : ndarray of uint8, shape (N,)
    brain : ndarray of bool, shape (N,)
    brain_depth : ndarray of uint8, shape (N,)
        Depth in mm below the brain's surface.
    """
    near, scaled = _scaled_distance(lesion, points)
    if near.size == 0:
        return
    inside = brain[near]
    if lesion.kind == "extra_axial":
        # A lens: as thick as the distance to its edge allows.
        thickness = 0.35 * lesion.radius_mm * np.sqrt(np.clip(1 - scaled, 0, None))
        chosen = near[inside & (scaled < 1) & (brain_depth[near] <= thickness)]
        labels[chosen] = Tissue.EXTRA_AXIAL_FLUID
        brain[chosen] = False
        return
    core = inside & (scaled < 1)
    if lesion.oedema_mm > 0:
        reach = 1 + lesion.oedema_mm / lesion.radius_mm
        spread = inside & (scaled < reach) & _takes_oedema(labels[near])
        labels[near[spread]] = Tissue.OEDEMA
    if lesion.kind == "glioblastoma":
        labels[near[core]] = Tissue.ENHANCING_TUMOUR
        labels[near[core & (scaled < 1 - lesion.rim)]] = Tissue.NECROSIS
    elif lesion.kind == "cavity":
        labels[near[core]] = Tissue.CAVITY
        defect = ~inside & (scaled < 1) & (labels[near] != Tissue.AIR)
        _open_skull(labels, near[defect])
    else:
        labels[near[core]] = {
            "solid": Tissue.ENHANCING_TUMOUR,
            "haemorrhage": Tissue.HAEMORRHAGE,
            "infarct": Tissue.INFARCT,
        }[lesion.kind]


def _draw_centre(rng, brain_depth, lowest, highest):
    size = np.array(brain_depth.shape)
    for _ in range(2000):
        k, j, i = (rng.random(3) * size).astype(int)
        if lowest <= brain_depth[k, j, i] <= highest:
            return float(k), float(j), float(i)
    k, j, i = np.unravel_index(int(brain_depth.argmax()), brain_depth.shape)
    return float(k), float(j), float(i)


def _scaled_distance(lesion: Lesion, points: np.ndarray):
    """Indices of the points near the lesion and their distance in units of its radius."""
    reach = 1.6 * (lesion.radius_mm + lesion.oedema_mm)
    offset = points - np.asarray(lesion.centre, np.float32)[:, None]
    near = np.flatnonzero((np.abs(offset) < reach).all(axis=0))
    offset = offset[:, near]
    distance = np.linalg.norm(lesion.axes.astype(np.float32) @ offset, axis=0)
    roughness = np.ones(near.size, np.float32)
    for *vector, phase, amplitude in lesion.waves.astype(np.float32):
        roughness += amplitude * np.sin(np.asarray(vector, np.float32) @ offset + phase)
    return near, distance / (lesion.radius_mm * roughness)


def _takes_oedema(labels: np.ndarray) -> np.ndarray:
    return (labels == Tissue.WHITE_MATTER) | (labels == Tissue.DEEP_GREY)


def _open_skull(labels: np.ndarray, chosen: np.ndarray) -> None:
    """Replace the bone over a cavity by fluid and scar, as after a craniectomy."""
    bone = np.isin(labels[chosen], (Tissue.CORTICAL_BONE, Tissue.MARROW, Tissue.DURA))
    labels[chosen[bone]] = Tissue.EXTRA_AXIAL_FLUID
