"""The time point that is segmented: 4th by default, steady and before the bolus on request."""

import numpy as np
import pytest

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.preprocessing.reference_frame import (
    choose_reference_frame,
    find_steady_frames,
)


def curve(count=60, arrival=20, settling=3.0, depth=0.4, noise=0.0, seed=0):
    """Signal with T1 settling, a gamma-variate bolus and noise."""
    t = np.arange(count, dtype=float)
    signal = 100 * (1 + 0.5 * np.exp(-t * 3 / settling))
    x = np.clip(t - arrival, 0, None) / 3
    bolus = x**2 * np.exp(-2 * (x - 1))
    noisy = np.random.default_rng(seed).normal(0, noise, count)
    return signal * (1 - depth * bolus) + noisy


def reader(signal):
    return lambda index: np.full((2, 4, 4), signal[index]) * np.array([0.1, 1, 1, 1])


def test_the_default_is_the_fourth():
    assert choose_reference_frame(40).index == 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_short_series_use_the_last_and_say_so(count):
    chosen = choose_reference_frame(count)
    assert chosen.index == count - 1
    assert "last" in chosen.warnings[0]


@pytest.mark.parametrize("frame", [-1, 40])
def test_a_time_point_that_does_not_exist_is_named(frame):
    with pytest.raises(ConfigurationError, match="choose 1 to 40"):
        choose_reference_frame(40, frame)


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("arrival", [8, 14, 30])
@pytest.mark.parametrize("settling", [1.0, 3.0, 6.0])
def test_auto_is_steady_and_before_the_bolus(noise, arrival, settling):
    signal = curve(arrival=arrival, settling=settling, noise=noise)
    chosen = choose_reference_frame(60, "auto", reader(signal))
    assert chosen.index <= arrival
    # A slow approach cut short by an early bolus leaves 4 % at best two frames before it.
    assert signal[chosen.index] == pytest.approx(100, rel=0.05)


def test_auto_waits_for_a_slow_steady_state():
    signal = curve(arrival=25, settling=9.0)
    assert choose_reference_frame(60, "auto", reader(signal)).index > 3


def test_one_corrupted_frame_is_no_bolus():
    signal = curve(arrival=25)
    signal[10] = 40
    first, arrival = find_steady_frames(signal)
    assert first < 8 and arrival > 20


def test_no_bolus_leaves_every_later_frame_usable():
    _, arrival = find_steady_frames(curve(depth=0.0, noise=0.3))
    assert arrival == 60


def test_auto_on_a_short_series_falls_back_and_says_so():
    chosen = choose_reference_frame(5, "auto", reader(curve(5)))
    assert chosen.index == 3 and chosen.warnings
