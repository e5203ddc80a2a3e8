"""How methods do on each kind of simulated volume: lesion, contrast, head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from DSCBrainSegLib.cohort.cases import SOURCE_NAME, ReferenceCase
from DSCBrainSegLib.evaluation.external.results import StoredResult
from DSCBrainSegLib.evaluation.external.tables import dice_of
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.files import read_json

NOTE = (
    "Mean Dice, 0 without a mask; in bold the best of the row. A volume with two lesions counts "
    "for both. Physical contrast: signals from relaxation times; random: any grey level for any "
    "tissue, wider than scanners give."
)


def drawn_groups(cases: Sequence[ReferenceCase]) -> dict[str, set[str]]:
    """Return the names of the cases of each group, from what the simulator stored beside them.

    Parameters
    ----------
    cases : sequence of ReferenceCase

    Returns
    -------
    dict of str to set of str
        Such as ``{"contrast: physical": {"simulated-000", ...}}``, sorted; empty if no case says
        what was drawn.

    Raises
    ------
    SeriesError
        A source.json is damaged.
    """
    groups: dict[str, set[str]] = {}
    for case in cases:
        path = case.image.parent / SOURCE_NAME
        drawn = read_json(path).get("simulation", {}) if path.is_file() else {}
        for kind in ("contrast", "source", "head"):
            if kind in drawn:
                groups.setdefault(f"{kind}: {drawn[kind]}", set()).add(case.name)
        for lesion in drawn.get("lesions", []):
            groups.setdefault(f"lesion: {lesion}", set()).add(case.name)
    return dict(sorted(groups.items()))


def breakdown_table(
    title: str, groups: dict[str, set[str]], results: dict[str, dict[str, StoredResult]]
) -> Table:
    """Return the mean Dice in each group, one column for each method.

    Parameters
    ----------
    title : str
    groups : dict of str to set of str
        Names of cases by group; groups without a result are left out.
    results : dict of str to dict of str to StoredResult
        By method, then by case; only methods measured on all the cases.
    """
    rows = []
    for group, names in groups.items():
        measured = sorted(name for name in names if all(name in own for own in results.values()))
        if not measured:
            continue
        means = [
            float(np.mean([dice_of(own[name]) for name in measured])) for own in results.values()
        ]
        cells = [Cell(f"{mean:.4f}", len(means) > 1 and mean == max(means)) for mean in means]
        rows.append([Cell(group), Cell(f"{len(measured)}"), *cells])
    return Table(title, ["Drawn", "n", *results], rows, NOTE)
