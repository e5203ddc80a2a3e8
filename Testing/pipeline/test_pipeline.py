"""A series goes in, a mask comes out on the series' own voxels."""

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.errors import Cancelled, ConfigurationError, SeriesError, WeightsError
from DSCBrainSegLib.methods import get_method, list_methods, register_method
from DSCBrainSegLib.pipeline import segment_case, segment_series
from DSCBrainSegLib.series import DSCSeries, read_series


def test_a_file_becomes_a_mask_of_the_fourth_time_point(series_file, threshold_method):
    result = segment_series(series_file, threshold_method)
    np.testing.assert_array_equal(result.mask, ball())
    assert result.frame.index == 3
    assert result.image.max() == pytest.approx(930)
    assert result.volume_ml == pytest.approx(ball().sum() * 45 / 1000)
    assert set(result.timings) >= {"read headers", "read frame", "segment", "clean up"}


def test_only_the_frame_that_is_needed_is_decoded(threshold_method, monkeypatch, series_file):
    from DSCBrainSegLib import series as series_package

    decoded = []
    real = series_package.open_series

    def counting(*arguments):
        source = real(*arguments)
        decode = source.decode
        source.decode = lambda t: decoded.append(t) or decode(t)
        return source

    monkeypatch.setattr(series_package, "open_series", counting)
    segment_series(series_file, threshold_method, frame=2)
    assert decoded == [2]


@pytest.mark.parametrize("order", [[0, 1, 2], [1, 2, 0], [0, 2, 1]], ids=["ax", "sag", "cor"])
def test_a_series_in_memory_of_any_orientation(order, threshold_method):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, order] * [3.0, 3.0, 3.5]
    mask = ball((30, 40, 44), (3.5, 3.0, 3.0), 40.0)
    frames = np.where(mask, 100.0, 5.0)[None].repeat(4, axis=0)
    series = DSCSeries(frames=frames, times=np.arange(4) * 1.5, affine=affine)
    result = segment_series(series, threshold_method)
    assert result.mask.shape == mask.shape
    assert result.resampled == (order != [0, 1, 2])
    shared = 2 * np.count_nonzero(result.mask & mask) / (mask.sum() + result.mask.sum())
    assert shared > 0.95


def test_the_network_s_mask_is_one_piece_without_holes_and_a_baseline_s_is_left_alone():
    from dataclasses import replace

    volume = ball().astype(float)
    volume[5, 22, 15] = 0
    volume[0, 0, 0] = 1
    method = replace(get_method("otsu"), segment=lambda volume, spacing: volume > 0.5)
    affine = np.diag([3.0, 3.0, 5.0, 1.0])
    series = DSCSeries(frames=volume[None], times=np.zeros(1), affine=affine)
    np.testing.assert_array_equal(segment_case(series, method).mask, volume > 0.5)
    cleaned = segment_case(series, replace(method, clean=True))
    np.testing.assert_array_equal(cleaned.mask, ball())


def test_what_the_command_line_offers_is_what_is_registered():
    names = [method.name for method in list_methods()]
    assert names[:5] == ["network", "otsu", "otsu-post", "aabl", "cusum"]
    with pytest.raises(ValueError, match="exists already"):
        register_method(get_method("otsu"))


def test_problems_are_named(series_file, threshold_method, tmp_path):
    with pytest.raises(ConfigurationError, match="no segmentation method 'magic'"):
        segment_series(series_file, "magic")
    with pytest.raises(ConfigurationError, match="choose 1 to 6"):
        segment_series(series_file, threshold_method, frame=6)
    with pytest.raises(ConfigurationError, match="no weights"):
        segment_series(series_file, threshold_method, weights=tmp_path / "x.weights.h5")
    with pytest.raises(WeightsError, match="no weights file"):
        segment_series(series_file, "network", weights=tmp_path / "x.weights.h5")
    with pytest.raises(SeriesError, match="does not exist"):
        segment_series(tmp_path / "nothing", threshold_method)
    with pytest.raises(Cancelled):
        segment_series(series_file, threshold_method, cancelled=lambda: True)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_frame_without_content_is_named(value, threshold_method):
    frames = np.full((4, 3, 8, 8), value)
    frames[0] = np.random.default_rng(0).random((3, 8, 8))
    series = DSCSeries(frames=frames, times=np.arange(4.0), affine=np.eye(4))
    with pytest.raises(SeriesError, match="Time point 4"):
        segment_series(series, threshold_method)


def test_a_mask_of_implausible_volume_draws_a_warning(threshold_method, series_file):
    series = read_series(series_file)
    series.affine[:3, :3] /= 4
    warnings = segment_series(series, threshold_method).warnings
    assert any("unusual" in warning for warning in warnings)


def test_every_mask_is_judged_and_what_is_unusual_is_a_warning(series_file, threshold_method):
    result = segment_series(series_file, threshold_method)
    assert result.quality.confidence is None
    assert result.quality.per_slice_confidence == (None,) * len(result.mask)
    series = read_series(series_file)
    series.frames[:, :, :, :20] = 40
    cut = segment_series(series, threshold_method)
    assert set(cut.quality.warnings) <= set(cut.warnings)
    assert "judge" in cut.timings


def test_a_calibration_that_cannot_be_used_is_told_before_any_work(tmp_path):
    import json
    import shutil

    from DSCBrainSegLib.network.weights import card_path, default_weights

    weights = tmp_path / default_weights().name
    shutil.copy(default_weights(), weights)
    card = json.loads(card_path(default_weights()).read_text(encoding="utf-8"))
    card_path(weights).write_text(json.dumps({**card, "quality": {"slice": 1}}), encoding="utf-8")
    with pytest.raises(WeightsError, match="calibration"):
        segment_series(tmp_path / "nothing", "network", weights=weights)
