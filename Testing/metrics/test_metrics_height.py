"""Dice by height: each slice counts where it lies below the top of the brain."""

import numpy as np
import pytest

from DSCBrainSegLib.metrics.height import HEIGHT_EDGES_MM, mean_by_height, slices_by_height


def column(*pixels):
    """A volume (K, 1, 10) with that many pixels set on each slice, from the feet to the head."""
    return np.arange(10) < np.array(pixels)[:, None, None]


def test_slices_are_placed_by_their_distance_below_the_highest_slice_with_brain():
    reference = column(0, 4, 4, 4, 0, 0)
    mask = column(4, 4, 2, 0, 4, 0)
    below_top, dice = slices_by_height(mask, reference, 5.0)
    assert below_top.tolist() == [10.0, 5.0, 0.0]
    # 2 TP / (2 TP + FP + FN): all, half of the pixels found, none.
    assert dice == pytest.approx([1.0, 2 * 2 / (2 * 2 + 2), 0.0])


def test_the_top_is_that_of_the_whole_reference_when_only_some_slices_are_compared():
    reference = column(4, 4, 4, 4)
    compared = np.array([True, True, False, False])
    below_top, dice = slices_by_height(reference, reference, 3.0, compared)
    assert below_top.tolist() == [9.0, 6.0]
    assert dice.tolist() == [1.0, 1.0]


def test_a_spacing_that_was_rounded_in_a_file_leaves_slices_in_their_range():
    volume = column(4, 4, 4)
    for spacing in (4.9999999, 5.0000001):
        below_top, dice = slices_by_height(volume, volume, spacing)
        assert [each.count for each in mean_by_height(below_top, dice)][:3] == [1, 1, 1]


def test_a_reference_without_brain_has_no_heights():
    below_top, dice = slices_by_height(column(4, 4), column(0, 0), 5.0)
    assert below_top.size == dice.size == 0
    ranges = mean_by_height(below_top, dice)
    assert all(each.count == 0 and np.isnan(each.dice) for each in ranges)


def test_every_slice_counts_once_in_its_range():
    ranges = mean_by_height([0, 4.999, 5, 139, 140, -3], [0.2, 0.4, 0.9, 0.7, 0.0, 0.0])
    assert [(each.low_mm, each.high_mm) for each in ranges] == list(
        zip(HEIGHT_EDGES_MM, HEIGHT_EDGES_MM[1:], strict=False)
    )
    assert (ranges[0].count, ranges[0].dice) == (2, pytest.approx(0.3))
    assert (ranges[1].count, ranges[1].dice) == (1, pytest.approx(0.9))
    # 140 mm is below the last range, and what lies above the top is in none.
    assert (ranges[-1].count, ranges[-1].dice) == (1, pytest.approx(0.7))


def test_masks_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        slices_by_height(column(1, 1), column(1, 1, 1), 5.0)
