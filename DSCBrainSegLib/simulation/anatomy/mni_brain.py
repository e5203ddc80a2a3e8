"""Brain tissues, ventricles and vessels of a deformed MNI152 brain."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.simulation.anatomy.template_space import TemplateGrid, both_sides
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

SULCUS_CONTRAST = 0.045
"""How much darker than its surroundings the averaged template is where a sulcus runs."""

_TEMPLATE = "datasets/data/mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"

_NUCLEI = (
    # tissue, centre of the right one and radii in template mm, rotation about x in degrees
    (Tissue.DEEP_GREY, (26, 4, 1), (7, 17, 10), 0),  # putamen
    (Tissue.DEEP_GREY, (12, 15, 8), (6, 10, 9), 20),  # head of the caudate
    (Tissue.DEEP_GREY, (11, -18, 8), (9, 14, 8), 0),  # thalamus
    (Tissue.PALLIDUM, (19, -3, 0), (5, 9, 7), 0),
    (Tissue.PALLIDUM, (10, -18, -10), (5, 7, 4), 0),  # substantia nigra, red nucleus
)

_ARTERIES = (
    # corners of the right one and radius, in template mm
    ([(16, 2, -60), (15, 4, -42), (13, 8, -32), (13, 3, -26), (14, 3, -18)], 2.6),  # carotid
    ([(14, 3, -18), (26, 4, -17), (38, 2, -12), (42, -6, -3), (44, -16, 8)], 1.7),  # middle
    ([(13, 4, -18), (4, 12, -16), (3, 28, -6), (3, 38, 8), (3, 28, 22), (3, 5, 30)], 1.4),
    ([(0, -16, -22), (10, -22, -18), (20, -36, -12), (18, -60, 0), (12, -78, 6)], 1.4),  # posterior
    ([(0, -17, -44), (7, -26, -56), (14, -38, -70), (20, -36, -80)], 1.9),  # vertebral
    ([(42, -6, -3), (48, 2, 4), (47, 14, 12)], 1.2),
)
_BASILAR = ([(0, -17, -44), (0, -13, -34), (0, -16, -22)], 2.0)


def load_template() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Load the MNI152 brain that the nilearn wheel ships (Fonov et al. 2011); no network.

    Only the three files are read: importing nilearn needs scikit-learn and pandas, which are ten
    times the size of all that is used here.

    Returns
    -------
    t1, grey, white : ndarray of float32, shape (X, Y, Z)
        T1-weighted intensity without skull and tissue probability, each in [0, 1].
    affine : ndarray, shape (4, 4)
        From index (x, y, z) to RAS mm.

    Raises
    ------
    MissingPackageError
        nilearn is not installed, or no longer has the files.
    """
    import nibabel

    images = [nibabel.load(path) for path in template_files()]
    arrays = [image.get_fdata(dtype=np.float32) for image in images]
    t1, grey, white = (array / array.max() for array in arrays)
    return t1, grey, white, images[0].affine


def template_files() -> list[Path]:
    """Return the paths of T1, grey and white matter; errors as in `load_template`."""
    package = importlib.util.find_spec("nilearn")
    places = package.submodule_search_locations if package else []
    for place in places:
        files = [Path(place, *_TEMPLATE.format(kind).split("/")) for kind in ("t1", "gm", "wm")]
        if all(file.is_file() for file in files):
            return files
    raise MissingPackageError(
        "The phantom's head is made from the MNI152 brain in nilearn, which is not installed or "
        'has no such files; install it with: pip install "DSCBrainSegLib[demo]".'
    )


def brain_labels(grid: TemplateGrid, ventricle_growth_mm: float) -> np.ndarray:
    """Label brain tissue, ventricles and the fluid between gyri.

    Parameters
    ----------
    grid : TemplateGrid
    ventricle_growth_mm : float
        How far the ventricles reach beyond those of the template; 0 to 3.

    Returns
    -------
    ndarray of uint8, shape (K, J, I)
        `Tissue` values; AIR where the template has no brain.
    """
    from scipy import ndimage

    t1, grey, white, affine = load_template()
    # The template is an average of 152 brains: its sulci are shallow dips that have to be cut.
    blurred = ndimage.gaussian_filter(t1, 3.5)
    weight = ndimage.gaussian_filter((t1 > 0).astype(np.float32), 3.5)
    dip = np.where(t1 > 0, blurred / np.maximum(weight, 0.05) - t1, 0)
    t1, grey, white, dip = (grid.sample(part, affine) for part in (t1, grey, white, dip))
    brain = t1 > 0.2
    labels = np.full(grid.shape, Tissue.AIR, np.uint8)
    labels[brain] = Tissue.CORTEX
    labels[brain & (white > 0.58)] = Tissue.WHITE_MATTER
    sulcus = brain & (white < 0.25) & (dip > SULCUS_CONTRAST) & (t1 < 0.68)
    labels[sulcus | (brain & (grey + white < 0.45))] = Tissue.CSF
    _paint_hindbrain(grid, labels, brain, white)
    _paint_nuclei(grid, labels)
    _paint_ventricles(grid, labels, brain, t1, ventricle_growth_mm)
    return labels


def paint_arteries(grid: TemplateGrid, labels: np.ndarray) -> None:
    """Draw the circle of Willis and its large branches into `labels`."""
    lines = [(part, radius) for points, radius in _ARTERIES for part in both_sides(points)]
    for points, radius in [*lines, _BASILAR]:
        where, value = grid.tube(points, radius)
        labels[where][value < 1] = Tissue.ARTERY


def _paint_hindbrain(grid: TemplateGrid, labels, brain, white) -> None:
    """Tell cerebellum and brainstem from the cerebrum by where they lie."""
    where = grid.box((-65, -110, -80), (65, -10, 8))
    x, y, z = np.abs(grid.x[where]), grid.y[where], grid.z[where]
    tentorium = -2 - 0.42 * np.maximum(x - 8, 0) - 0.25 * np.maximum(-55 - y, 0)
    front = -28 - 0.55 * np.maximum(x - 18, 0)
    view, inside = labels[where], brain[where]
    cerebellum = inside & (z < tentorium) & (y < front) & (view != Tissue.CSF)
    view[cerebellum] = Tissue.CEREBELLUM_CORTEX
    view[cerebellum & (white[where] > 0.42)] = Tissue.CEREBELLUM_WHITE
    for centre, radii, turn in (
        ((0, -24, -14), (14, 11, 14), 0),  # midbrain
        ((0, -25, -32), (19, 13, 15), 0),  # pons
        ((0, -40, -56), (10, 9, 24), 25),  # medulla
    ):
        where, value = grid.ellipsoid(centre, radii, turn)
        stem = (value < 1) & brain[where] & (labels[where] != Tissue.CSF)
        labels[where][stem] = Tissue.BRAINSTEM


def _paint_nuclei(grid: TemplateGrid, labels) -> None:
    for tissue, centre, radii, turn in _NUCLEI:
        for side in both_sides(centre):
            where, value = grid.ellipsoid(side, radii, turn)
            view = labels[where]
            view[(value < 1) & ((view == Tissue.CORTEX) | (view == Tissue.WHITE_MATTER))] = tissue


def _paint_ventricles(grid: TemplateGrid, labels, brain, t1, growth_mm) -> None:
    """Fluid near the middle of the brain is ventricle, lined by white matter."""
    from scipy import ndimage

    where = grid.box((-45, -62, -48), (45, 42, 36))
    x, y, z = np.abs(grid.x[where]), grid.y[where], grid.z[where]
    lateral = (x < 36) & (y > -52) & (y < 38) & (z > 1) & (z < 32)
    # Behind the thalamus the cisterns of the pineal region are no ventricle.
    lateral &= ~((x < 9) & (y < -24) & (z < 14))
    third = (x < 5) & (y > -30) & (y < 6) & (z > -12) & (z < 12)
    fourth = (x < 12) & (y < -36) & (y > -58) & (z > -48) & (z < -18)
    view = labels[where]
    fluid = brain[where] & (t1[where] < 0.52) & (lateral | third | fourth)
    fluid = ndimage.binary_opening(fluid, iterations=1) | (fluid & third)
    distance = ndimage.distance_transform_edt(~fluid)
    grown = fluid | ((distance <= growth_mm) & (lateral | third) & (view != Tissue.CSF))
    # The averaged grey matter map has a grey seam around the ventricles that is no cortex.
    seam = ~grown & (distance < growth_mm + 4) & (view == Tissue.CORTEX) & (lateral & (z > 4))
    view[seam] = Tissue.WHITE_MATTER
    view[grown] = Tissue.VENTRICLE
