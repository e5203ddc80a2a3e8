"""Summaries over volumes or slices, and paired comparison of two methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LARGEST_EXACT_COUNT = 50
"""Pairs up to which the null distribution of the signed-rank statistic is counted out."""


@dataclass(frozen=True)
class Summary:
    """Mean and spread of a figure.

    Parameters
    ----------
    count : int
        Finite values that went in.
    undefined, infinite : int
        Values left out: NaN (say, sensitivity without brain in the reference), and infinite (a
        distance to a surface that does not exist).
    mean, sd : float
        Sample standard deviation (n - 1); NaN where there are too few values.
    """

    count: int
    undefined: int
    infinite: int
    mean: float
    sd: float


@dataclass(frozen=True)
class PairedComparison:
    """Wilcoxon signed-rank test of first minus second, with the estimate that belongs to it.

    Parameters
    ----------
    count : int
        Pairs with two finite values.
    left_out : int
        Pairs without.
    zeros : int
        Pairs without a difference, among `count`; the test drops them (Wilcoxon's own treatment),
        estimate and interval keep them.
    difference : float
        Hodges-Lehmann estimate: median of the means of all pairs of differences.
    low, high : float
        Confidence interval of the difference; infinite where there are too few pairs for the
        confidence asked for (fewer than 6 for 95 %).
    p_value : float
        Two-sided; NaN without pairs, 1 where no pair differs.
    exact : bool
        The p value comes from the exact null distribution (no zeros or ties among the differences,
        50 pairs at most), not from the normal approximation.
    """

    count: int
    left_out: int
    zeros: int
    difference: float
    low: float
    high: float
    p_value: float
    exact: bool


def summarise(values: Sequence[float]) -> Summary:
    """Return mean and SD of the finite values; the others are counted, not hidden."""
    array = np.asarray(values, dtype=float)
    finite = array[np.isfinite(array)]
    return Summary(
        count=finite.size,
        undefined=int(np.isnan(array).sum()),
        infinite=int(np.isinf(array).sum()),
        mean=float(finite.mean()) if finite.size else float("nan"),
        sd=float(finite.std(ddof=1)) if finite.size > 1 else float("nan"),
    )


def compare_paired(
    first: Sequence[float], second: Sequence[float], confidence: float = 0.95
) -> PairedComparison:
    """Compare two methods on the same volumes.

    The pairs must be independent: use one figure per subject, not one per slice.

    Parameters
    ----------
    first, second : sequence of float
        The same figure of two methods, in the same order of cases.
    confidence : float
        Of the interval, between 0 and 1.

    Returns
    -------
    PairedComparison

    Raises
    ------
    ValueError
        The sequences differ in length or the confidence is not between 0 and 1.

    Notes
    -----
    Hollander & Wolfe, Nonparametric Statistical Methods, section 3: the interval holds the shifts
    that the test does not reject.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"pairs are needed, got shapes {a.shape} and {b.shape}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    both = np.isfinite(a) & np.isfinite(b)
    differences = a[both] - b[both]
    left_out = int(both.size - both.sum())
    if differences.size == 0:
        nan = float("nan")
        return PairedComparison(0, left_out, 0, nan, nan, nan, nan, False)
    estimate, low, high = _hodges_lehmann(differences, confidence)
    p_value, exact = _wilcoxon(differences)
    zeros = int(np.count_nonzero(differences == 0))
    return PairedComparison(differences.size, left_out, zeros, estimate, low, high, p_value, exact)


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values for their number (Holm 1979); NaN stays NaN and does not count."""
    values = np.asarray(p_values, dtype=float)
    adjusted = np.full(values.shape, np.nan)
    order = [index for index in np.argsort(values) if not np.isnan(values[index])]
    largest = 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * values[index]))
        adjusted[index] = largest
    return adjusted.tolist()


def _wilcoxon(differences: np.ndarray) -> tuple[float, bool]:
    from scipy import stats

    unequal = differences[differences != 0]
    if unequal.size == 0:
        return 1.0, False
    tied = np.unique(np.abs(unequal)).size < unequal.size
    exact = not tied and unequal.size == differences.size <= LARGEST_EXACT_COUNT
    result = stats.wilcoxon(unequal, method="exact" if exact else "asymptotic")
    return float(result.pvalue), exact


def _hodges_lehmann(differences: np.ndarray, confidence: float) -> tuple[float, float, float]:
    rows, columns = np.triu_indices(differences.size)
    means = np.sort((differences[rows] + differences[columns]) / 2)
    cut = _signed_rank_quantile(differences.size, (1 - confidence) / 2)
    low, high = (means[cut - 1], means[-cut]) if cut > 0 else (-np.inf, np.inf)
    return float(np.median(means)), float(low), float(high)


def _signed_rank_quantile(count: int, tail: float) -> int:
    """Smallest sum of positive ranks whose cumulative probability reaches `tail` under the null."""
    if count > LARGEST_EXACT_COUNT:
        from scipy import stats

        mean, variance = count * (count + 1) / 4, count * (count + 1) * (2 * count + 1) / 24
        return round(mean + stats.norm.ppf(tail) * variance**0.5)
    ways = np.ones(1)
    for rank in range(1, count + 1):
        ways = np.pad(ways, (0, rank)) + np.pad(ways, (rank, 0))
    return int(np.searchsorted(np.cumsum(ways) / 2.0**count, tail))
