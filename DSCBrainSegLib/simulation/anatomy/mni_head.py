"""A whole head built around the MNI152 brain that the nilearn package ships."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.cranium import (
    DURA_MM,
    Coverings,
    distance_to_brain,
    draw_coverings,
    head_surface,
    paint_dural_sinuses,
    paint_scalp,
    paint_skull,
)
from DSCBrainSegLib.simulation.anatomy.face import (
    Cavities,
    draw_cavities,
    face_region,
    paint_canal,
    paint_cavities,
    paint_facial_bones,
    paint_orbits,
)
from DSCBrainSegLib.simulation.anatomy.head import Head, brain_hull
from DSCBrainSegLib.simulation.anatomy.mni_brain import brain_labels, paint_arteries
from DSCBrainSegLib.simulation.anatomy.template_space import (
    Deformation,
    TemplateGrid,
    draw_deformation,
)
from DSCBrainSegLib.simulation.anatomy.tissue import BRAIN_TISSUES, Tissue

THINNEST_BONE_MM = 1.0
"""What is left of the skull base between dura and orbits, sinuses or ear."""


@dataclass(frozen=True)
class HeadShape:
    """Everything drawn for one head before it is built.

    Parameters
    ----------
    deformation : Deformation
    coverings : Coverings
    cavities : Cavities
    ventricle_growth_mm : float
        How far the ventricles reach beyond the template's.
    """

    deformation: Deformation
    coverings: Coverings
    cavities: Cavities
    ventricle_growth_mm: float


def draw_head_shape(rng: np.random.Generator) -> HeadShape:
    """Draw size, shape and wall thicknesses of a head."""
    return HeadShape(
        deformation=draw_deformation(rng),
        coverings=draw_coverings(rng),
        cavities=draw_cavities(rng),
        ventricle_growth_mm=float(rng.uniform(0.0, 2.5)),
    )


def build_mni_head(seed: int = 0) -> Head:
    """Build a head with skull, scalp, face and air spaces around the MNI152 brain.

    Grey and white matter, ventricles and hindbrain come from the template (Fonov et al. 2011,
    NeuroImage 54:313); coverings and face are distance maps and simple shapes. Takes some seconds.

    Parameters
    ----------
    seed : int
        The same seed gives the same head.

    Returns
    -------
    Head

    Raises
    ------
    MissingPackageError
        nilearn is not installed.
    """
    shape = draw_head_shape(np.random.default_rng(seed))
    labels = build_labels(shape)
    return Head(labels=labels, mask=_mask_of(labels), name=f"mni152-{seed}")


def build_labels(shape: HeadShape) -> np.ndarray:
    """Build the tissue labels of a head.

    Parameters
    ----------
    shape : HeadShape

    Returns
    -------
    ndarray of uint8, shape (K, J, I)
        `Tissue` values on a 1 mm grid in LPS order.
    """
    grid = TemplateGrid(shape.deformation)
    brain = brain_labels(grid, shape.ventricle_growth_mm)
    distance = distance_to_brain(grid, brain)
    depth = head_surface(grid, distance, shape.coverings, face_region(grid))
    labels = np.full(grid.shape, Tissue.AIR, np.uint8)
    # From the outside in: what is drawn later lies on top.
    paint_scalp(labels, depth, shape.coverings)
    paint_facial_bones(grid, labels)
    paint_skull(grid, labels, distance, depth, shape.coverings)
    inner_table = distance > shape.coverings.fluid_mm + DURA_MM + THINNEST_BONE_MM
    free = inner_table & (depth > shape.coverings.skin_mm)
    paint_orbits(grid, labels, free)
    paint_cavities(grid, labels, free, shape.cavities)
    paint_canal(grid, labels)
    paint_arteries(grid, labels)
    # A pial artery is thinner than the tissue it touches: tissue wins.
    solid = np.isin(brain, BRAIN_TISSUES)
    labels[solid] = brain[solid]
    paint_dural_sinuses(grid, labels, distance, shape.coverings)
    return labels


def _mask_of(labels: np.ndarray) -> np.ndarray:
    """`brain_hull`, computed only where the brain is."""
    from scipy import ndimage

    part = ndimage.find_objects(np.isin(labels, BRAIN_TISSUES).astype(np.uint8))[0]
    part = tuple(slice(max(side.start - 4, 0), side.stop + 4) for side in part)
    mask = np.zeros(labels.shape, bool)
    mask[part] = brain_hull(labels[part])
    return mask
