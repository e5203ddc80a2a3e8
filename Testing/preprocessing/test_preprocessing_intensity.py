"""Intensities become comparable between scanners, and an unusable image is named."""

import numpy as np
import pytest

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.preprocessing.intensity import (
    check_intensities,
    intensity_range,
    scale_intensity,
)


def test_scanner_units_do_not_matter():
    volume = np.random.default_rng(0).gamma(2.0, 100.0, (4, 32, 32))
    scaled = scale_intensity(volume)
    assert scaled.dtype == np.float32 and scaled.min() == 0 and scaled.max() == 1
    np.testing.assert_allclose(scale_intensity(volume * 37 - 900), scaled, atol=1e-6)


def test_a_few_very_bright_voxels_do_not_darken_the_rest():
    volume = np.linspace(0, 1000, 8 * 32 * 32).reshape(8, 32, 32)
    volume.flat[:5] = 1e6
    assert scale_intensity(volume)[4].mean() == pytest.approx(0.56, abs=0.01)
    assert scale_intensity(volume, cap_percentile=100)[4].mean() < 0.001


def test_a_lone_bright_spot_is_still_an_image():
    volume = np.zeros((4, 64, 64))
    volume[2, 30, 30] = 5.0
    assert scale_intensity(volume)[2, 30, 30] == 1


def head_like(seed=0):
    volume = np.random.default_rng(seed).rayleigh(8.0, (8, 32, 32))
    volume[:, 8:24, 8:24] += 600
    return volume


@pytest.mark.parametrize("value", [-32768, -2000, -1])
@pytest.mark.parametrize("share", [0.0001, 0.3, 0.7])
def test_overflow_and_padding_leave_the_brain_as_bright_as_it_was(value, share):
    volume, padded = head_like(), head_like()
    outside = np.ones(volume.shape, bool)
    outside[:, 8:24, 8:24] = False
    count = max(int(share * outside.sum()), 1)
    padded.flat[np.flatnonzero(outside)[:count]] = value
    brain = ~outside
    np.testing.assert_allclose(
        scale_intensity(padded)[brain], scale_intensity(volume)[brain], atol=5e-3
    )


def test_ordinary_image_is_scaled_as_by_its_minimum():
    volume = head_like()
    low, high = intensity_range(volume)
    assert high == pytest.approx(np.percentile(volume, 99.9))
    assert 0 <= low - volume.min() < 0.002 * high


def test_image_that_was_normalised_keeps_its_dark_half():
    volume = head_like()
    normal = (volume - volume.mean()) / volume.std()
    np.testing.assert_allclose(scale_intensity(normal), scale_intensity(volume), atol=1e-5)


@pytest.mark.parametrize(
    ("volume", "words"),
    [
        (np.full((2, 4, 4), 7), "every voxel has the value 7"),
        (np.array([[[0.0, np.nan]]]), "not numbers"),
        (np.array([[[0.0, np.inf]]]), "not numbers"),
        (np.zeros((0, 4, 4)), "no voxels"),
    ],
)
def test_an_unusable_image_is_named_in_one_sentence(volume, words):
    with pytest.raises(SeriesError, match=words) as caught:
        check_intensities(volume, "Time point 4 of scan.nii.gz")
    assert str(caught.value).startswith("Time point 4 of scan.nii.gz ")
