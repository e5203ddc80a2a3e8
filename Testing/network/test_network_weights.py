"""Weight files are found, checked against their card, and refused when damaged."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from network_factory import random_model

from DSCBrainSegLib.errors import Cancelled, WeightsError
from DSCBrainSegLib.network import weights as weight_files
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.engines.load import load_engine
from DSCBrainSegLib.network.engines.options import EngineOptions

TINY = NetworkConfig(widths=(8, 16), input_size=32)
OTHERS = (weight_files.card_path, weight_files.onnx_path)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory, keras):
    """A small network in all three files."""
    from DSCBrainSegLib.training.export import REQUIRED, export_weights

    folder = tmp_path_factory.mktemp("tiny")
    model = random_model(keras, TINY)
    model.save_weights(folder / "checkpoint.weights.h5")
    target = folder / "tiny.weights.h5"
    export_weights(
        [folder / "checkpoint.weights.h5"], TINY, target, dict.fromkeys(REQUIRED, "said")
    )
    return target


@pytest.fixture
def tiny_weights(made_once, tmp_path):
    for path in (made_once, *(find(made_once) for find in OTHERS)):
        shutil.copy(path, tmp_path)
    return tmp_path / made_once.name


def test_probabilities_come_back_on_the_volume(tiny_weights):
    from DSCBrainSegLib.network.predict import predict_brain

    volume = np.random.default_rng(0).random((11, 40, 30))
    seen = []
    result = predict_brain(volume, (5.0, 2.0, 2.0), tiny_weights, lambda *step: seen.append(step))
    assert result.shape == volume.shape
    assert result.min() >= 0 and result.max() <= 1 and result.std() > 0
    assert seen[-1][:2] == (11, 11)


def test_a_slice_does_not_depend_on_its_neighbours_in_the_batch(tiny_weights):
    from DSCBrainSegLib.network.predict import predict_brain

    volume = np.random.default_rng(0).random((9, 32, 32))
    # Same extremes in both, so that the intensity scaling is the same.
    volume[0, 0, :2] = -1, 2
    alone = volume[[0, 8]]
    together = predict_brain(volume, (1, 1, 1), tiny_weights)
    apart = predict_brain(alone, (1, 1, 1), tiny_weights)
    assert np.abs(together[8] - apart[1]).max() < 0.05


def test_cancel_stops_between_batches(tiny_weights):
    from DSCBrainSegLib.network.predict import predict_brain

    with pytest.raises(Cancelled):
        predict_brain(np.random.rand(9, 32, 32), (1, 1, 1), tiny_weights, cancelled=lambda: True)


@pytest.mark.parametrize("engine, find", [("keras", Path), ("onnx", weight_files.onnx_path)])
def test_damaged_weights_are_refused(tiny_weights, engine, find):
    damaged = find(tiny_weights)
    damaged.write_bytes(damaged.read_bytes()[:-10])
    with pytest.raises(WeightsError, match=f"{damaged.name} is damaged"):
        load_engine(tiny_weights, EngineOptions(engine))


def test_an_onnx_file_that_the_card_does_not_name_is_refused(tiny_weights):
    card_file = weight_files.card_path(tiny_weights)
    card = json.loads(card_file.read_text())
    del card["onnx_sha256"]
    card_file.write_text(json.dumps(card))
    with pytest.raises(WeightsError, match=r"tiny\.onnx is not named in its model card"):
        load_engine(tiny_weights, EngineOptions())


def test_weights_of_another_network_are_refused(tiny_weights):
    card_file = tiny_weights.with_name("tiny.json")
    card = json.loads(card_file.read_text())
    card["network"]["widths"] = [4, 8, 16]
    card_file.write_text(json.dumps(card))
    with pytest.raises(WeightsError, match="does not fit"):
        weight_files.load_model(tiny_weights)


@pytest.mark.parametrize("content", ["{", "{}", "\xff"])
def test_an_unreadable_card_is_named(tiny_weights, content):
    tiny_weights.with_name("tiny.json").write_text(content, encoding="latin-1")
    with pytest.raises(WeightsError, match="tiny.json"):
        weight_files.read_card(tiny_weights)


def test_missing_files_and_wrong_names_are_named(tmp_path):
    with pytest.raises(WeightsError, match="does not exist"):
        weight_files.read_card(tmp_path / "none.weights.h5")
    with pytest.raises(WeightsError, match="must end in"):
        weight_files.read_card(tmp_path / "model.keras")


def test_the_shipped_weights_match_their_card():
    path = weight_files.default_weights()
    facts = weight_files.describe(path)
    card = weight_files.read_card(path)
    assert facts["sha256"] == card["sha256"]
    assert path.stat().st_size < 10e6
    assert weight_files.describe(weight_files.onnx_path(path)) == facts
    assert weight_files.onnx_path(path).stat().st_size < 5e6
    for section in ("data", "recipe", "figures", "limits", "licence"):
        assert card[section], f"the model card lacks {section}"
