"""Order of the methods and pattern of their errors, in the source paper and in a run."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from DSCBrainSegLib.evaluation.tables.paper import (
    FIGURES,
    PAPER_ROWS,
    Row,
    check_row,
    inconsistent_methods,
    paper_row,
)
from DSCBrainSegLib.evaluation.tables.shared_rows import DIGITS, SharedRow
from DSCBrainSegLib.evaluation.tables.table import Cell, Table


def pattern_table(rows: list[SharedRow]) -> Table:
    """Compare what can be compared: who is ahead, and which error each method makes.

    Parameters
    ----------
    rows : list of SharedRow
        At least one; of several networks the first stands for the paper's.
    """
    compared = _one_for_each_printed_row(rows)
    printed = {row.method: paper_row(row.method) for row in compared}
    lines = []
    if len(compared) > 1:
        lines.append(_order_line(compared, printed))
        for key in FIGURES:
            known = [row for row in compared if printed[row.method].figure(key)]
            if len(known) > 1:
                lines.append(_best_line(known, printed, key, left_out=len(known) < len(compared)))
    for row in compared:
        theirs = printed[row.method]
        words = (
            _higher_of_two(theirs.sensitivity.value, theirs.specificity.value),
            _higher_of_two(row.mean("sensitivity"), row.mean("specificity")),
        )
        lines.append(_line(f"{row.method}: higher of the two", *words, words[0] == words[1]))
    return Table(
        "Order of the methods and pattern of errors",
        ["", "Paper", "This run", "Same"],
        lines,
        f"{consistency_statement()} Means over volumes, rounded to {DIGITS} digits. Higher of the "
        "two: sensitivity above specificity means that more brain is kept than the rest is left "
        "out.",
    )


def consistency_statement() -> str:
    """Say which of the paper's rows cannot be matched, as computed from the rows."""
    broken = inconsistent_methods(PAPER_ROWS)
    if not broken:
        return "All rows of the paper's Table 1 that can be checked agree with themselves."
    reasons = "; ".join(_reason(row) for row in PAPER_ROWS if row.method in broken)
    return (
        f"The paper's rows of {' and '.join(broken)} are not self-consistent ({reasons}). So the "
        "order of the methods and the pattern of sensitivity and specificity are compared, not "
        "those rows' figures."
    )


def span(limits: Sequence[float] | None, digits: int = DIGITS) -> str:
    """Write a range; one number if both ends round to it, – if there is none."""
    if limits is None:
        return "–"
    low, high = (f"{limit:.{digits}f}" for limit in limits)
    return low if low == high else f"{low} to {high}"


def _reason(row: Row) -> str:
    result = check_row(row)
    if result.dice is None:
        return (
            f"{row.method}: accuracy {row.accuracy.mean} does not lie between sensitivity "
            f"{row.sensitivity.mean} and specificity {row.specificity.mean}"
        )
    return (
        f"{row.method}: sensitivity, specificity and accuracy ask for a Dice of "
        f"{span(result.dice)}, not {row.dice.mean}"
    )


def _one_for_each_printed_row(rows: list[SharedRow]) -> list[SharedRow]:
    """Keep the first method of the run for each row of the paper."""
    first: dict[str, SharedRow] = {}
    for row in rows:
        first.setdefault(paper_row(row.method).method, row)
    return list(first.values())


def _order_line(rows: list[SharedRow], printed: dict[str, Row]) -> list[Cell]:
    theirs = {row.method: printed[row.method].dice.value for row in rows}
    ours = {row.method: row.mean("dice") for row in rows}
    pairs = list(combinations(theirs, 2))
    alike = sum(_sign(theirs[a] - theirs[b]) == _sign(ours[a] - ours[b]) for a, b in pairs)
    same = f"{'yes' if alike == len(pairs) else 'no'}: {alike} of {len(pairs)} pairs"
    return [Cell("Order by Dice"), Cell(_order(theirs)), Cell(_order(ours)), Cell(same)]


def _best_line(
    rows: list[SharedRow], printed: dict[str, Row], key: str, left_out: bool
) -> list[Cell]:
    theirs = _best({row.method: printed[row.method].figure(key).value for row in rows})
    ours = _best({row.method: row.mean(key) for row in rows})
    aspect = f"Highest {key.replace('dice', 'Dice')}"
    if left_out:
        aspect += f" among {', '.join(row.method for row in rows)}"
    return _line(aspect, theirs, ours, theirs == ours)


def _line(aspect: str, theirs: str, ours: str, same: bool) -> list[Cell]:
    return [Cell(aspect), Cell(theirs), Cell(ours), Cell("yes" if same else "no")]


def _order(values: dict[str, float]) -> str:
    """Write methods from best to worst: a > b = c."""
    ranked = sorted(values, key=lambda method: -values[method])
    text = ranked[0]
    for before, method in pairwise(ranked):
        text += f" {'=' if values[before] == values[method] else '>'} {method}"
    return text


def _best(values: dict[str, float]) -> str:
    highest = max(values.values())
    return ", ".join(method for method, value in values.items() if value == highest)


def _higher_of_two(sensitivity: float, specificity: float) -> str:
    if sensitivity == specificity:
        return "equal"
    return "sensitivity" if sensitivity > specificity else "specificity"


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
