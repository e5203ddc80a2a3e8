"""Summaries and paired tests give the numbers of scipy and of textbooks."""

import numpy as np
import pytest
from scipy import stats

from DSCBrainSegLib.metrics.statistics import adjust_holm, compare_paired, summarise

# Hollander & Wolfe 1973, table 3.1: depression scale factor of nine patients before and after the
# first therapy session. Their section 3: T+ = 40, estimate 0.46, 96.1 % interval 0.010 to 0.786.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]


def test_mean_and_sample_sd_by_hand():
    summary = summarise([0.9, 0.8, 1.0])
    assert summary.mean == pytest.approx(0.9)
    assert summary.sd == pytest.approx(0.1)  # divided by n - 1


def test_values_left_out_of_the_mean_are_counted():
    summary = summarise([1.0, np.nan, 3.0, np.inf, np.inf])
    assert (summary.count, summary.undefined, summary.infinite) == (2, 1, 2)
    assert summary.mean == 2.0


def test_too_few_values_give_nan():
    assert np.isnan(summarise([]).mean)
    assert summarise([0.5]).mean == 0.5
    assert np.isnan(summarise([0.5]).sd)


def test_textbook_example():
    result = compare_paired(BEFORE, AFTER, confidence=0.96)
    assert result.exact
    assert result.p_value == pytest.approx(20 / 512)  # two-sided, T+ = 40 of 45
    assert result.difference == pytest.approx(0.46, abs=0.005)
    assert (result.low, result.high) == (pytest.approx(0.010), pytest.approx(0.786))


@pytest.mark.parametrize("count", [6, 7, 15, 40, 70])
def test_interval_holds_the_shifts_that_scipys_test_does_not_reject(count):
    rng = np.random.default_rng(count)
    first, second = rng.normal(0.02, 0.03, count), rng.normal(0.0, 0.02, count)
    result = compare_paired(first, second)
    method = "exact" if count <= 50 else "asymptotic"
    differences = first - second
    for bound, inwards in ((result.low, 1), (result.high, -1)):
        for step, kept in ((inwards, True), (-inwards, False)):
            shifted = differences - (bound + step * 1e-9)
            p_value = stats.wilcoxon(shifted, method=method).pvalue
            assert (p_value > 0.05) == kept


def test_ties_and_zeros_use_the_normal_approximation_and_are_counted():
    first = [0.95, 0.96, 0.97, 0.98, 0.99, 0.90, 0.93]
    second = [0.95, 0.95, 0.96, 0.95, 0.95, 0.91, 0.90]
    first, second = np.round(first, 2), np.round(second, 2)
    result = compare_paired(first, second)
    unequal = (first - second)[first != second]
    assert (result.count, result.zeros, result.exact) == (7, 1, False)
    assert result.p_value == pytest.approx(stats.wilcoxon(unequal, method="asymptotic").pvalue)


def test_undefined_pairs_are_left_out_and_counted():
    with_gaps = compare_paired([*BEFORE, np.nan, 1.0], [*AFTER, 1.0, np.inf])
    without = compare_paired(BEFORE, AFTER)
    assert (with_gaps.count, with_gaps.left_out) == (9, 2)
    assert with_gaps.p_value == without.p_value
    assert with_gaps.low == without.low


def test_methods_that_never_differ():
    result = compare_paired([0.9] * 8, [0.9] * 8)
    assert (result.p_value, result.difference, result.zeros) == (1.0, 0.0, 8)
    assert (result.low, result.high) == (0.0, 0.0)


def test_five_pairs_are_too_few_for_a_95_percent_interval():
    result = compare_paired(BEFORE[:5], AFTER[:5])
    assert (result.low, result.high) == (-np.inf, np.inf)
    assert result.p_value >= 0.0625


def test_no_pair_at_all():
    result = compare_paired([np.nan], [0.9])
    assert (result.count, result.left_out) == (0, 1)
    assert np.isnan(result.p_value)


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="pairs"):
        compare_paired([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="confidence"):
        compare_paired([1, 2], [1, 3], confidence=95)


def test_holm_by_hand():
    assert adjust_holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert adjust_holm([0.6, 0.5]) == pytest.approx([1.0, 1.0])
    assert adjust_holm([np.nan, 0.02])[1] == pytest.approx(0.02)
