"""Table 1 of the source paper for any cohort: methods beside each other as mean and SD."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.metrics.statistics import Summary, adjust_holm, compare_paired, summarise


@dataclass(frozen=True)
class Column:
    """A figure of the table.

    Parameters
    ----------
    key : str
        Name in `VolumeFigures` and `SliceFigures`.
    title : str
    digits : int
        Decimal places shown.
    best : {"highest", "lowest"} or None
        Which mean is set in bold; None for a signed figure, whose mean can be near 0 because errors
        cancel.
    """

    key: str
    title: str
    digits: int
    best: Literal["highest", "lowest"] | None


OVERLAP_COLUMNS = (
    Column("dice", "Dice", 4, "highest"),
    Column("sensitivity", "Sensitivity", 4, "highest"),
    Column("specificity", "Specificity", 4, "highest"),
    Column("accuracy", "Accuracy", 4, "highest"),
)
VOLUME_COLUMNS = (
    *OVERLAP_COLUMNS,
    Column("outward_share", "Outward share", 4, "lowest"),
    Column("lesion_kept", "Lesion kept", 4, "highest"),
    Column("hd95_mm", "HD95 (mm)", 2, "lowest"),
    Column("msd_mm", "MSD (mm)", 2, "lowest"),
    Column("volume_error_ml", "Volume error (mL)", 1, None),
    Column("volume_error_percent", "Volume error (%)", 1, None),
    Column("seconds_per_20_slices", "Time (s per 20 slices)", 2, "lowest"),
)


@dataclass(frozen=True)
class MethodSummary:
    """One row of the table.

    Parameters
    ----------
    method : str
    measured : int
        Volumes or slices that went in.
    failed : int
        Volumes without a mask.
    figures : dict of str to Summary
        By column key.
    """

    method: str
    measured: int
    failed: int
    figures: dict[str, Summary]


@dataclass(frozen=True)
class Cell:
    """A text of a table, in bold where it is the best of its column."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Table:
    """A table to print in any format.

    Parameters
    ----------
    title : str
    header : list of str
    rows : list of list of Cell
    note : str
        What a reader must know to read the figures.
    """

    title: str
    header: list[str]
    rows: list[list[Cell]]
    note: str


def summarise_volumes(evaluation: Evaluation) -> list[MethodSummary]:
    """Summarise the figures of every method over volumes (the primary result)."""
    measured = [row for row in evaluation.volumes if not row.failure]
    return _summarise(evaluation, measured, VOLUME_COLUMNS)


def summarise_slices(evaluation: Evaluation) -> list[MethodSummary]:
    """Summarise over the slices that have brain in the reference or in the method's mask."""
    return _summarise(evaluation, evaluation.slices, OVERLAP_COLUMNS)


def build_tables(evaluation: Evaluation) -> list[Table]:
    """Return the tables of an evaluation: over volumes, over slices, comparisons, failures.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    list of Table
        Comparisons only for two methods or more, failures only if there are any.
    """
    cases = {row.case for row in evaluation.volumes}
    over_volumes = summarise_volumes(evaluation)
    tables = [
        _figures_table(
            f"Over volumes ({len(cases)})",
            over_volumes,
            [column for column in VOLUME_COLUMNS if _is_known(column, over_volumes)],
            "Mean ± SD over volumes, each volume counted once; SD with n - 1. Best mean in bold, "
            "among the methods with the fewest failures. Outward share: part of the mask outside "
            "the reference. Lesion kept: part of the lesion that is in the mask, where a lesion is "
            "drawn. HD95: 95th percentile of the surface "
            "distance, the larger of both directions; MSD: mean symmetric surface distance. Volume "
            "error: mask minus reference. Time: wall time of a whole volume times 20 over its "
            "number of axial slices, matrix as it is; all methods in the same run, after one "
            "untimed call of each. Figures that are undefined or infinite are left out of the "
            "mean; n then says how many went in."
            + "".join(f" {statement}" for statement in evaluation.statements),
        ),
        _figures_table(
            "Over slices",
            summarise_slices(evaluation),
            OVERLAP_COLUMNS,
            "Mean ± SD over the slices that have brain in the reference or in the method's mask; "
            "their number differs between methods. Slices of one volume are not independent.",
        ),
    ]
    if len(evaluation.methods) > 1:
        tables.append(_comparison_table(evaluation))
    if any(row.failure for row in evaluation.volumes):
        tables.append(_failure_table(evaluation))
    return tables


def format_summary(summary: Summary, column: Column) -> str:
    """Return "mean ± SD" with the column's decimal places, and n where values were left out."""
    if not summary.count:
        return "–"
    sign = "" if column.best else "+"
    text = f"{round_figure(summary.mean, column):{sign}.{column.digits}f}"
    if summary.count > 1:
        text += f" ± {summary.sd:.{column.digits}f}"
    return f"{text} (n = {summary.count})" if summary.undefined or summary.infinite else text


def round_figure(value: float, column: Column) -> float:
    """Round a figure to the digits of its column; what rounds to zero has no sign."""
    return round(value, column.digits) + 0.0


def _summarise(evaluation: Evaluation, rows, columns) -> list[MethodSummary]:
    failures = Counter(row.method for row in evaluation.volumes if row.failure)
    summaries = []
    for method in evaluation.methods:
        own = [row for row in rows if row.method == method]
        figures = {
            column.key: summarise([getattr(row, column.key) for row in own]) for column in columns
        }
        summaries.append(MethodSummary(method, len(own), failures[method], figures))
    return summaries


def _figures_table(title, summaries, columns, note) -> Table:
    best = {column.key: _best_mean(summaries, column) for column in columns}
    rows = []
    for summary in summaries:
        count = f"{summary.measured}"
        if summary.failed:
            count += f" ({summary.failed} failed)"
        cells = [Cell(summary.method), Cell(count)]
        for column in columns:
            figure = summary.figures[column.key]
            is_best = round_figure(figure.mean, column) == best[column.key]
            cells.append(Cell(format_summary(figure, column), is_best))
        rows.append(cells)
    return Table(title, ["Method", "n", *(column.title for column in columns)], rows, note)


def _is_known(column: Column, summaries: list[MethodSummary]) -> bool:
    """Say whether a column that few cohorts have, because it needs a lesion mask, has figures."""
    return column.key != "lesion_kept" or any(row.figures[column.key].count for row in summaries)


def _best_mean(summaries: list[MethodSummary], column: Column) -> float | None:
    """Best rounded mean; None where there is nothing to compare.

    Only methods with the fewest failures compete: leaving out its worst volumes, or an empty mask
    without an outward share, must not help one.
    """
    missing = [
        row.failed + row.figures[column.key].infinite + row.figures[column.key].undefined
        for row in summaries
    ]
    means = [
        round_figure(row.figures[column.key].mean, column)
        for row, count in zip(summaries, missing, strict=True)
        if count == min(missing) and row.figures[column.key].count
    ]
    if len(summaries) < 2 or not means or column.best is None:
        return None
    return max(means) if column.best == "highest" else min(means)


def _comparison_table(evaluation: Evaluation) -> Table:
    dice = {(row.case, row.method): row.dice for row in evaluation.volumes}
    cases = list(dict.fromkeys(row.case for row in evaluation.volumes))
    results = {
        (a, b): compare_paired([dice[case, a] for case in cases], [dice[case, b] for case in cases])
        for a, b in combinations(evaluation.methods, 2)
    }
    results = {pair: result for pair, result in results.items() if result.count}
    adjusted = adjust_holm([result.p_value for result in results.values()])
    rows = []
    for ((first, second), result), p_adjusted in zip(results.items(), adjusted, strict=True):
        texts = (
            f"{first} - {second}",
            f"{result.count}",
            f"{result.zeros}",
            f"{result.difference:+.4f}",
            _interval(result.low, result.high),
            _p_value(result.p_value) + ("" if result.exact else " (approx.)"),
            _p_value(p_adjusted),
        )
        rows.append([Cell(text) for text in texts])
    return Table(
        "Differences in Dice between methods",
        ["Methods", "n", "Equal", "Difference", "95 % interval", "p", "p (Holm)"],
        rows,
        "Wilcoxon signed-rank test over volumes that both methods segmented, two-sided, exact "
        "unless marked; pairs with equal Dice are dropped by the test. Difference and interval: "
        "Hodges-Lehmann. Fewer than 6 volumes give no 95 % interval and no p below 0.05.",
    )


def _failure_table(evaluation: Evaluation) -> Table:
    cases: dict[tuple[str, str], list[str]] = {}
    for row in evaluation.volumes:
        if row.failure:
            cases.setdefault((row.method, row.failure), []).append(row.case)
    rows = [
        [Cell(method), Cell(reason), Cell(", ".join(names))]
        for (method, reason), names in cases.items()
    ]
    return Table("Failures", ["Method", "Reason", "Cases"], rows, "These have no figures above.")


def _interval(low: float, high: float) -> str:
    return f"{low:+.4f} to {high:+.4f}" if abs(low) < float("inf") else "–"


def _p_value(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
