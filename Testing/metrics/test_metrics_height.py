"""Dice by height: each slice counts where it lies below the top of the brain."""

import itertools

import numpy as np
import pytest

from DSCBrainSegLib.metrics.height import HEIGHT_EDGES_MM, below_top_mm, dice_by_height


def brain_on(*slices):
    """A reference (K, 2, 2) with brain on the slices that are 1."""
    return np.broadcast_to(np.array(slices, bool)[:, None, None], (len(slices), 2, 2))


def test_slices_are_placed_by_their_distance_below_the_highest_slice_with_brain():
    below = below_top_mm(brain_on(0, 1, 1, 1, 0), [-10.0, -5.0, 0.0, 5.0, 10.0])
    np.testing.assert_array_equal(below, [np.nan, 10, 5, 0, np.nan])


def test_slices_stored_from_the_head_to_the_feet_are_at_the_same_heights():
    heights = np.array([50.0, 46.4, 42.8])
    below = below_top_mm(brain_on(0, 1, 1), heights)
    np.testing.assert_array_equal(below, [np.nan, 0, 3.6])


def test_a_spacing_that_was_rounded_in_a_file_leaves_slices_in_their_range():
    for spacing in (4.9999999, 5.0000001):
        below = below_top_mm(brain_on(1, 1, 1), spacing * np.arange(3))
        assert [each.dice.size for each in dice_by_height(below, below)][:3] == [1, 1, 1]


def test_a_reference_without_brain_has_no_heights():
    below = below_top_mm(brain_on(0, 0), [0.0, 5.0])
    assert np.isnan(below).all()
    ranges = dice_by_height(below, [1.0, 1.0])
    assert all(each.dice.size == 0 and np.isnan(each.mean) for each in ranges)


def test_every_slice_counts_once_in_its_range():
    ranges = dice_by_height([0, 4.999, 5, 139, 140, np.nan], [0.2, 0.4, 0.9, 0.7, 0.0, 0.0])
    edges = [(each.low_mm, each.high_mm) for each in ranges]
    assert edges == list(itertools.pairwise(HEIGHT_EDGES_MM))
    assert (ranges[0].dice.size, ranges[0].mean) == (2, pytest.approx(0.3))
    assert (ranges[1].dice.size, ranges[1].mean) == (1, pytest.approx(0.9))
    # 140 mm is below the last range.
    assert (ranges[-1].dice.size, ranges[-1].mean) == (1, pytest.approx(0.7))
