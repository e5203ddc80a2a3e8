"""Face, orbits, air-filled sinuses, ears, jaw and neck as shapes in template coordinates.

Positions are read off the outlines of adult heads in MNI152 space, rounded to whole millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.anatomy.template_space import TemplateGrid, both_sides, smooth_noise
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

_SURFACE_ELLIPSOIDS = (
    # centre on the right (or in the middle), radii, rotation about x in degrees
    ((0, 20, -46), (70, 63, 46), 0),  # mid-face
    ((30, 52, -46), (22, 24, 24), 0),  # lids and cheeks
    ((0, 68, -25), (42, 18, 10), 0),  # brow
    ((48, 46, -54), (19, 25, 16), 0),  # cheek bones
    ((0, 58, -80), (42, 34, 22), 0),  # upper jaw and lips
    ((0, 48, -104), (44, 44, 24), 0),  # chin
    ((50, 8, -74), (23, 40, 44), 0),  # masseter, parotid
    ((0, -66, -58), (62, 44, 40), 0),  # nape
    ((10, 90, -69), (9, 13, 9), 0),  # wing of the nose
    ((73, -30, -40), (7, 14, 26), -15),  # ear
)
_NECK = ([(0, -34, -50), (0, -30, -130)], 60)
_NOSE = ([(0, 77, -34), (0, 86, -50), (0, 97, -66)], (8, 13))
_EYE = (33, 55, -38)
_ORBIT_APEX = (17, 19, -30)


@dataclass(frozen=True)
class Cavities:
    """How large the air spaces are.

    Parameters
    ----------
    frontal, maxillary, sphenoid, mastoid : float
        Linear size relative to the average; a frontal sinus of 0 is absent.
    mucosa_mm : float
        Swelling of the lining.
    cells : ndarray, shape (N, N, N)
        Random values that divide ethmoid and mastoid into cells.
    """

    frontal: float
    maxillary: float
    sphenoid: float
    mastoid: float
    mucosa_mm: float
    cells: np.ndarray


def draw_cavities(rng: np.random.Generator) -> Cavities:
    """Draw the pneumatisation of a head."""
    return Cavities(
        frontal=float(rng.choice([0.0, rng.uniform(0.6, 1.3)], p=[0.1, 0.9])),
        maxillary=float(rng.uniform(0.8, 1.1)),
        sphenoid=float(rng.uniform(0.7, 1.15)),
        mastoid=float(rng.uniform(0.6, 1.15)),
        mucosa_mm=float(rng.uniform(0.8, 2.5)),
        cells=rng.normal(0.0, 1.0, (36, 44, 36)),
    )


def face_region(grid: TemplateGrid) -> np.ndarray:
    """Space that face, ears and neck take up.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    region = np.zeros(grid.shape, bool)
    for centre, radii, turn in _SURFACE_ELLIPSOIDS:
        for side in both_sides(centre):
            where, value = grid.ellipsoid(side, radii, turn)
            region[where] |= value < 1
    for points, radius in (_NECK, _NOSE):
        where, value = grid.tube(points, radius)
        region[where] |= value < 1
    return region


def paint_facial_bones(grid: TemplateGrid, labels: np.ndarray) -> None:
    """Draw skull base, upper and lower jaw, cheek bones and vertebrae below the brain."""
    for side in both_sides([(58, -26, -46), (34, -18, -42), (12, -10, -38)]):
        _bone(grid, labels, *grid.tube(side, (12, 6)), marrow=0.0)  # petrous bone
    for side in both_sides([(56, -34, -50), (54, -32, -62)]):
        _bone(grid, labels, *grid.tube(side, (13, 8)), marrow=0.0)  # mastoid
    _bone(grid, labels, *grid.tube([(0, 6, -36), (0, -8, -46), (0, -22, -62)], (11, 6)), 0.75)
    _bone(grid, labels, *grid.ellipsoid((0, 20, -40), (18, 16, 12)), marrow=0.8)  # sphenoid
    for side in both_sides([(58, 40, -50), (66, 22, -52), (68, 0, -50)]):
        _bone(grid, labels, *grid.tube(side, (5, 3)), marrow=0.5)  # zygomatic arch
    _bone(grid, labels, *grid.ellipsoid((0, 52, -80), (34, 32, 7)), marrow=0.7)  # palate
    for side in both_sides([(50, -2, -58), (50, 4, -84), (40, 34, -104), (12, 66, -106)]):
        _bone(grid, labels, *grid.tube(side, (5, 8)), marrow=0.65)  # lower jaw
    for side in both_sides([(40, 32, -78), (30, 62, -92)]):
        _bone(grid, labels, *grid.tube(side, 6), marrow=0.3)  # teeth
    _bone(grid, labels, *grid.tube([(0, -32, -74), (0, -32, -112)], 9), marrow=0.8)  # dens, C2, C3
    for side in both_sides([(10, -38, -84), (16, -48, -84), (10, -62, -84), (0, -66, -84)]):
        _bone(grid, labels, *grid.tube(side, 5), marrow=0.6)  # atlas and arches
    for side in both_sides((40, 34, -76)):
        where, value = grid.ellipsoid(side, (9, 16, 12))
        labels[where][(value < 1) & (labels[where] == Tissue.MUSCLE)] = Tissue.FAT


def paint_canal(grid: TemplateGrid, labels: np.ndarray) -> None:
    """Draw the spinal cord in its fluid below the foramen magnum."""
    line = [(0, -48, -68), (0, -50, -82), (0, -52, -120)]
    where, value = grid.tube(line, 11)
    keep = np.isin(labels[where], (Tissue.BRAINSTEM, Tissue.CEREBELLUM_CORTEX))
    labels[where][(value < 1) & ~keep] = Tissue.CSF
    where, value = grid.tube(line, 6)
    keep = labels[where] == Tissue.BRAINSTEM
    labels[where][(value < 1) & ~keep] = Tissue.SPINAL_CORD


def paint_orbits(grid: TemplateGrid, labels: np.ndarray, free: np.ndarray) -> None:
    """Draw orbital fat, eye muscles, optic nerves and globes with lenses.

    Parameters
    ----------
    grid : TemplateGrid
    labels : ndarray of uint8, shape (K, J, I)
        Changed in place.
    free : ndarray of bool, shape (K, J, I)
        Outside the dura and below the skin, where something may be drawn.
    """
    for eye, apex in zip(both_sides(_EYE), both_sides(_ORBIT_APEX), strict=True):
        side = np.sign(eye[0])
        where, value = grid.tube([eye, (eye + apex) / 2, apex], (19, 5))
        front = grid.y[where] < 66
        _put(labels, where, (value < 1.13) & front & free[where], Tissue.CORTICAL_BONE)
        _put(labels, where, (value < 1.0) & front & free[where], Tissue.FAT)
        for across, up in ((11, 0), (-11, 0), (0, 11), (0, -11)):
            start = eye + np.array([across, -8, up])
            middle = (eye + apex) / 2 + np.array([0.7 * across, 0, 0.7 * up])
            where, value = grid.tube([start, middle, apex], 2.0)
            _put(labels, where, (value < 1) & free[where], Tissue.MUSCLE)
        nerve = [eye - np.array([side * 2, 11, 0]), (eye + apex) / 2, apex]
        chiasm = [apex, np.array([side * 7, 8, -22]), np.array([0, 3, -19])]
        where, value = grid.tube(nerve, 3.0)
        _put(labels, where, (value < 1) & free[where], Tissue.CSF)
        for part in (nerve, chiasm):
            where, value = grid.tube(part, 1.9)
            _put(labels, where, value < 1, Tissue.OPTIC_NERVE)
        where, value = grid.ellipsoid(eye, (13, 13, 13))
        _put(labels, where, value < 1.1, Tissue.MUSCLE)  # sclera and lids
        _put(labels, where, value < 1.0, Tissue.EYE)
        where, value = grid.ellipsoid(eye + np.array([0, 8.5, 0]), (5, 2.5, 5))
        _put(labels, where, value < 1, Tissue.MUSCLE)  # the lens has little free water


def paint_cavities(grid: TemplateGrid, labels, free: np.ndarray, cavities: Cavities) -> None:
    """Draw the air spaces of nose, sinuses, throat and ears with their lining.

    Parameters
    ----------
    grid, labels, free
        As for `paint_orbits`.
    cavities : Cavities
    """
    cells = smooth_noise(cavities.cells, grid.shape)

    def hollow(found, open_part=None, lining=True):
        where, value = found
        reach = (value < 1) & free[where] & (labels[where] != Tissue.EYE)
        _put(labels, where, reach, Tissue.MUCOSA if lining else Tissue.CORTICAL_BONE)
        inner = value < 1 - cavities.mucosa_mm / 14
        if open_part is not None:
            inner &= open_part[where]
        _put(labels, where, reach & inner, Tissue.AIR)

    x = np.abs(grid.x)
    nose = ((x > 1.6) & (x < 4.5)) | ((x > 8.5) & (np.mod(grid.z, 13) > 7))
    hollow(grid.ellipsoid((0, 52, -60), (15, 40, 17)), nose)
    hollow(grid.ellipsoid((0, 48, -42), (14, 22, 12)), cells > -0.5)  # ethmoid
    hollow(grid.ellipsoid((0, 20, -41), np.array([14, 13, 9]) * cavities.sphenoid), x > 0.8)
    hollow(grid.ellipsoid((0, 6, -66), (13, 11, 15)))  # nasopharynx
    hollow(grid.tube([(0, 0, -78), (0, -8, -125)], (9, 8)))
    if cavities.frontal > 0:
        size = np.array([13, 6, 15]) * cavities.frontal
        for side in both_sides((12, 75, -15)):
            hollow(grid.ellipsoid(side, size), lining=False)
    for side in both_sides((29, 46, -62)):
        radii = np.array([14, 18, 15]) * cavities.maxillary
        where, value = grid.ellipsoid(side, radii * 1.1)
        _put(labels, where, (value < 1) & free[where], Tissue.CORTICAL_BONE)
        hollow((where, value * np.float32(1.1)))
    for side in both_sides((57, -34, -50)):
        radii = np.array([10, 13, 14]) * cavities.mastoid
        hollow(grid.ellipsoid(side, radii), cells > -0.2, lining=False)
    for side in both_sides([(92, -22, -44), (76, -20, -43), (58, -20, -42)]):
        where, value = grid.tube(side, 3.2)
        _put(labels, where, value < 1, Tissue.AIR)  # ear canal, open to the outside
    for side in both_sides((50, -20, -41)):
        hollow(grid.ellipsoid(side, (6, 6, 7)), lining=False)  # middle ear


def _bone(grid: TemplateGrid, labels, where, value, marrow: float) -> None:
    """Draw compact bone, with marrow up to a fraction of its radius."""
    free = ~np.isin(labels[where], (Tissue.AIR, Tissue.SKIN))
    _put(labels, where, (value < 1) & free, Tissue.CORTICAL_BONE)
    _put(labels, where, (value < marrow) & free, Tissue.MARROW)


def _put(labels: np.ndarray, where, chosen: np.ndarray, tissue: Tissue) -> None:
    labels[where][chosen] = tissue
