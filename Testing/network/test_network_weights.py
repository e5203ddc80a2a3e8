"""Weight files are found, checked against their card, and refused when damaged."""

import json

import numpy as np
import pytest

from DSCBrainSegLib.errors import Cancelled, WeightsError
from DSCBrainSegLib.network import weights as weight_files
from DSCBrainSegLib.network.config import NetworkConfig

TINY = NetworkConfig(widths=(4, 8), input_size=32)


@pytest.fixture
def tiny_weights(tmp_path, keras):
    from DSCBrainSegLib.network.model import build_model

    keras.utils.set_random_seed(3)
    path = tmp_path / "tiny.weights.h5"
    build_model(TINY).save_weights(path)
    card = {"name": "tiny", "network": TINY.to_dict(), "sha256": weight_files.sha256(path)}
    path.with_name("tiny.json").write_text(json.dumps(card))
    return path


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


def test_damaged_weights_are_refused(tiny_weights):
    tiny_weights.write_bytes(tiny_weights.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="damaged"):
        weight_files.load_model(tiny_weights)


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
        weight_files.read_card(tmp_path / "model.onnx")


def test_the_shipped_weights_match_their_card():
    path = weight_files.default_weights()
    facts = weight_files.describe(path)
    card = weight_files.read_card(path)
    assert facts["sha256"] == card["sha256"]
    assert path.stat().st_size < 40e6
    for section in ("data", "recipe", "figures", "limits", "licence"):
        assert card[section], f"the model card lacks {section}"
