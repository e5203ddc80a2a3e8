"""AABL: the mask is the brain of a phantom, limited to the approximate anatomical location."""

import numpy as np
import pytest
from disc_phantom import BRAIN_SIGNAL, DiscHead, draw_disc_head

from DSCBrainSegLib.methods.baselines import aabl
from DSCBrainSegLib.metrics.overlap import overlap

SPACING = (5.0, 1.8, 1.8)


@pytest.mark.parametrize("scalp", [0.5, 0.9, 1.8], ids=["dark", "like-brain", "fat-bright"])
def test_the_mask_has_the_area_of_the_brain(scalp):
    head = DiscHead(scalp=scalp)
    image, brain, _ = draw_disc_head(head, snr=25)
    mask, found = aabl.segment_with_diagnostics(image[None], SPACING)
    area_mm2 = np.count_nonzero(mask) * 1.8 * 1.8
    assert area_mm2 == pytest.approx(np.pi * head.brain_mm**2, rel=0.03)
    assert overlap(mask[0], brain).dice > 0.98
    assert found.thresholds[0] == pytest.approx(BRAIN_SIGNAL / 2, rel=0.05)


def test_the_location_is_the_head_without_a_rim_of_8_mm():
    head = DiscHead()
    image, _, _ = draw_disc_head(head, snr=25)
    _, found = aabl.segment_with_diagnostics(image[None], SPACING)
    radius_mm = np.sqrt(np.count_nonzero(found.location) * 1.8 * 1.8 / np.pi)
    assert radius_mm == pytest.approx(head.scalp_mm - 8.0, abs=1.8)


@pytest.mark.parametrize("pixel_mm", [(0.9, 0.9), (3.6, 3.6), (1.2, 2.4)])
def test_the_area_does_not_depend_on_the_pixel_size(pixel_mm):
    head = DiscHead(scalp=1.2)
    image, brain, _ = draw_disc_head(head, pixel_mm, snr=30)
    mask, _ = aabl.segment_with_diagnostics(image[None], (5.0, *pixel_mm))
    area_mm2 = np.count_nonzero(mask) * pixel_mm[0] * pixel_mm[1]
    assert area_mm2 == pytest.approx(np.pi * head.brain_mm**2, rel=0.05)
    assert overlap(mask[0], brain).dice > 0.97


def test_a_bright_lesion_at_the_border_is_kept_and_a_dark_one_lost():
    # The paper: AABL fails on lesions near the border whose signal is low.
    place = {"lesion_centre_mm": (-55.0, 0.0), "lesion_mm": 14.0}
    for signal, kept in ((1.6, True), (0.25, False)):
        image, _, lesion = draw_disc_head(DiscHead(**place, lesion=signal), snr=25)
        share = aabl.segment(image[None], SPACING)[0][lesion].mean()
        assert (share > 0.9) if kept else (share < 0.3)


def test_a_dark_lesion_inside_is_filled():
    head = DiscHead(lesion_centre_mm=(10.0, 5.0), lesion_mm=18.0, lesion=0.2)
    image, brain, lesion = draw_disc_head(head, snr=25)
    mask = aabl.segment(image[None], SPACING)[0]
    assert mask[lesion].all()
    assert overlap(mask, brain).dice > 0.98


def test_the_largest_region_replaces_a_seed_in_an_island():
    # The middle of the brain is dark except for an island at its centre.
    head = DiscHead(lesion_mm=40.0, lesion=0.1)
    image, brain, _ = draw_disc_head(head, snr=30)
    row, column = (count // 2 for count in image.shape)
    image[row - 4 : row + 4, column - 4 : column + 4] = BRAIN_SIGNAL
    mask = aabl.segment(image[None], SPACING)[0]
    assert overlap(mask, brain).sensitivity > 0.95


def test_slices_without_a_head_are_empty_and_the_others_unharmed():
    rng = np.random.default_rng(5)
    image, brain, _ = draw_disc_head(DiscHead(), snr=25)
    small, _, _ = draw_disc_head(DiscHead(brain_mm=4, skull_mm=5, scalp_mm=6), snr=25)
    noise = np.hypot(*rng.normal(0, 40, (2, *image.shape)))
    volume = np.stack([np.zeros_like(image), noise, image, small, np.full_like(image, 9.0)])
    mask, found = aabl.segment_with_diagnostics(volume, SPACING)
    assert not mask[[0, 1, 3, 4]].any()
    assert overlap(mask[2], brain).dice > 0.98
    np.testing.assert_array_equal(np.isnan(found.thresholds), [True, True, False, True, True])
