"""The effect of masks as a table: per mask, over cases, with confidence intervals."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from DSCBrainSegLib.metrics.statistics import compare_paired
from DSCBrainSegLib.perfusion.effect import MaskEffect


@dataclass(frozen=True)
class Column:
    """One figure of `MaskEffect` as a column: heading, factor for showing, digits, unit."""

    name: str
    heading: str
    factor: float = 100.0
    digits: int = 1
    unit: str = "%"
    signed: bool = False

    def show(self, value: float) -> str:
        """Return a value as text."""
        if not np.isfinite(value):
            return "–"
        return f"{self.factor * value:{'+' if self.signed else ''}.{self.digits}f}"


COLUMNS = (
    Column("dice", "Dice", 1.0, 3, ""),
    Column("artery_outside", "AIF voxels outside"),
    Column("artery_shift", "AIF area", signed=True),
    Column("cbv_shift", "CBV", signed=True),
    Column("plain_outside", "AIF voxels outside, plain rule"),
    Column("plain_cbv_shift", "CBV, plain rule", signed=True),
    Column("lesion_kept", "lesion kept"),
    Column("lesion_rcbv_shift", "lesion rCBV", signed=True),
    Column("no_bolus", "voxels without bolus"),
)

NOTE = (
    "Hodges-Lehmann estimate over the cases (near the median), in brackets its 95 % confidence "
    "interval (signed ranks; none below 6 cases). AIF area, CBV and lesion rCBV: change against "
    "the maps inside the reference mask. Plain rule: AIF of the voxels with the highest peaks. A "
    "preview for judging masks, not a diagnostic tool."
)


@dataclass(frozen=True)
class EffectSummary:
    """One mask over all cases.

    Parameters
    ----------
    mask : str
    cases, failures : int
        Cases with this mask, and those of them without maps.
    values : dict of str to tuple of 3 float
        Estimate, low and high end of the interval of each of `COLUMNS`; NaN without values.
    """

    mask: str
    cases: int
    failures: int
    values: dict[str, tuple[float, float, float]]


def summarise_effects(rows: Sequence[MaskEffect]) -> list[EffectSummary]:
    """Summarise masks over cases, in the order the masks appear first."""
    summaries = []
    for name in dict.fromkeys(row.mask for row in rows):
        own = [row for row in rows if row.mask == name]
        values = {}
        for column in COLUMNS:
            numbers = np.array([getattr(row, column.name) for row in own], float)
            found = compare_paired(numbers, np.zeros_like(numbers))
            values[column.name] = found.difference, found.low, found.high
        failures = sum(bool(row.failure) for row in own)
        summaries.append(EffectSummary(name, len(own), failures, values))
    return summaries


def effects_to_markdown(rows: Sequence[MaskEffect]) -> str:
    """Return the table over all cases as Markdown."""
    heads = [f"{c.heading} ({c.unit})" if c.unit else c.heading for c in COLUMNS]
    lines = [f"| mask | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for summary in summarise_effects(rows):
        cells = [show_interval(column, summary.values[column.name]) for column in COLUMNS]
        failed = f" ({summary.failures} of {summary.cases} failed)" if summary.failures else ""
        lines.append(f"| {summary.mask}{failed} | {' | '.join(cells)} |")
    count = len({row.case for row in rows})
    return "\n".join([*lines, "", f"{count} case{'s' if count != 1 else ''}. {NOTE}", ""])


def effects_to_csv(rows: Sequence[MaskEffect]) -> str:
    """Return every row as CSV, with empty cells for what has no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(MaskEffect))
    for row in rows:
        writer.writerow(
            (f"{value:.5f}" if np.isfinite(value) else "") if isinstance(value, float) else value
            for value in astuple(row)
        )
    return text.getvalue()


def show_interval(column: Column, values: tuple[float, float, float]) -> str:
    """Return estimate and interval as text, the estimate alone where there is no interval."""
    estimate, low, high = values
    if not (np.isfinite(low) and np.isfinite(high)):
        return column.show(estimate)
    return f"{column.show(estimate)} [{column.show(low)}, {column.show(high)}]"
