"""The second table: what the masks of Table 1 do to perfusion."""

from __future__ import annotations

from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.perfusion.effect_table import COLUMNS, NOTE, show_interval, summarise_effects


def effect_tables(evaluation: Evaluation) -> list[Table]:
    """Return the table, or none where no case has a series with a bolus."""
    if not evaluation.effects:
        return []
    header = ["Method", *(f"{c.heading} ({c.unit})" if c.unit else c.heading for c in COLUMNS)]
    rows = []
    for summary in summarise_effects(evaluation.effects):
        failed = f" ({summary.failures} of {summary.cases} failed)" if summary.failures else ""
        cells = [show_interval(column, summary.values[column.name]) for column in COLUMNS]
        rows.append([Cell(summary.mask + failed), *map(Cell, cells)])
    count = len({row.case for row in evaluation.effects})
    title = f"Effect of the mask on perfusion, {count} case{'s' if count != 1 else ''}"
    return [Table(title=title, header=header, rows=rows, note=NOTE)]
