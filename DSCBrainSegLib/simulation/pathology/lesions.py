"""Lesions and traces of surgery in head space: what is drawn for each of them.

Convention (docs/simulation.md): what lies inside the brain's hull belongs to the mask - tumour with
rim, necrosis and oedema, meningioma, haemorrhage, infarct, resection cavity - except extra-axial
fluid. Fluid in a skull defect or in the scalp does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.hull import hull_normal
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.pathology.surgery import Surgery, draw_surgery
from DSCBrainSegLib.simulation.pathology.warp import Push

LESION_ODDS = {
    "glioblastoma": 0.38,
    "solid": 0.13,
    "haemorrhage": 0.08,
    "infarct": 0.07,
    "cavity": 0.14,
    "extra_axial": 0.08,
    "meningioma": 0.06,
    "craniotomy": 0.06,
}
"""How often each kind is drawn [our choice]."""

LESION_KINDS = tuple(LESION_ODDS)

VOLUME_ML = (1.0, 150.0)
"""Range of a core's volume; its logarithm is drawn evenly."""

SUPERFICIAL_PROBABILITY = 0.6
WAVE_COUNT = 6


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
        Outer radius of the core; oedema reaches further. Of extra-axial fluid: radius of the lens.
    axes : ndarray, shape (3, 3)
        Linear map that makes the ellipsoid a sphere.
    waves : ndarray, shape (W, 5)
        Surface roughness: wave vector (3, per mm), phase, amplitude.
    rim : float
        Outer fraction of the core's radius that is solid; inside it is necrosis.
    oedema_mm : float
        Width of the oedema around the core.
    thickness_mm : float
        Largest thickness of extra-axial fluid.
    push : Push or None
        Mass effect.
    bloom_per_s : float
        Additional R2* at the surface of a haemorrhage or of a cavity with blood products at its
        rim; falls with the third power of the distance from the centre.
    surgery : Surgery or None
        Bone flap or defect, swelling and metal over the lesion.
    """

    kind: str
    centre: tuple[float, float, float]
    radius_mm: float
    axes: np.ndarray
    waves: np.ndarray
    rim: float
    oedema_mm: float
    thickness_mm: float = 0.0
    push: Push | None = None
    bloom_per_s: float = 0.0
    surgery: Surgery | None = None


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
    kind = kind or str(rng.choice(LESION_KINDS, p=list(LESION_ODDS.values())))
    radius, lowest, highest, thickness = _draw_size(rng, kind)
    centre = _draw_centre(rng, maps.brain_depth, lowest, highest)
    if kind == "cavity":
        surgery = draw_surgery(rng, maps.hull_distance, centre, radius)
    elif kind == "craniotomy":
        surgery = draw_surgery(rng, maps.hull_distance, centre, None)
    elif kind in ("glioblastoma", "solid") and highest < radius and rng.random() < 0.15:
        surgery = draw_surgery(rng, maps.hull_distance, centre, None)  # after a biopsy
    else:
        surgery = None
    oedema = 0.0
    if kind not in ("extra_axial", "craniotomy", "infarct") and rng.random() < 0.7:
        oedema = float(rng.uniform(0, 22 if kind == "glioblastoma" else 12))
    bloom = 0.0
    if kind == "haemorrhage" or (kind in ("cavity", "glioblastoma") and rng.random() < 0.3):
        bloom = float(np.exp(rng.uniform(np.log(8), np.log(90 if kind == "haemorrhage" else 30))))
    return Lesion(
        kind=kind,
        centre=centre,
        radius_mm=radius,
        axes=_draw_axes(rng),
        waves=_draw_waves(rng),
        rim=float(rng.uniform(0.15, 0.6)),
        oedema_mm=oedema,
        thickness_mm=thickness,
        push=_draw_push(rng, maps, kind, centre, radius, thickness),
        bloom_per_s=bloom,
        surgery=surgery,
    )


def bloom_rate(lesion: Lesion, points: np.ndarray) -> np.ndarray | None:
    """Additional R2* that blood products cause at points, per second; None if there are none.

    Parameters
    ----------
    lesion : Lesion
    points : ndarray, shape (3, ...)
        Head index (k, j, i).

    Returns
    -------
    ndarray of float32, shape (...), or None
    """
    if lesion.bloom_per_s <= 0:
        return None
    shape = (3,) + (1,) * (points.ndim - 1)
    offset = points - np.asarray(lesion.centre, np.float32).reshape(shape)
    scaled = np.linalg.norm(np.tensordot(lesion.axes.astype(np.float32), offset, 1), axis=0)
    scaled /= lesion.radius_mm
    rate = np.float32(lesion.bloom_per_s) / np.maximum(scaled, 1.0) ** 3
    if lesion.kind != "haemorrhage":  # a rim, not a clot
        rate *= np.clip((scaled - 0.75) / 0.2, 0.0, 1.0)
    return np.where(scaled < 3, rate, 0).astype(np.float32)


def _draw_size(rng, kind):
    """Radius, range of the centre's depth and lens thickness, all in mm."""
    volume = np.exp(rng.uniform(*np.log(VOLUME_ML)))
    if kind in ("haemorrhage", "meningioma"):
        volume = np.exp(rng.uniform(0.0, np.log(80.0)))
    radius = float(np.cbrt(volume * 1000 * 3 / (4 * np.pi)))
    if kind == "extra_axial":
        return float(rng.uniform(35, 90)), 1, 3, float(rng.uniform(4, 20))
    if kind == "craniotomy":
        # Half of them with some fluid below the flap.
        thickness = float(rng.uniform(3, 9)) if rng.random() < 0.5 else 0.0
        return float(rng.uniform(22, 45)), 1, 3, thickness
    if kind == "meningioma":
        return radius, 1, max(2.0, 0.5 * radius), 0.0
    if kind == "cavity" or rng.random() < SUPERFICIAL_PROBABILITY:
        return radius, 1, max(2.0, 0.7 * radius), 0.0
    return radius, 1, 60, 0.0


def _draw_push(rng, maps, kind, centre, radius, thickness):
    power = float(rng.uniform(1.0, 2.0))
    if kind in ("glioblastoma", "solid", "haemorrhage", "meningioma"):
        return Push(centre, radius, float(rng.uniform(0.05, 0.5)), power)
    if kind == "cavity" and rng.random() < 0.5:
        # Tissue sinks into a cavity or the cavity is under tension.
        return Push(centre, radius, float(rng.uniform(-0.25, 0.2)), power)
    if thickness > 0:
        outside = np.array(centre) + 25.0 * hull_normal(
            maps.hull_distance, np.array(centre).reshape(3, 1)
        ).ravel().astype(float)
        share = float(rng.uniform(0.3, 1.0)) * thickness / 35.0
        return Push(tuple(map(float, outside)), 35.0, share, power)
    return None


def _draw_axes(rng) -> np.ndarray:
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    stretch = np.exp(rng.normal(0.0, 0.2, 3))
    stretch /= np.cbrt(stretch.prod())
    return (rotation.T * stretch) @ rotation


def _draw_waves(rng) -> np.ndarray:
    vectors = rng.normal(0.0, 1.0, (WAVE_COUNT, 3)) * rng.uniform(0.05, 0.25, (WAVE_COUNT, 1))
    phases = rng.uniform(0, 2 * np.pi, WAVE_COUNT)
    return np.column_stack([vectors, phases, rng.uniform(0.0, 0.10, WAVE_COUNT)])


def _draw_centre(rng, brain_depth, lowest, highest):
    size = np.array(brain_depth.shape)
    for _ in range(2000):
        k, j, i = (rng.random(3) * size).astype(int)
        if lowest <= brain_depth[k, j, i] <= highest:
            return float(k), float(j), float(i)
    k, j, i = np.unravel_index(int(brain_depth.argmax()), brain_depth.shape)
    return float(k), float(j), float(i)
