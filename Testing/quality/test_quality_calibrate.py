"""The calibration script: its maps recover a known law, its limits mean what they say."""

import importlib
import json

import numpy as np
import pytest
from places import TESTING

from DSCBrainSegLib.network.weights import read_card, sha256
from DSCBrainSegLib.quality.confidence import Calibration, Logistic


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(TESTING / "benchmarks")
    return importlib.import_module("calibrate_quality")


def drawn(count, seed=0):
    rng = np.random.default_rng(seed)
    features = {"a": rng.normal(-2, 1, count), "b": rng.normal(5, 3, count)}
    chance = 1 / (1 + np.exp(-(1.5 * features["a"] - 0.4 * features["b"] + 6)))
    return features, chance, rng.random(count) < chance


def test_a_map_recovers_the_law_that_drew_the_examples(script):
    features, _, good = drawn(20000)
    found = script.fit(features, good)
    assert found.slopes["a"] == pytest.approx(1.5, rel=0.06)
    assert found.slopes["b"] == pytest.approx(-0.4, rel=0.06)
    new, chance, _ = drawn(500, seed=1)
    np.testing.assert_allclose(found(new), chance, atol=0.03)


@pytest.mark.parametrize("good", [True, False])
def test_a_map_of_examples_of_one_kind_claims_no_certainty(script, good):
    features = {"a": np.linspace(0, 1, 30)}
    found = script.fit(features, np.full(30, good))(features)
    sure = found if good else 1 - found
    assert sure.min() > 0.9 and sure.max() < 0.99


def test_a_limit_lists_no_more_good_ones_than_allowed_and_as_many_bad_ones(script):
    _, chance, good = drawn(5000)
    for allowed in (20, 200, 5000):
        at = script.limit(chance, good, allowed)
        under = chance < at
        wrong, right = np.count_nonzero(under & good), np.count_nonzero(under & ~good)
        assert 0 < wrong <= min(allowed, right)
        above = chance < at + 0.01
        assert np.count_nonzero(above & good) > min(allowed, np.count_nonzero(above & ~good))


def test_where_hardly_any_is_bad_hardly_any_is_flagged(script):
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.5, 1.0, 200)
    good = np.ones(200, bool)
    at = script.limit(chance, good, 20)
    assert 0.4 < at <= chance.min()
    good[np.argmin(chance)] = False
    assert np.count_nonzero(chance < script.limit(chance, good, 20)) <= 2


def test_what_is_measured_counts_flags_and_gives_plain_json(script):
    from DSCBrainSegLib.preprocessing.axial import to_axial

    k, j, i = np.indices((12, 60, 60))
    truth = (j - 30) ** 2 + (i - 30) ** 2 + (4.5 * (k - 5.5)) ** 2 < 20**2
    probabilities = truth.astype(np.float32)
    probabilities[4] = np.where(truth[4], 0.55, 0.45)
    probabilities[4, 20:40, 20:40] = 0.3
    axial = to_axial(np.zeros(truth.shape), np.diag([3.0, 3.0, 6.0, 1.0]))
    mask = probabilities >= 0.5
    volume = script.Judged(axial, truth, probabilities, mask, False)
    calibration = Calibration(
        Logistic(-3.0, {"expected error": -2.0, "neighbours differ": 0.0, "empty": 2.0}, 0.6),
        Logistic(-5.0, {"expected error": -2.5, "doubtful planes": -4.0}, 0.5),
    )
    found = json.loads(json.dumps(script.measure([volume], calibration), allow_nan=False))
    slices = found["slices"]
    assert (slices["bad"], slices["flagged"]) == (1, 1)
    assert slices["precision"] == slices["sensitivity"] == 1.0
    assert slices["judged"] == np.count_nonzero(truth.any(axis=(1, 2))) + 2
    assert found["volumes under the limit"]["area under the curve"] is None


def test_the_calibration_goes_into_the_card_and_nothing_else_changes(script, tmp_path):
    weights = tmp_path / "some.weights.h5"
    weights.write_bytes(b"1")
    card = {"name": "some", "network": {}, "sha256": sha256(weights), "licence": "Größe"}
    weights.with_name("some.json").write_text(json.dumps(card))
    stated = {"name": "some", "sha256": card["sha256"]}
    script.write(weights, stated, {"slice": 1})
    assert read_card(weights) == {**card, "quality": {"slice": 1}}
    assert [path.name for path in tmp_path.iterdir() if "partial" in path.name] == []
    weights.write_bytes(b"2")
    weights.with_name("some.json").write_text(json.dumps({**card, "sha256": sha256(weights)}))
    with pytest.raises(SystemExit, match="exchanged"):
        script.write(weights, stated, {"slice": 2})
    assert "quality" not in read_card(weights)
