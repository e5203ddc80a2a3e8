"""The pool of simulated slices: kept over a stop, drawn with the right neighbours, never alike."""

import numpy as np
import pytest

from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.training import slice_pool
from DSCBrainSegLib.training.slice_changes import changed
from DSCBrainSegLib.training.slice_pool import SLICES_PER_CASE, SlicePool

SIZE = 16
NETWORK = NetworkConfig(
    widths=(4, 8), input_size=SIZE, neighbours=1, context_mm=(15,), bolus_channel=True
)


@pytest.fixture
def unchanged(monkeypatch):
    """Slices as they were simulated, never shown without their neighbours."""
    monkeypatch.setattr(slice_pool, "changed", lambda rng, planes, mask, has_drop: (planes, mask))
    monkeypatch.setattr(slice_pool, "NO_NEIGHBOURS_PROBABILITY", 0.0)
    monkeypatch.setattr(slice_pool, "DROP_UNKNOWN_PROBABILITY", 0.0)


def make_pool(folder, **options):
    return SlicePool([], folder, folder, NETWORK, capacity=48, processes=0, **options)


def put_run(pool, value, spacing_mm):
    """A run whose slice number k shows value + k everywhere."""
    planes = np.arange(SLICES_PER_CASE).reshape(-1, 1, 1) + np.zeros((1, SIZE, SIZE)) + value
    pool._ring.put(planes / 255, planes > 0, planes / 510, spacing_mm)


def test_channels_are_the_slice_its_neighbours_and_the_slices_15_mm_away(tmp_path, unchanged):
    pool = make_pool(tmp_path)
    put_run(pool, 10, 5.0)
    images, _ = pool.draw(np.random.default_rng(0), 64)
    shown = np.rint(images[:, 0, 0] * 255).astype(int)
    k = shown[:, 1] - 10
    last = SLICES_PER_CASE - 1
    for channel, offset in ((0, -1), (2, 1), (3, -3), (4, 3)):
        np.testing.assert_array_equal(shown[:, channel] - 10, np.clip(k + offset, 0, last))
    assert np.ptp(k) > 5


def test_a_stopped_training_finds_its_slices_again(tmp_path, unchanged):
    first = make_pool(tmp_path, reuse=2.0)
    for value in (10, 40, 70):
        put_run(first, value, 3.0)
    again = make_pool(tmp_path, reuse=2.0)
    assert again.written == 3 * SLICES_PER_CASE
    rng, other = np.random.default_rng(1), np.random.default_rng(1)
    for drawn, kept in zip(again.draw(rng, 8), first.draw(other, 8), strict=True):
        np.testing.assert_array_equal(drawn, kept)


def test_the_oldest_run_is_replaced_when_the_ring_is_full(tmp_path, unchanged):
    pool = make_pool(tmp_path)
    for value in (10, 40, 70, 100, 130):
        put_run(pool, value, 3.0)
    images, _ = pool.draw(np.random.default_rng(2), 200)
    values = np.unique(np.rint(images[:, 0, 0, 1] * 255).astype(int))
    assert values.min() >= 40 and values.max() >= 130


def test_a_ring_of_another_size_is_not_taken_for_this_one(tmp_path):
    put_run(make_pool(tmp_path), 10, 3.0)
    other = SlicePool([], tmp_path, tmp_path, NETWORK, capacity=96, processes=0)
    assert other._ring.images.shape[0] == 96 // SLICES_PER_CASE
    assert not other._ring.images.any()


def test_image_and_mask_of_a_slice_are_turned_together():
    rng = np.random.default_rng(3)
    mask = np.zeros((64, 64), np.uint8)
    mask[20:44, 16:40] = 1
    for _ in range(20):
        planes = np.stack([mask, mask * 0.5]).astype(np.float32)
        new, moved = changed(rng, planes, mask, has_drop=True)
        assert new.min() >= 0 and new.max() <= 1
        inside = new[0] > new[0].max() / 2
        overlap = 2 * (inside & (moved > 0)).sum() / (inside.sum() + moved.sum())
        assert overlap > 0.97
        assert 0.5 < moved.sum() / mask.sum() < 1.5
