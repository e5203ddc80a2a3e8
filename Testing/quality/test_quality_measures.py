"""Figures of a mask alone: areas, jumps, left against right, edges, holes, pieces."""

import numpy as np
import pytest
from bright_ball import ball
from scipy import ndimage

from DSCBrainSegLib.quality.measures import area_jumps, asymmetries, measure_planes
from DSCBrainSegLib.quality.plausibility import impossible, unusual_volume

SPACING = (5.0, 2.0, 2.0)


def head(shape=(9, 90, 90), spacing=SPACING, turned_degrees=0.0):
    """An ellipsoid, longer from front to back, whose midline is turned in the plane."""
    k, j, i = np.indices(shape)
    z, y, x = (
        (axis - (count - 1) / 2) * step
        for axis, count, step in zip((k, j, i), shape, spacing, strict=True)
    )
    angle = np.radians(turned_degrees)
    along, across = y * np.cos(angle) + x * np.sin(angle), x * np.cos(angle) - y * np.sin(angle)
    return (along / 78) ** 2 + (across / 60) ** 2 + (z / 40) ** 2 < 1


def test_areas_are_in_square_centimetres():
    mask = np.zeros((3, 40, 40), bool)
    mask[1, 10:30, 10:35] = True
    found = measure_planes(mask, mask, SPACING)
    assert found.area_cm2.tolist() == [0, 20, 0]


@pytest.mark.parametrize("turned", [0.0, 12.0, -20.0])
def test_a_turned_head_is_not_asymmetric(turned):
    mask = head(turned_degrees=turned)
    assert asymmetries(mask, SPACING).max() < 0.05


def test_a_missing_quarter_is_seen_on_its_planes_only():
    mask = head()
    mask[4, :45, :45] = False
    found = asymmetries(mask, SPACING)
    assert found[4] > 0.2
    assert np.delete(found, 4).max() < 0.1


def test_pixels_that_are_not_square_are_no_asymmetry():
    spacing = (5.0, 2.0, 3.0)
    mask = head((9, 90, 60), spacing, 15.0)
    assert asymmetries(mask, spacing).max() < 0.06


def test_the_jump_is_the_distance_to_the_neighbours_mean_over_the_largest_area():
    jumps = area_jumps(np.array([0.0, 50, 100, 40, 100, 60, 0]))
    assert jumps.tolist() == pytest.approx([0, 0, 0.55, 0.6, 0.5, 0, 0])
    assert not area_jumps(np.zeros(5)).any()
    assert not area_jumps(np.array([10.0, 90.0])).any()


def test_the_edge_is_measured_in_millimetres_along_it():
    mask = np.zeros((2, 20, 30), bool)
    mask[0, 5:15, 25:] = True
    mask[1, 18:, 3:9] = True
    found = measure_planes(mask, mask, (5.0, 2.0, 3.0))
    assert found.edge_mm.tolist() == [20.0, 18.0]


def test_holes_and_pieces_are_those_before_cleaning():
    from DSCBrainSegLib.postprocessing import clean_mask

    raw = ball()
    raw[5, 20:24, 14:18] = False
    raw[1, 1:4, 1:4] = True
    found = measure_planes(clean_mask(raw), raw, (5.0, 3.0, 3.0))
    assert found.holes_cm2[5] == pytest.approx(16 * 0.09)
    assert found.apart_cm2[1] == pytest.approx(9 * 0.09)
    assert np.count_nonzero(found.holes_cm2) == np.count_nonzero(found.apart_cm2) == 1


def test_an_empty_mask_measures_nothing():
    empty = np.zeros((3, 10, 10), bool)
    found = measure_planes(empty, empty, SPACING)
    assert not any(values.any() for values in vars(found).values())


def test_noise_in_the_outline_is_not_taken_for_asymmetry():
    rng = np.random.default_rng(0)
    rough = ndimage.gaussian_filter(rng.normal(size=(9, 90, 90)), (0, 3, 3)) * 2
    mask = ndimage.gaussian_filter(head().astype(float), (0, 2, 2)) + 0.2 * rough > 0.5
    assert asymmetries(mask, SPACING)[2:7].max() < 0.12


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        ((6, 1.5, 1.5), ""),
        ((1, 0.2, 0.2), "field of view of 26 x 26 mm"),
        ((9, 6, 6), "No brain has"),
    ],
)
def test_what_cannot_be_a_head_is_said(spacing, words):
    mask = np.zeros((20, 128, 128), bool)
    mask[2:18, 34:94, 39:89] = True
    said = impossible(measure_planes(mask, mask, spacing), mask.shape, spacing)
    assert (words in said) if words else said == ""


def test_volume_of_a_single_slice_is_not_called_unusual():
    mask = np.zeros((1, 128, 128), bool)
    mask[0, 34:94, 39:89] = True
    measures = measure_planes(mask, mask, (5, 1.5, 1.5))
    assert not any(
        "unusual for a brain" in text for text in unusual_volume(measures, (5, 1.5, 1.5), True)
    )
