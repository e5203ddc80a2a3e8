"""How much of a lesion a mask keeps."""

import numpy as np
import pytest

from DSCBrainSegLib.metrics.lesion import lesion_kept
from DSCBrainSegLib.metrics.overlap import overlap


def test_a_mask_without_the_tumour_keeps_none_of_it_though_its_dice_is_high():
    reference = np.ones((10, 10, 10), bool)
    lesion = np.zeros_like(reference)
    lesion[0, 0, :] = True  # 10 of 1000 voxels
    mask = reference & ~lesion
    assert lesion_kept(mask, lesion, reference) == 0.0
    assert overlap(mask, reference).dice == pytest.approx(2 * 990 / (990 + 1000))


def test_share_is_of_the_lesion_inside_the_reference():
    reference = np.array([1, 1, 1, 1, 0, 0], bool)
    lesion = np.array([0, 1, 1, 1, 1, 0], bool)
    mask = np.array([1, 1, 0, 0, 1, 1], bool)
    assert lesion_kept(mask, lesion, reference) == pytest.approx(1 / 3)


def test_no_lesion_inside_the_reference_gives_no_figure():
    reference = np.array([1, 1, 0], bool)
    assert np.isnan(lesion_kept(reference, ~reference, reference))


def test_arrays_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        lesion_kept(np.ones(2, bool), np.ones(3, bool), np.ones(3, bool))
