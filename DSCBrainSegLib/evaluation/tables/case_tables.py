"""The figures of every volume, one row for each, for a person to read."""

from __future__ import annotations

import math

from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.table import VOLUME_COLUMNS, Cell, Column, Table, round_figure

CASE_COLUMNS = ("dice", "hd95_mm", "volume_error_ml")


def case_tables(evaluation: Evaluation) -> list[Table]:
    """Return a table each of Dice, HD95 and volume error: volumes as rows, methods as columns.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    list of Table
        The best method of each volume in bold: the smallest size for the signed volume error.
    """
    columns = {column.key: column for column in VOLUME_COLUMNS}
    return [_case_table(evaluation, columns[key]) for key in CASE_COLUMNS]


def _case_table(evaluation: Evaluation, column: Column) -> Table:
    figures = {(row.case, row.method): row for row in evaluation.volumes}
    cases = list(dict.fromkeys(row.case for row in evaluation.volumes))
    rows = []
    for case in cases:
        own = [figures[case, method] for method in evaluation.methods]
        merits = [
            -math.inf if row.failure else _merit(getattr(row, column.key), column) for row in own
        ]
        best = max(merits) if len(own) > 1 else math.inf
        cells = [
            Cell(
                "failed" if row.failure else _text(getattr(row, column.key), column),
                merit == best and math.isfinite(merit),
            )
            for row, merit in zip(own, merits, strict=True)
        ]
        rows.append([Cell(case), *cells])
    return Table(
        f"Every volume: {column.title}",
        ["Case", *evaluation.methods],
        rows,
        "Best method of each volume in bold."
        if column.best
        else "Mask minus reference. Smallest error of each volume in bold.",
    )


def _merit(value: float, column: Column) -> float:
    """Rank a figure: the higher the better; -inf for what is undefined."""
    if math.isnan(value):
        return -math.inf
    value = round_figure(value, column)
    return value if column.best == "highest" else -abs(value)


def _text(value: float, column: Column) -> str:
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞"
    return f"{round_figure(value, column):{'' if column.best else '+'}.{column.digits}f}"
