"""Weights that use the bolus get the fall of the signal, on the voxels of the image they see."""

import json
from dataclasses import replace

import numpy as np
import pytest

from DSCBrainSegLib import methods
from DSCBrainSegLib.case_frames import CaseFrames
from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.weights import sha256
from DSCBrainSegLib.pipeline import segment_series
from DSCBrainSegLib.results.facts import collect_facts
from DSCBrainSegLib.series import DSCSeries, write_nifti
from DSCBrainSegLib.worker.commands.segment import segment_case

FRAMES, PEAK = 40, 20
AXIAL = np.diag([4.0, 4.0, 5.0])
SAGITTAL = np.array([[0, 0, 5.0], [4.0, 0, 0], [0, -4.0, 0]])
CORONAL_UPSIDE_DOWN = np.array([[-4.0, 0, 0], [0, 0, -5.0], [0, 4.0, 0]])


def oblique(degrees):
    turn = np.radians(degrees)
    about_x = [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    return np.array(about_x) @ np.diag([-4.0, 4.0, 5.0])


def head(axes, shape=(40, 48, 50), depth=0.5):
    """A series of a head (radius 80 mm) of which only the left front upper part shows the bolus.

    That part is brighter, too, so that image and fall of the signal can be laid over each other.
    """
    affine = np.eye(4)
    affine[:3, :3] = axes
    affine[:3, 3] = -axes @ (np.array(shape[::-1]) - 1) / 2
    k, j, i = np.indices(shape)
    x, y, z = np.tensordot(affine[:3], np.stack([i, j, k, np.ones(shape)]), axes=1)
    inside = x**2 + y**2 + z**2 < 80**2
    part = inside & (x > 5) & (y < -5) & (z > 5)
    reference = np.where(part, 200.0, np.where(inside, 100.0, 2.0)).astype(np.float32)
    times = np.arange(FRAMES)
    fall = depth * np.exp(-0.5 * ((times - PEAK) / 2.5) ** 2)
    frames = reference * (1 - fall[:, None, None, None] * part)
    return DSCSeries(frames=frames.astype(np.float32), times=times * 1.5, affine=affine)


@pytest.fixture
def network(monkeypatch, tmp_path):
    """Stand in for the network; returns its calls and a weight file whose card asks for the bolus.

    The file holds no weights: nothing is computed with it.
    """
    calls = []

    def segment(volume, spacing, weights, progress, cancelled, drop=None):
        calls.append((volume, drop))
        return (volume > 50).astype(np.float32)

    fake = replace(methods.get_method("network"), segment=segment)
    monkeypatch.setitem(methods.registry._METHODS, "network", fake)
    monkeypatch.setattr("DSCBrainSegLib.network.predict.prepare_network", lambda path: None)
    return calls, weights_file(tmp_path, NetworkConfig(neighbours=1, bolus_channel=True))


def weights_file(folder, config):
    path = folder / "some.weights.h5"
    path.write_bytes(b"none")
    card = {"name": "some", "network": config.to_dict(), "sha256": sha256(path)}
    path.with_name("some.json").write_text(json.dumps(card))
    return path


@pytest.fixture
def decoded(monkeypatch):
    """Time points in the order in which they are decoded from files."""
    from DSCBrainSegLib import series as series_package

    order = []
    real = series_package.open_series

    def counting(*arguments):
        source = real(*arguments)
        decode = source.decode
        source.decode = lambda t: order.append(t) or decode(t)
        return source

    monkeypatch.setattr(series_package, "open_series", counting)
    return order


@pytest.fixture
def file(tmp_path):
    series = head(AXIAL)
    path = tmp_path / "series.nii"
    write_nifti(path, series.frames, series.affine, 1.5)
    return path


@pytest.mark.parametrize(
    ("axes", "resampled"),
    [
        (AXIAL, False),
        (oblique(25), False),
        (SAGITTAL, True),
        (oblique(60), True),
        (CORONAL_UPSIDE_DOWN, True),
    ],
    ids=["axial", "oblique", "sagittal", "steep", "coronal"],
)
def test_the_fall_lies_on_the_image_in_any_orientation(axes, resampled, network):
    calls, weights = network
    result = segment_series(head(axes), weights=weights)
    ((volume, drop),) = calls
    assert result.bolus_used and collect_facts(result)["bolus_used"] is True
    assert result.resampled == resampled
    assert drop.shape == volume.shape and drop.dtype == np.float32
    bright, fallen = volume > 150, drop > 0.2
    assert fallen.sum() > 0.8 * bright.sum()
    assert 2 * np.count_nonzero(bright & fallen) / (bright.sum() + fallen.sum()) > 0.9
    # Half of 200 in units of 198, less what three frames and three smoothed ones average away.
    assert np.median(drop[fallen]) == pytest.approx(0.48, abs=0.05)
    towards = np.argwhere(fallen).mean(axis=0) - np.argwhere(volume > 50).mean(axis=0)
    assert towards[0] > 1 and towards[1] < -1 and towards[2] > 1  # up, to the front, to the left


def test_every_frame_is_decoded_once(network, file, decoded):
    _, weights = network
    assert segment_series(file, weights=weights).bolus_used
    assert sorted(decoded) == list(range(FRAMES))
    decoded.clear()
    assert segment_series(file, frame="auto", weights=weights).bolus_used
    # The frame that is segmented is read with its header facts once more.
    assert len(decoded) <= FRAMES + 1 and set(decoded) == set(range(FRAMES))


def test_one_time_point_alone_is_read_where_the_bolus_is_not_wanted(
    network, file, decoded, tmp_path
):
    calls, weights = network
    result = segment_series(file, weights=weights, bolus=False)
    assert not result.bolus_used and collect_facts(result)["bolus_used"] is False
    plain = weights_file(tmp_path, NetworkConfig())
    assert not segment_series(file, weights=plain).bolus_used
    assert decoded == [3, 3]
    assert [drop for _, drop in calls] == [None, None]


def test_a_series_that_is_short_or_shows_no_bolus_is_segmented_by_one_time_point(network):
    calls, weights = network
    short = head(AXIAL)
    short = replace(short, frames=short.frames[10:24], times=short.times[10:24])
    short.frame_indices = np.arange(14)
    for series in (short, head(AXIAL, depth=0.0)):
        result = segment_series(series, weights=weights)
        assert not result.bolus_used
        assert not any("bolus" in text for text in result.warnings)
    assert [drop for _, drop in calls] == [None, None]


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_frame_that_cannot_be_used_costs_the_bolus_and_not_the_mask(value, network):
    calls, weights = network
    series = head(AXIAL)
    series.frames[30] = value
    result = segment_series(series, weights=weights)
    assert not result.bolus_used and calls[0][1] is None
    assert any(text.startswith("Time point 31") for text in result.warnings)


def test_a_damaged_file_is_not_named_in_the_report(network, file):
    _, weights = network
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    result = segment_series(file, weights=weights)
    assert result.mask.any() and not result.bolus_used
    assert any("cannot be read" in text for text in result.warnings)
    assert file.name not in json.dumps(collect_facts(result))


def test_frames_stay_decoded_only_while_there_is_room(file, decoded, monkeypatch):
    monkeypatch.setattr("DSCBrainSegLib.case_frames.KEPT_BYTES", 2 * 40 * 48 * 50 * 4)
    frames = CaseFrames(file)
    for index in (0, 1, 2, 0, 1, 2):
        frames.volume(index)
    assert decoded == [0, 1, 2, 2]


def test_the_worker_and_the_command_line_take_the_same_way(network, file, tmp_path):
    calls, weights = network
    fields = {"input": str(file), "output": str(tmp_path / "a"), "weights": str(weights)}
    with_it = segment_case(fields, lambda *step: None, lambda: False)
    other = {**fields, "output": str(tmp_path / "b"), "bolus": False}
    assert with_it["bolus_used"] is True
    assert segment_case(other, lambda *step: None, lambda: False)["bolus_used"] is False
    for name, extra in (("c", []), ("d", ["--no-bolus"])):
        arguments = [file, "-o", tmp_path / name, "--weights", weights, *extra]
        assert main(["segment", *map(str, arguments)]) == 0
    stored = [json.loads((tmp_path / name / "segment.json").read_text()) for name in "cd"]
    assert [facts["bolus_used"] for facts in stored] == [True, False]
    assert [drop is not None for _, drop in calls] == [True, False, True, False]
    np.testing.assert_array_equal(calls[0][1], calls[2][1])


def test_a_network_with_the_channel_computes_something_else_from_it(keras, tmp_path):
    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.network.predict import predict_brain
    from DSCBrainSegLib.preprocessing.axial import to_axial

    config = NetworkConfig(widths=(4, 8), input_size=32, neighbours=1, bolus_channel=True)
    keras.utils.set_random_seed(1)
    path = weights_file(tmp_path, config)
    build_model(config).save_weights(path)
    card = {"name": "some", "network": config.to_dict(), "sha256": sha256(path)}
    path.with_name("some.json").write_text(json.dumps(card))
    method = methods.get_method("network")
    series = head(SAGITTAL)
    axial = to_axial(series.frames[3], series.affine)
    drop = np.where(axial.volume > 150, 0.5, 0).astype(np.float32)
    alone, with_it = (
        method.with_weights(path).run(axial.volume, axial.spacing, channel)
        for channel in (None, drop)
    )
    assert np.abs(alone - with_it).max() > 1e-3
    np.testing.assert_array_equal(
        with_it, predict_brain(axial.volume, axial.spacing, path, drop=drop)
    )
