"""The bolus is found where there is one, and nowhere else."""

import numpy as np
import pytest

from DSCBrainSegLib.preprocessing.bolus_peak import bolus_drop, find_bolus_peak


def passage(count=60, at=25, depth=0.3, noise=0.005, seed=0):
    times = np.arange(count, dtype=float)
    first = np.exp(-0.5 * ((times - at) / 3.0) ** 2)
    curve = 100 * (1 - depth * first)
    curve[:3] *= [1.4, 1.15, 1.05]
    return curve + 100 * noise * np.random.default_rng(seed).standard_normal(count)


@pytest.mark.parametrize(("at", "depth"), [(25, 0.3), (40, 0.12), (12, 0.5)])
def test_the_lowest_frames_of_a_passage_are_found(at, depth):
    peak = find_bolus_peak(passage(at=at, depth=depth))
    assert abs(peak.frames[1] - at) <= 1
    assert len(peak.frames) == 3
    assert peak.fall == pytest.approx(depth, abs=0.05)


@pytest.mark.parametrize(
    "curve",
    [
        passage(depth=0.0),
        passage(depth=0.0, noise=0.05),
        np.linspace(100, 80, 60),
        np.where(np.arange(60) > 30, 80.0, 100.0),
        passage()[:14],
        np.full(60, np.nan),
        np.zeros(60),
        passage(at=59, depth=0.3),
        100 + 4 * np.sin(np.arange(60)),
        np.where(np.arange(60) == 30, 30.0, 100.0),
    ],
    ids=["flat", "noise", "drift", "jump", "short", "nan", "zero", "at the end", "waves", "spike"],
)
def test_what_is_no_passage_is_not_taken_for_one(curve):
    assert find_bolus_peak(curve) is None


def test_the_drop_shows_brain_and_not_scalp():
    curve = passage(noise=0.0) / 100
    brain, scalp = np.zeros((2, 4, 10, 10), bool)
    brain[:, 3:7, 3:7] = True
    scalp[:, 1] = True

    def frame(index):
        return (100 * curve[index] * brain + 120.0 * scalp).astype(np.float32)

    drop = bolus_drop(frame(3), 60, frame)
    assert drop[brain].min() > 0.15
    assert drop[~brain].max() == 0
    assert bolus_drop(frame(3), 10, frame) is None
