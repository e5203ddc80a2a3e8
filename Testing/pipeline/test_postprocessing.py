"""The cleaned mask is the brain without holes."""

import numpy as np
from bright_ball import ball

from DSCBrainSegLib.postprocessing import clean_mask


def test_eyes_and_specks_beside_the_brain_go():
    mask = ball()
    mask[2, 1:3, 1:3] = True
    np.testing.assert_array_equal(clean_mask(mask), ball())


def test_a_brain_in_two_parts_because_a_slice_has_no_signal_is_kept_whole():
    mask = ball()
    mask[4] = False
    assert 0.1 < mask[:4].sum() / mask[5:].sum() < 1
    np.testing.assert_array_equal(clean_mask(mask), mask)


def test_ventricles_left_out_are_filled_even_where_they_open_to_the_next_slice():
    mask = ball()
    mask[4, 20:23, 14:17] = False
    mask[3:6, 26, 20] = False
    np.testing.assert_array_equal(clean_mask(mask), ball())


def test_a_tunnel_to_the_outside_through_slices_is_filled_in_each_slice():
    mask = np.zeros((3, 7, 7), dtype=bool)
    mask[:, 1:6, 1:6] = True
    mask[:, 3, 3] = False
    assert clean_mask(mask)[:, 1:6, 1:6].all()


def test_a_notch_in_the_edge_is_not_a_hole():
    mask = np.zeros((1, 7, 7), dtype=bool)
    mask[0, 1:6, 1:6] = True
    mask[0, 3, 3:6] = False
    np.testing.assert_array_equal(clean_mask(mask), mask)


def test_an_empty_mask_stays_empty():
    assert not clean_mask(np.zeros((2, 4, 4), dtype=bool)).any()
