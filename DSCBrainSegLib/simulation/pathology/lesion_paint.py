"""Put a drawn lesion into sampled points: which tissue each becomes and whether it is brain."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.anatomy.tissue import Tissue
from DSCBrainSegLib.simulation.pathology.lesions import Lesion
from DSCBrainSegLib.simulation.pathology.surgery import open_skull

_CORE = {
    "solid": Tissue.ENHANCING_TUMOUR,
    "meningioma": Tissue.ENHANCING_TUMOUR,
    "haemorrhage": Tissue.HAEMORRHAGE,
    "infarct": Tissue.INFARCT,
    "cavity": Tissue.CAVITY,
    "glioblastoma": Tissue.ENHANCING_TUMOUR,
}


def apply_lesion(
    lesion: Lesion,
    points: np.ndarray,
    labels: np.ndarray,
    brain: np.ndarray,
    brain_depth: np.ndarray,
    skin_depth: np.ndarray,
) -> None:
    """Change tissue labels and brain membership of sampled points in place.

    Parameters
    ----------
    lesion : Lesion
    points : ndarray of float32, shape (3, N)
        Head index (k, j, i) in mm of each point.
    labels : ndarray of uint8, shape (N,)
    brain : ndarray of bool, shape (N,)
    brain_depth, skin_depth : ndarray of uint8, shape (N,)
        Depth in mm below the brain's hull and below the skin.
    """
    if lesion.surgery is not None:
        reach = lesion.surgery.flap_radius_mm + 45.0
        near = _near(lesion.surgery.anchor, points, reach)
        near = near[~brain[near]]
        if near.size:
            outside = labels[near]
            open_skull(lesion.surgery, points[:, near], outside, skin_depth[near])
            labels[near] = outside
    near, scaled = _scaled_distance(lesion, points)
    if near.size == 0:
        return
    inside = brain[near]
    if lesion.kind in ("extra_axial", "craniotomy"):
        # A lens along the hull, thinner towards its edge.
        thickness = lesion.thickness_mm * np.sqrt(np.clip(1 - scaled, 0, None))
        chosen = near[inside & (scaled < 1) & (brain_depth[near] <= thickness)]
        labels[chosen] = Tissue.EXTRA_AXIAL_FLUID
        brain[chosen] = False
        return
    if lesion.oedema_mm > 0:
        reach = 1 + lesion.oedema_mm / lesion.radius_mm
        spread = inside & (scaled < reach) & _takes_oedema(labels[near])
        labels[near[spread]] = Tissue.OEDEMA
    labels[near[inside & (scaled < 1)]] = _CORE[lesion.kind]
    if lesion.kind == "glioblastoma":
        labels[near[inside & (scaled < 1 - lesion.rim)]] = Tissue.NECROSIS


def _near(centre, points: np.ndarray, reach: float) -> np.ndarray:
    offset = points - np.asarray(centre, np.float32)[:, None]
    return np.flatnonzero((np.abs(offset) < reach).all(axis=0))


def _scaled_distance(lesion: Lesion, points: np.ndarray):
    """Indices of the points near the lesion and their distance in units of its radius."""
    near = _near(lesion.centre, points, 1.6 * (lesion.radius_mm + lesion.oedema_mm))
    offset = points[:, near] - np.asarray(lesion.centre, np.float32)[:, None]
    distance = np.linalg.norm(lesion.axes.astype(np.float32) @ offset, axis=0)
    roughness = np.ones(near.size, np.float32)
    for *vector, phase, amplitude in lesion.waves.astype(np.float32):
        roughness += amplitude * np.sin(np.asarray(vector, np.float32) @ offset + phase)
    return near, distance / (lesion.radius_mm * roughness)


def _takes_oedema(labels: np.ndarray) -> np.ndarray:
    return (labels == Tissue.WHITE_MATTER) | (labels == Tissue.DEEP_GREY)
