"""Tables that put a run beside the source paper's Table 1."""

from __future__ import annotations

from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.paper import (
    FIGURES,
    PAPER,
    PAPER_ROWS,
    Printed,
    Row,
    check_row,
    paper_row,
)
from DSCBrainSegLib.evaluation.tables.paper_pattern import pattern_table, span
from DSCBrainSegLib.evaluation.tables.shared_rows import DIGITS, SharedRow, shared_rows
from DSCBrainSegLib.evaluation.tables.table import OVERLAP_COLUMNS, Cell, Table, format_summary


def paper_tables(evaluation: Evaluation) -> list[Table]:
    """Return the tables beside the paper; none if the run has no method of the paper.

    Parameters
    ----------
    evaluation : Evaluation

    Returns
    -------
    list of Table
        Figures, comparison of order and pattern, and whether the rows agree with themselves.
    """
    rows, count = shared_rows(evaluation)
    if not rows:
        return []
    return [_beside_table(rows, count), pattern_table(rows), _consistency_table(rows)]


def _beside_table(rows: list[SharedRow], count: int) -> Table:
    ours = {key: max(row.mean(key) for row in rows) for key in FIGURES}
    theirs = {
        key: max(row.figure(key).value for row in PAPER_ROWS if row.figure(key)) for key in FIGURES
    }
    lines = []
    for printed in PAPER_ROWS:
        for row in rows:
            if paper_row(row.method) is printed:
                cells = [
                    Cell(
                        format_summary(row.figures[column.key], column),
                        len(rows) > 1 and row.mean(column.key) == ours[column.key],
                    )
                    for column in OVERLAP_COLUMNS
                ]
                lines.append([Cell(row.method), Cell("this run"), *cells])
        cells = [_printed_cell(printed.figure(key), theirs[key]) for key in FIGURES]
        lines.append([Cell(printed.method), Cell("paper"), *cells])
    return Table(
        "Beside the source paper",
        ["Method", "From", *(column.title for column in OVERLAP_COLUMNS)],
        lines,
        f"Paper: {PAPER}; other images, other references. An SD is given where it is known, – is "
        f"a figure not known here. This run: mean ± SD over the {count} volumes that all the "
        "methods of this table segmented. Best of each in bold.",
    )


def _printed_cell(figure: Printed | None, best: float) -> Cell:
    return Cell(str(figure), figure.value == best) if figure else Cell("–")


def _consistency_table(rows: list[SharedRow]) -> Table:
    own = [
        Row(row.method, **{key: Printed(f"{row.mean(key):.{DIGITS}f}") for key in FIGURES})
        for row in rows
    ]
    lines = [
        *(_consistency_line(row, "paper") for row in PAPER_ROWS),
        *(_consistency_line(row, "this run") for row in own),
    ]
    return Table(
        "Do the rows agree with themselves?",
        [
            "Method",
            "From",
            "Brain, from accuracy",
            "Dice that follows",
            "Dice given",
            "Brain, from Dice",
            "Agrees",
        ],
        lines,
        "Accuracy = p sensitivity + (1 - p) specificity, where p is the part of brain in the "
        "image: p follows, and from it the Dice coefficient. Ranges are what rounding leaves open. "
        "The identity is exact for pooled pixels; means over volumes may miss it, and the rows of "
        "this run show how far. A part of brain outside 0 to 1 does not exist.",
    )


def _consistency_line(row: Row, origin: str) -> list[Cell]:
    result = check_row(row)
    agrees = {True: "yes", False: "no", None: "cannot be told"}[result.agrees]
    if result.agrees is False:
        if result.dice is None:
            agrees = "no: impossible"
        else:
            nearest = min(max(row.dice.value, result.dice[0]), result.dice[1])
            agrees = f"no: {row.dice.value - nearest:+.4f}"
    texts = (
        row.method,
        origin,
        span(result.fraction, 3),
        span(result.dice),
        row.dice.mean if row.dice else "–",
        span(result.fraction_from_dice, 3),
        agrees,
    )
    return [Cell(text) for text in texts]
