"""The methods that a run shares with the source paper, on the same volumes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.paper import FIGURES, PAPER_ROWS, paper_row
from DSCBrainSegLib.metrics.statistics import Summary, summarise

DIGITS = 4
"""Decimal places of the paper's Table 1, and of what is compared with it."""


@dataclass(frozen=True)
class SharedRow:
    """A method of the run that the paper has, too, over the volumes that all of these segmented.

    Parameters
    ----------
    method : str
    figures : dict of str to Summary
        By column key.
    """

    method: str
    figures: dict[str, Summary]

    def mean(self, key: str) -> float:
        """Mean as the tables print it."""
        return round(self.figures[key].mean, DIGITS)


def shared_rows(evaluation: Evaluation) -> tuple[list[SharedRow], int]:
    """Summarise the methods that the paper has, too, over the volumes all of them segmented.

    A method that segmented nothing is left out, so that it does not take the others' volumes.

    Returns
    -------
    list of SharedRow
        In the paper's order.
    int
        Volumes.
    """
    by_method = {
        method: {row.case: row for row in evaluation.volumes if row.method == method}
        for method in evaluation.methods
        if paper_row(method)
    }
    measured = {
        method: {case: row for case, row in rows.items() if not row.failure}
        for method, rows in by_method.items()
    }
    measured = {method: rows for method, rows in measured.items() if rows}
    common = set.intersection(*map(set, measured.values())) if measured else set()
    if not common:
        return [], 0
    order = [row.method for row in PAPER_ROWS]
    methods = sorted(measured, key=lambda method: order.index(paper_row(method).method))
    rows = [
        SharedRow(
            method,
            {
                key: summarise([getattr(measured[method][case], key) for case in sorted(common)])
                for key in FIGURES
            },
        )
        for method in methods
    ]
    finite = [row for row in rows if all(map(math.isfinite, map(row.mean, FIGURES)))]
    return finite, len(common)
