"""Write what a run of peers has measured so far: tables and box plots of each set."""

from __future__ import annotations

import csv
import dataclasses
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from DSCBrainSegLib.cohort.cases import load_case
from DSCBrainSegLib.evaluation.external.bolus import SUFFIX
from DSCBrainSegLib.evaluation.external.breakdown import breakdown_table, drawn_groups
from DSCBrainSegLib.evaluation.external.results import ResultStore, StoredResult, case_digest
from DSCBrainSegLib.evaluation.external.run import DEFAULT_METHODS, RESULTS_FOLDER, PeerSet
from DSCBrainSegLib.evaluation.external.tables import (
    PeerSummary,
    case_table,
    duel_table,
    peer_table,
    summarise_peer,
)
from DSCBrainSegLib.evaluation.measure import VolumeFigures
from DSCBrainSegLib.evaluation.references import describe_references, reference_kind
from DSCBrainSegLib.evaluation.tables.height_table import height_tables
from DSCBrainSegLib.evaluation.tables.markdown import to_markdown
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.metrics.height import HeightRange, dice_by_height

TABLES_NAME, CASES_NAME = "peers.md", "peers-per-volume.md"
CONSENSUS_OF = re.compile(r"HD-BET|deepbet", re.IGNORECASE)

Results = dict[str, dict[str, StoredResult]]


def write_peers(output: Path, sets: Sequence[PeerSet], absent: Sequence[str] = ()) -> None:
    """Write tables (Markdown, CSV) and box plots of all results that fit the sets' voxels of now.

    A method that was measured on part of a set stands in a table of its own, with all other methods
    on the same volumes. Files of an earlier writing are replaced.

    Parameters
    ----------
    output : Path
        Where `run.measure_peers` stored its results.
    sets : sequence of PeerSet
    absent : sequence of str
        Sentences about methods that could not be measured.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    OutputError
        `output` cannot be written.
    """
    from DSCBrainSegLib.evaluation.plots.box_plots import draw_box_plots
    from DSCBrainSegLib.files import output_folder

    tables, per_case, summaries, volumes, pictures = [], [], [], [], {}
    for each in sets:
        results = stored_results(Path(output), each)
        if not results:
            continue
        groups = drawn_groups(each.cases)
        consensus = any(CONSENSUS_OF.search(reference_kind(case)) for case in each.cases)
        for title, part in same_volumes(each, results):
            rows = [summarise_peer(list(own.values())) for own in part.values()]
            summaries += [(title, row) for row in rows]
            statements = [*describe_references(each.cases), _load_statement(part)]
            tables.append(peer_table(title, rows, statements, consensus))
            by_height = {method: _by_height(own.values()) for method, own in part.items()}
            tables += height_tables(by_height, f"{title}: by height below the top of the brain")
            if groups:
                tables.append(breakdown_table(f"{title}: by what was drawn", groups, part))
        if "network" in results and len(results) > 1:
            title = f"{each.title}: the network against each"
            tables.append(duel_table(title, "network", results, consensus))
        tables.append(_state_table(each, results))
        per_case.append(case_table(each.title, results, consensus))
        figures = [result.figures for own in results.values() for result in own.values()]
        volumes += [(each.name, row) for row in figures]
        pictures[f"peers-{each.name}.png"] = draw_box_plots(figures, list(results))
    with output_folder(Path(output), overwrite=True) as work:
        (work / TABLES_NAME).write_text(to_markdown(tables, absent), encoding="utf-8")
        (work / CASES_NAME).write_text(to_markdown(per_case), encoding="utf-8")
        for name, picture in pictures.items():
            (work / name).write_bytes(picture)
        _write_csv(work / "peers.csv", "volumes_of", summaries, PeerSummary)
        _write_csv(work / "peers-per-volume.csv", "set", volumes, VolumeFigures)


def stored_results(output: Path, each: PeerSet) -> Results:
    """Return the results of a set by method and case, each method in its newest state only.

    Results on voxels or references that are not those of now are left out.
    """
    store = ResultStore(output / RESULTS_FOLDER / each.name)
    methods = store.methods()
    order = [name + end for name in DEFAULT_METHODS for end in ("", SUFFIX)]
    known = [name for name in order if name in methods]
    digests = {}
    for case in each.cases:
        try:
            digests[case.name] = case_digest(load_case(case))
        except Exception:  # it has been told as a failure of every method
            digests[case.name] = ""
    found: Results = {}
    for method in [*known, *(name for name in methods if name not in known)]:
        own = {name: store.read(method, name) for name in digests}
        own = {
            name: result
            for name, result in own.items()
            if result is not None and result.input_sha256 == digests[name]
        }
        if own:
            newest = max(own.values(), key=lambda result: result.date).made_by
            found[method] = {
                name: result for name, result in own.items() if result.made_by == newest
            }
    return found


def same_volumes(each: PeerSet, results: Results) -> list[tuple[str, Results]]:
    """Group results so that all methods of a group were measured on all of its volumes.

    Returns
    -------
    list of (str, dict)
        Title and results; the group with the most volumes first.
    """
    parts = sorted({frozenset(own) for own in results.values()}, key=lambda p: (-len(p), min(p)))
    groups = []
    for part in parts:
        title = f"{each.title} ({len(part)} volumes)"
        if len(part) < len(each.cases):
            only = [method for method, own in results.items() if frozenset(own) == part]
            title = f"{each.title} ({len(part)} of {len(each.cases)} volumes, for {_list(only)})"
        own = {
            method: {name: result for name, result in rows.items() if name in part}
            for method, rows in results.items()
            if part <= set(rows)
        }
        groups.append((title, own))
    return groups


def _by_height(results: Iterable[StoredResult]) -> list[HeightRange]:
    pairs = [pair for result in results for pair in result.heights]
    return dice_by_height([below for below, _ in pairs], [dice for _, dice in pairs])


def _state_table(each: PeerSet, results: Results) -> Table:
    rows = []
    for method, own in results.items():
        dates = sorted(result.date[:10] for result in own.values())
        loads = sorted(result.load for result in own.values())
        state = re.sub(r"\b([0-9a-f]{12})[0-9a-f]{52}\b", r"\1", next(iter(own.values())).made_by)
        days = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
        texts = (method, state, days, f"{loads[0]:.1f} to {loads[-1]:.1f}")
        rows.append([Cell(text) for text in texts])
        for reason in sorted({result.figures.failure for result in own.values()} - {""}):
            names = [name for name, result in own.items() if result.figures.failure == reason]
            rows.append([Cell(method), Cell(f"no mask: {reason}"), Cell(_list(names)), Cell("")])
    return Table(
        f"{each.title}: what was measured",
        ["Method", "State", "Date", "Load"],
        rows,
        "SHA-256 cut to 12 digits. Load: of the machine while the method ran.",
    )


def _load_statement(results: Results) -> str:
    import os

    loads = [result.load for own in results.values() for result in own.values()]
    return (
        f"Measured on {os.cpu_count()} cores at a load of {min(loads):.1f} to {max(loads):.1f} (a "
        "load above the number of cores makes times too long)."
    )


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _write_csv(path: Path, first: str, rows: Sequence[tuple[str, object]], kind: type) -> None:
    fields = [first, *(field.name for field in dataclasses.fields(kind))]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows({first: name, **dataclasses.asdict(row)} for name, row in rows)
