"""The bolus does not push the outline off the edge that a reader sees."""

import numpy as np
import pytest
from mni_head_once import mni_maps

from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.pipeline import to_mask
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.preprocessing.intensity import signal_drop
from DSCBrainSegLib.simulation.series.volumes import simulate_volume

SEEDS = (3, 5, 8, 9)
"""Scanners, contrasts and slices of their own."""


def signed_distance_mm(outline_of, mask, pixel_mm):
    """Mean in-plane distance of a mask's outline from another one's, positive outside the other."""
    from scipy import ndimage

    distances = []
    for drawn, other in zip(outline_of, mask, strict=True):
        if drawn.any() and other.any():
            edge = drawn & ~ndimage.binary_erosion(drawn)
            out, into = (ndimage.distance_transform_edt(each) for each in (~other, other))
            distances.append((out - np.maximum(into - 1, 0))[edge])
    return float(np.concatenate(distances).mean() * pixel_mm)


def test_the_distance_between_a_disc_and_a_larger_one_is_their_radii_s_difference():
    grid = np.hypot(*np.ogrid[-32:33, -32:33])[None]
    assert signed_distance_mm(grid < 20, grid < 17, 2.0) == pytest.approx(6.0, abs=0.5)
    assert signed_distance_mm(grid < 17, grid < 20, 2.0) == pytest.approx(-6.0, abs=0.5)


def test_outlines_with_and_without_the_bolus_lie_within_0_3_mm():
    network, distances = get_method("network"), []
    for seed in SEEDS:
        volume = simulate_volume(seed, mni_maps(), bolus=True)
        axial = to_axial(volume.image, volume.affine)
        drop = to_axial(signal_drop(volume.image, volume.peak), volume.affine).volume
        alone, with_bolus = (
            to_mask(network, axial, network.run(axial.volume, axial.spacing, given))
            for given in (None, drop)
        )
        distances.append(signed_distance_mm(with_bolus, alone, axial.spacing[1]))
    assert abs(np.mean(distances)) < 0.3, distances
