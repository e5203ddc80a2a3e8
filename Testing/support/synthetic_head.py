"""A head of nested ellipsoids: small, quick, and with every kind of tissue the simulator moves."""

import numpy as np

from DSCBrainSegLib.simulation.anatomy.head import Head, brain_hull
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps, head_maps
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

SHAPE = (110, 130, 110)


def ellipsoid(centre, radii, shape=SHAPE):
    """Bool array that is True inside an axis-aligned ellipsoid (k, j, i order)."""
    grids = np.ogrid[tuple(slice(n) for n in shape)]
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grids, centre, radii, strict=True)) < 1


def make_head() -> Head:
    """Build a head about half the size of a child's."""
    centre = np.array(SHAPE) / 2
    labels = np.zeros(SHAPE, np.uint8)
    for radii, tissue in (
        ((52, 60, 50), Tissue.SKIN),
        ((50, 58, 48), Tissue.MUSCLE),
        ((45, 53, 43), Tissue.CORTICAL_BONE),
        ((41, 49, 39), Tissue.CSF),
        ((38, 46, 36), Tissue.CORTEX),
        ((34, 42, 32), Tissue.WHITE_MATTER),
        ((10, 12, 5), Tissue.VENTRICLE),
    ):
        labels[ellipsoid(centre, radii)] = tissue
    # A sinus at the front makes the field inhomogeneous.
    labels[ellipsoid(centre - (15, 50, 0), (9, 6, 10))] = Tissue.AIR
    return Head(labels=labels, mask=brain_hull(labels), name="ellipsoids")


def make_maps() -> HeadMaps:
    """Maps of `make_head`."""
    return head_maps(make_head())
