"""Heads from whole-head label maps in the numbers of FreeSurfer (SynthSeg) or of BrainWeb."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.components import largest_component
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.simulation.anatomy.head import Head, brain_hull
from DSCBrainSegLib.simulation.anatomy.tissue import BRAIN_TISSUES, Tissue

_BY_TISSUE = {
    Tissue.WHITE_MATTER: (2, 41, 77, 78, 79, 85, 251, 252, 253, 254, 255),
    Tissue.CORTEX: (3, 42),
    Tissue.DEEP_GREY: (10, 11, 12, 17, 18, 26, 28, 49, 50, 51, 53, 54, 58, 60, 136, 137, 163, 164),
    Tissue.PALLIDUM: (13, 52),
    Tissue.CEREBELLUM_WHITE: (7, 46),
    Tissue.CEREBELLUM_CORTEX: (8, 47),
    Tissue.BRAINSTEM: (16,),
    Tissue.CSF: (24,),
    Tissue.VENTRICLE: (4, 5, 14, 15, 30, 31, 43, 44, 62, 63, 72),
    Tissue.OEDEMA: (25, 57),
    Tissue.ARTERY: (502,),
    Tissue.VEIN: (514,),
    Tissue.CORTICAL_BONE: (515,),
    Tissue.MARROW: (516,),
    Tissue.MUSCLE: (507, 508),
    Tissue.SKIN: (511,),
    Tissue.MUCOSA: (509,),
    Tissue.EYE: (506,),
    Tissue.OPTIC_NERVE: (530,),
    Tissue.SPINAL_CORD: (512,),
}
_KNOWN_LABEL_LIMIT = 1024

_BRAINWEB = (
    Tissue.AIR,
    Tissue.CSF,
    Tissue.CORTEX,
    Tissue.WHITE_MATTER,
    Tissue.FAT,
    Tissue.MUSCLE,
    Tissue.MUSCLE,  # muscle and skin; `sampling` divides the scalp by depth
    Tissue.CORTICAL_BONE,
    Tissue.VEIN,
    Tissue.MUSCLE,  # connective tissue around fat
    Tissue.DURA,
    Tissue.MARROW,
)
"""By number in BrainWeb's crisp models (Aubert-Broche et al. 2006, IEEE TMI 25:1410)."""

NECK_MM = 40
"""How far a model that is cut near the foramen magnum is continued by its lowest slice."""


def read_label_map(path: Path) -> Head:
    """Read one label map and derive the brain mask.

    A map without a number above BrainWeb's 11 is taken for one of BrainWeb's. It is continued
    downwards by its lowest slice, with the spinal cord in place of brain, because a scanner sees
    the neck, too. In FreeSurfer's numbers, labels 25 and 57 (lesions of the maps' own subjects) are
    kept as oedema-like tissue.

    Parameters
    ----------
    path : Path
        NIfTI label map, about 1 mm isotropic, any axis order.

    Returns
    -------
    Head

    Raises
    ------
    ConfigurationError
        The file is not an isotropic 1 mm map or holds no brain labels.
    """
    import nibabel

    path = Path(path)
    image = nibabel.load(path)
    target = nibabel.orientations.axcodes2ornt(("L", "P", "S"))
    source = nibabel.orientations.io_orientation(image.affine)
    image = image.as_reoriented(nibabel.orientations.ornt_transform(source, target))
    if not np.allclose(image.header.get_zooms()[:3], 1.0, atol=0.05):
        raise ConfigurationError(f"{path.name} is not a 1 mm label map; resample it to 1 mm.")
    raw = np.asarray(image.dataobj).astype(np.int32).transpose(2, 1, 0)
    is_brainweb = raw.max() < len(_BRAINWEB)
    lookup = np.array(_BRAINWEB, np.uint8) if is_brainweb else _freesurfer_lookup()
    labels = lookup[np.clip(raw, 0, len(lookup) - 1)]
    if not np.isin(labels, (Tissue.WHITE_MATTER, Tissue.CORTEX)).any():
        raise ConfigurationError(f"{path.name} holds no brain labels; a whole-head map is needed.")
    labels = _crop_to_head(labels)
    hull = brain_hull(labels)
    if is_brainweb:
        labels, hull = _with_neck(labels, hull)
    # Lesion labels are no normal tissue but lie inside the brain.
    hull |= labels == Tissue.OEDEMA
    return Head(labels=_drop_specks(labels), mask=hull, name=path.name.split(".")[0])


def _freesurfer_lookup() -> np.ndarray:
    lookup = np.full(_KNOWN_LABEL_LIMIT, Tissue.MUSCLE, np.uint8)
    lookup[0] = Tissue.AIR
    for tissue, values in _BY_TISSUE.items():
        lookup[list(values)] = tissue
    return lookup


def _with_neck(labels: np.ndarray, hull: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lowest = np.flatnonzero((labels > 0).any(axis=(1, 2)))[0]
    neck = labels[lowest].copy()
    neck[np.isin(neck, BRAIN_TISSUES)] = Tissue.SPINAL_CORD
    continued = np.concatenate([np.repeat(neck[None], NECK_MM, axis=0), labels[lowest:]])
    below = np.zeros((NECK_MM, *hull.shape[1:]), bool)
    return continued, np.concatenate([below, hull[lowest:]])


def _crop_to_head(labels: np.ndarray, margin: int = 3) -> np.ndarray:
    box = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        inside = np.flatnonzero((labels > 0).any(axis=others))
        box.append(slice(max(inside[0] - margin, 0), inside[-1] + margin + 1))
    return labels[tuple(box)]


def _drop_specks(labels: np.ndarray) -> np.ndarray:
    """Remove labelled noise outside the head (automatic labels are noisy at the skin)."""
    from scipy import ndimage

    head = largest_component(ndimage.binary_opening(labels > 0, iterations=2))
    head = ndimage.binary_dilation(head, iterations=2)
    return np.where(head, labels, np.uint8(Tissue.AIR))
