"""Otsu's threshold is the one its formula gives; blank slices stay empty; lengths are in mm."""

import numpy as np
import pytest
from disc_phantom import DiscHead, draw_disc_head

from DSCBrainSegLib.methods.baselines import otsu
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.preprocessing.blank import blank_slices
from DSCBrainSegLib.preprocessing.morphology import close_slices, depth_in_slices, open_slices
from DSCBrainSegLib.preprocessing.threshold import otsu_threshold

SPACING = (5.0, 1.8, 1.8)


def within_class_variance(values, threshold):
    lower, upper = values[values <= threshold], values[values > threshold]
    if not lower.size or not upper.size:
        return np.inf
    return (lower.size * lower.var() + upper.size * upper.var()) / values.size


def test_no_other_threshold_separates_the_classes_better():
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.integers(0, 120, 700), rng.integers(90, 256, 400)])
    values[:2] = 0, 255
    best = min(within_class_variance(values, t) for t in range(255))
    found = otsu_threshold(values.astype(float))
    assert within_class_variance(values, found) == pytest.approx(best, rel=1e-9)


def test_two_values_are_cut_halfway():
    # Every cut between the values is equally good.
    assert otsu_threshold(np.array([10.0] * 5 + [20.0] * 3)) == pytest.approx(15.0, abs=0.1)
    assert np.isnan(otsu_threshold(np.full(9, 4.0)))


def test_the_threshold_agrees_with_scikit_image():
    filters = pytest.importorskip("skimage.filters")
    for seed in range(5):
        image, _, _ = draw_disc_head(DiscHead(), snr=15, seed=seed)
        bin_width = np.ptp(image) / 256
        # scikit-image gives the centre of the last lower bin, we its upper edge.
        assert otsu_threshold(image) == pytest.approx(
            filters.threshold_otsu(image) + bin_width / 2, abs=1.01 * bin_width
        )


def test_a_threshold_follows_the_intensity_scale_and_the_mask_does_not():
    image, _, _ = draw_disc_head(DiscHead(), snr=20)
    mask, found = otsu.segment_with_diagnostics(image[None], SPACING)
    scaled, scaled_found = otsu.segment_with_diagnostics(image[None] * 0.001, SPACING)
    np.testing.assert_array_equal(mask, scaled)
    assert scaled_found.thresholds[0] == pytest.approx(found.thresholds[0] * 0.001, rel=1e-4)


def test_plain_otsu_keeps_the_scalp_and_post_processing_removes_it():
    image, brain, _ = draw_disc_head(DiscHead(), snr=20)
    plain = otsu.segment(image[None], SPACING)[0]
    cleaned = otsu.segment_post_processed(image[None], SPACING)[0]
    assert np.count_nonzero(plain & ~brain) > 0.1 * np.count_nonzero(brain)
    assert overlap(cleaned, brain).dice > 0.98


def test_one_threshold_for_the_volume_on_request():
    image, _, _ = draw_disc_head(DiscHead(), snr=20)
    volume = np.stack([image, 0.5 * image])
    _, per_slice = otsu.segment_with_diagnostics(volume, SPACING)
    parameters = otsu.OtsuParameters(per_volume=True)
    _, per_volume = otsu.segment_with_diagnostics(volume, SPACING, parameters)
    assert per_slice.thresholds[0] > 1.9 * per_slice.thresholds[1]
    assert per_volume.thresholds[0] == per_volume.thresholds[1]


def test_noise_is_blank_and_a_faint_head_is_not():
    rng = np.random.default_rng(0)
    noise = np.hypot(*rng.normal(0, 10, (2, 3, 128, 128)))
    interpolated = np.kron(noise[:, ::2, ::2], np.ones((1, 2, 2)))
    for volume in (np.zeros((2, 64, 64)), np.full((2, 64, 64), 7.0), noise, interpolated):
        assert blank_slices(volume.astype(np.float32), (1.8, 1.8)).all()
    head, _, _ = draw_disc_head(DiscHead(), snr=3)
    assert not blank_slices(head[None].astype(np.float32), (1.8, 1.8)).any()


def test_unusable_input_is_refused():
    with pytest.raises(ValueError, match="3-D"):
        otsu.segment(np.zeros((8, 8)), SPACING)
    with pytest.raises(ValueError, match="positive lengths"):
        otsu.segment(np.zeros((1, 8, 8)), (5.0, 0.0, 1.8))


def test_morphology_acts_over_the_same_mm_at_any_pixel_size():
    for pixel in (0.5, 1.0):
        strip = np.zeros((1, round(60 / pixel), round(60 / pixel)), bool)
        strip[:, round(20 / pixel) : round(26 / pixel)] = True  # 6 mm wide
        assert open_slices(strip, 2.0, (pixel, pixel)).any()
        assert not open_slices(strip, 3.5, (pixel, pixel)).any()
        closed = close_slices(~strip, 3.5, (pixel, pixel))
        away_from_edge = slice(round(4 / pixel), -round(4 / pixel))
        assert closed[:, :, away_from_edge].all(), "a gap of 6 mm is bridged"
        assert closed[~strip].all(), "nothing is taken away, at the image's edge either"
        assert depth_in_slices(strip, (pixel, pixel)).max() == pytest.approx(3.0, abs=pixel / 2)


def test_a_radius_below_a_pixel_is_the_cross():
    from scipy import ndimage

    rng = np.random.default_rng(1)
    mask = rng.random((1, 30, 30)) < 0.7
    cross = ndimage.generate_binary_structure(2, 1)[None]
    expected = ndimage.binary_opening(mask, cross)
    np.testing.assert_array_equal(open_slices(mask, 1.8, (3.4, 3.4)), expected)
    np.testing.assert_array_equal(open_slices(mask, 1.8, (1.875, 1.875)), expected)
