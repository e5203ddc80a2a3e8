"""Dice by height: each slice counts where it lies below the top of the brain."""

import itertools

import numpy as np
import pytest

from DSCBrainSegLib.metrics.height import HEIGHT_EDGES_MM, below_top_mm, dice_by_height


def brain_of(*areas):
    """A reference (K, 1, 10) with that many pixels of brain on each slice."""
    return np.arange(10) < np.array(areas)[:, None, None]


def test_slices_are_placed_by_their_distance_below_the_highest_slice_with_brain():
    below = below_top_mm(brain_of(0, 8, 9, 2, 0), [-10.0, -5.0, 0.0, 5.0, 10.0])
    np.testing.assert_array_equal(below, [np.nan, 10, 5, 0, np.nan])


def test_slices_stored_from_the_head_to_the_feet_are_at_the_same_heights():
    below = below_top_mm(brain_of(0, 3, 8), [50.0, 46.4, 42.8])
    np.testing.assert_array_equal(below, [np.nan, 0, 3.6])


def test_a_spacing_that_was_rounded_in_a_file_leaves_slices_in_their_range():
    for spacing in (4.9999999, 5.0000001):
        below = below_top_mm(brain_of(9, 8, 2), spacing * np.arange(3))
        assert [each.dice.size for each in dice_by_height(below, below)][:3] == [1, 1, 1]


def test_a_field_of_view_that_cuts_the_vertex_off_shows_no_top():
    heights = [0.0, 5.0, 10.0]
    assert np.isnan(below_top_mm(brain_of(8, 10, 6), heights)).all()
    np.testing.assert_array_equal(below_top_mm(brain_of(8, 10, 5), heights), [10, 5, 0])


def test_a_reference_without_brain_has_no_heights():
    below = below_top_mm(brain_of(0, 0), [0.0, 5.0])
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
