"""From probabilities to confidence: the features mean what they say, a calibration is checked."""

import numpy as np
import pytest

from DSCBrainSegLib.errors import WeightsError
from DSCBrainSegLib.quality.confidence import Calibration, Logistic
from DSCBrainSegLib.quality.features import (
    SOFT_CM2,
    expected_error,
    judged_planes,
    plane_features,
    volume_features,
)

CARD = {
    "name": "some-weights",
    "quality": {
        "slice": {
            "intercept": -5.0,
            "slopes": {"expected error": -2.0, "neighbours differ": -0.5, "empty": 3.0},
            "flag_below": 0.6,
        },
        "volume": {
            "intercept": -7.0,
            "slopes": {"expected error": -3.0, "doubtful planes": -4.0},
            "flag_below": 0.5,
        },
    },
}


def blurred_disc(width, size=64, radius=18.0):
    """Probabilities (1, J, I) that fall from 1 to 0 over about `width` pixels."""
    y, x = np.indices((size, size)) - (size - 1) / 2
    return (1 / (1 + np.exp((np.hypot(y, x) - radius) / width)))[None]


def test_the_expected_error_is_what_drawn_truths_give_on_average():
    rng = np.random.default_rng(0)
    probabilities = blurred_disc(2.0)
    mask = probabilities >= 0.5
    errors = []
    for _ in range(200):
        truth = rng.random(probabilities.shape) < probabilities
        errors.append((mask ^ truth).sum() / (mask.sum() + truth.sum()))
    found = expected_error(probabilities, mask, 1e6)[0]  # so large that nothing is softened
    assert found == pytest.approx(np.mean(errors), rel=0.02)


def test_a_few_pixels_of_brain_are_not_all_error():
    tiny = np.zeros((1, 20, 20))
    tiny[0, 5, 5:7] = 0.4
    assert expected_error(tiny, tiny >= 0.5, 0.04)[0] < 0.1
    assert expected_error(np.zeros((1, 8, 8)), np.zeros((1, 8, 8), bool), 0.04) == pytest.approx(
        0.05 * SOFT_CM2 / SOFT_CM2
    )


def test_planes_with_mask_beside_it_and_with_likely_brain_are_judged():
    probabilities = np.zeros((8, 20, 20))
    probabilities[2, 5:15, 5:15] = 0.9
    probabilities[6, 5:15, 5:15] = 0.3
    judged = judged_planes(probabilities, probabilities >= 0.5, 0.04)
    assert np.flatnonzero(judged).tolist() == [1, 2, 3, 6]


def test_unsure_outlines_and_odd_neighbours_cost_confidence():
    calibration = Calibration.from_card(CARD)
    sharp, soft = blurred_disc(0.5), blurred_disc(5.0)
    small = blurred_disc(0.5, radius=9.0)

    def confidence(*planes):
        probabilities = np.concatenate(planes)
        found = plane_features(probabilities, probabilities >= 0.5, 0.09)
        return calibration.plane(found)

    steady = confidence(sharp, sharp, sharp)
    assert confidence(sharp, soft, sharp)[1] < 0.8 * steady[1]
    assert confidence(sharp, small, sharp)[1] < steady[1]
    assert ((steady >= 0) & (steady <= 1)).all()


def test_a_volume_of_doubtful_planes_has_less_confidence():
    calibration = Calibration.from_card(CARD)
    probabilities = np.concatenate([blurred_disc(1.0)] * 4)
    mask = probabilities >= 0.5
    sure, unsure = (
        calibration.volume(volume_features(probabilities, mask, 0.09, np.full(4, value)))
        for value in (0.99, 0.3)
    )
    assert unsure < sure


def test_the_logistic_map_is_the_usual_one_and_survives_extremes():
    found = Logistic(1.0, {"a": 2.0}, 0.5)
    assert found({"a": np.array([0.0, -0.5])}) == pytest.approx([1 / (1 + np.exp(-1)), 0.5])
    assert found({"a": np.array([-1e9, 1e9])}) == pytest.approx([0, 1])
    assert Logistic.from_dict(found.to_dict()) == found


def test_a_card_gives_its_calibration_back():
    found = Calibration.from_card(CARD)
    assert found.to_dict() == CARD["quality"]
    assert Calibration.from_card({"name": "new"}) is None


def test_a_calibration_that_cannot_be_used_is_named():
    with pytest.raises(WeightsError, match="some-weights cannot be read"):
        Calibration.from_card({**CARD, "quality": {"slice": {}}})
    with pytest.raises(WeightsError, match="cannot be read"):
        Calibration.from_card({**CARD, "quality": [1]})
    strange = {**CARD["quality"]["slice"], "slopes": {"phase of the moon": 1.0}}
    with pytest.raises(WeightsError, match="phase of the moon"):
        Calibration.from_card({**CARD, "quality": {**CARD["quality"], "slice": strange}})
