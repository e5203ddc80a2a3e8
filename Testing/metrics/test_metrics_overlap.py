"""Overlap figures follow the formulas of the source paper."""

import numpy as np
import pytest

from DSCBrainSegLib.metrics.overlap import Overlap, overlap


def test_figures_by_hand():
    mask = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0], bool)
    reference = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], bool)
    figures = overlap(mask, reference)
    assert figures == Overlap(2, 1, 1, 6)
    assert figures.dice == pytest.approx(4 / 6)
    assert figures.sensitivity == pytest.approx(2 / 3)
    assert figures.specificity == pytest.approx(6 / 7)
    assert figures.accuracy == pytest.approx(8 / 10)
    assert figures.outward_share == pytest.approx(1 / 3)


def test_empty_masks_are_defined():
    empty, full = np.zeros((2, 3, 4), bool), np.ones((2, 3, 4), bool)
    assert overlap(empty, empty).dice == 1.0
    assert np.isnan(overlap(empty, empty).sensitivity)
    assert overlap(empty, full).dice == 0.0
    assert np.isnan(overlap(full, full).specificity)
    assert np.isnan(overlap(empty, full).outward_share)
    assert overlap(full, empty).outward_share == 1.0


def test_different_shapes_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        overlap(np.zeros((2, 2), bool), np.zeros((2, 3), bool))
