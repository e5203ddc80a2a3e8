"""Slices go onto the network's grid and back without a shift; intensities are scaled."""

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.preprocessing.grid import to_network_grid
from DSCBrainSegLib.preprocessing.intensity import scale_intensity


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((5, 128, 128), (5.0, 1.8, 1.8)),
        ((5, 64, 64), (5.0, 3.4, 3.4)),
        ((5, 256, 256), (5.0, 0.9, 0.9)),
        ((5, 96, 128), (5.0, 1.8, 1.8)),
        ((5, 128, 96), (5.0, 1.7, 2.3)),
    ],
)
def test_a_mask_survives_the_round_trip(shape, spacing):
    mask = ball(shape, spacing, 60.0)
    slices, grid = to_network_grid(mask.astype(float), spacing)
    assert slices.shape == (shape[0], 128, 128)
    back = grid.back(slices) > 0.5
    overlap = 2 * np.count_nonzero(back & mask) / (mask.sum() + back.sum())
    assert overlap > 0.985


def test_position_is_kept_in_mm():
    spacing = (5.0, 2.0, 1.5)
    volume = np.zeros((1, 60, 100))
    volume[0, 20:30, 70:80] = 1
    slices, grid = to_network_grid(volume, spacing)
    rows, columns = np.indices(slices.shape[1:])
    found = np.array([(slices[0] * rows).sum(), (slices[0] * columns).sum()]) / slices[0].sum()
    # Pixel centres in mm from the middle of the padded square.
    expected = np.array([(24.5 + 0.5 - 30) * 2.0, (74.5 + 0.5 - 50) * 1.5])
    np.testing.assert_allclose((found + 0.5 - 64) * grid.pixel_mm, expected, atol=0.1)


def test_shrinking_averages_instead_of_aliasing():
    stripes = np.tile([0.0, 1.0], 128)[None, None, :] * np.ones((1, 256, 1))
    slices, _ = to_network_grid(stripes, (1, 1, 1), 64)
    inner = slices[0, 8:-8, 8:-8]
    assert inner.min() > 0.4 and inner.max() < 0.6


def test_intensities_end_at_zero_and_one_and_bright_voxels_do_not_darken_the_rest():
    volume = np.linspace(0, 1000, 20_000).reshape(5, 40, 100)
    volume[0, 0, 0] = 1e6
    scaled = scale_intensity(volume)
    assert scaled.min() == 0 and scaled.max() == 1
    assert scaled[2, 20, 50] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("bad", [np.full((2, 3, 4), 7.0), np.full((2, 3, 4), np.nan)])
def test_images_without_content_are_refused(bad):
    with pytest.raises(SeriesError):
        scale_intensity(bad)
