"""Intensities become comparable between scanners, and an unusable image is named."""

import numpy as np
import pytest

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.preprocessing.intensity import check_intensities, scale_intensity


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
