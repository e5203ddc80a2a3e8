"""Tables of our methods beside the peers: means, tails, failures, time and size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.evaluation.external.results import StoredResult
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.methods.external.tools import find_external_tool

FAILED_DICE = 0.90
POOR_DICE = 0.95

TABLE_NOTE = (
    "Each volume counts once; SD with n - 1. A method that stops with an error counts as an empty "
    "mask: Dice 0, HD95 infinite. Percentiles are figures of volumes of the set: of two neighbours "
    "the worse one. HD95 is the 95th percentile of the surface distance, the larger of both "
    "directions; its mean leaves out infinite ones and then says its n. Failures: Dice under "
    f"{FAILED_DICE:.2f}. Outward: mean share of the mask outside the reference, of the volumes "
    "with a mask. Lesion kept: mean and lowest share of the lesion that is in the mask, 0 without "
    "a mask. Time: median wall time of a whole volume, its matrix as it is, weights loaded where "
    "the tool can keep them; CPU: all its threads together. Size: MB of what must be installed "
    "beside Python, weights included (PyTorch and TensorFlow for the CPU only). In bold: the best "
    "of the column."
)
REFERENCE_NOTE = (
    "† took part in the consensus that is the reference here, which favours it; what that cannot "
    "favour are failures, simulated truth, time and size."
)


@dataclass(frozen=True)
class PeerSummary:
    """One method over the volumes of a set.

    Parameters
    ----------
    method : str
    volumes, errors : int
        Measured, and those of them without a mask.
    dice_mean, dice_sd, dice_5th, dice_lowest : float
    hd95_mean, hd95_95th : float
        In mm; infinite where a mask is empty.
    hd95_finite : int
        Volumes that the mean is of.
    failures : int
        Volumes with a Dice under `FAILED_DICE`.
    poor_share : float
        Share of volumes with a Dice under `POOR_DICE`.
    outward_share : float
        Mean share of the mask outside the reference, of the volumes with a mask; NaN without any.
    lesion_kept, lesion_kept_lowest : float
        Mean and lowest share of the lesion that is in the mask, of the volumes with a lesion mask,
        0 without a brain mask; NaN without a lesion mask.
    seconds : float
        Median for a volume.
    cpu_seconds : float
        Median for a volume, of all threads together.
    megabytes : float
        To install.
    """

    method: str
    volumes: int
    errors: int
    dice_mean: float
    dice_sd: float
    dice_5th: float
    dice_lowest: float
    hd95_mean: float
    hd95_finite: int
    hd95_95th: float
    failures: int
    poor_share: float
    outward_share: float
    lesion_kept: float
    lesion_kept_lowest: float
    seconds: float
    cpu_seconds: float
    megabytes: float


def summarise_peer(results: Sequence[StoredResult]) -> PeerSummary:
    """Summarise the results of one method.

    Parameters
    ----------
    results : sequence of StoredResult
        At least one, all of the same method.
    """
    rows = [result.figures for result in results]
    dice = np.array([dice_of(result) for result in results])
    hd95 = np.array([np.inf if row.failure else row.hd95_mm for row in rows])
    made = [result for result in results if not result.figures.failure]
    finite = hd95[np.isfinite(hd95)]
    outward = [share for row in rows if np.isfinite(share := row.outward_share)]
    kept = [share for row in rows if np.isfinite(share := row.lesion_kept)]
    kept += [0.0] * (sum(bool(row.failure) for row in rows) if kept else 0)
    return PeerSummary(
        method=rows[0].method,
        volumes=len(rows),
        errors=sum(bool(row.failure) for row in rows),
        dice_mean=float(dice.mean()),
        dice_sd=float(dice.std(ddof=1)) if len(rows) > 1 else float("nan"),
        dice_5th=float(np.percentile(dice, 5, method="lower")),
        dice_lowest=float(dice.min()),
        hd95_mean=float(finite.mean()) if finite.size else float("inf"),
        hd95_finite=finite.size,
        hd95_95th=float(np.percentile(hd95, 95, method="higher")),
        failures=int((dice < FAILED_DICE).sum()),
        poor_share=float((dice < POOR_DICE).mean()),
        outward_share=float(np.mean(outward)) if outward else float("nan"),
        lesion_kept=float(np.mean(kept)) if kept else float("nan"),
        lesion_kept_lowest=min(kept, default=float("nan")),
        seconds=_median([result.figures.seconds for result in made]),
        cpu_seconds=_median([result.cpu_seconds for result in made]),
        megabytes=results[-1].megabytes,
    )


def peer_table(
    title: str,
    summaries: Sequence[PeerSummary],
    statements: Sequence[str],
    consensus: bool = False,
) -> Table:
    """Return the table of one set.

    Parameters
    ----------
    title : str
    summaries : sequence of PeerSummary
        In the order of the rows, all over the same volumes.
    statements : sequence of str
        Sentences for the note: what the references are, how busy the machine was.
    consensus : bool
        The references are a consensus that some peers took part in: mark these.
    """
    columns = [
        ("Dice", "dice_mean", max, lambda row: _dice(row.dice_mean, row.dice_sd)),
        ("5th percentile", "dice_5th", max, lambda row: f"{row.dice_5th:.4f}"),
        ("lowest", "dice_lowest", max, lambda row: f"{row.dice_lowest:.4f}"),
        ("HD95 (mm)", "hd95_mean", min, _hd95),
        ("95th percentile (mm)", "hd95_95th", min, lambda row: _length(row.hd95_95th)),
        ("failures", "failures", min, lambda row: f"{row.failures}"),
        (f"under {POOR_DICE:.2f}", "poor_share", min, lambda row: f"{row.poor_share:.0%}"),
        ("outward", "outward_share", min, lambda row: _percent(row.outward_share)),
        ("lesion kept", "lesion_kept", max, lambda row: _percent(row.lesion_kept)),
        ("lowest kept", "lesion_kept_lowest", max, lambda row: _percent(row.lesion_kept_lowest)),
        ("s per volume", "seconds", min, lambda row: _three_digits(row.seconds)),
        ("CPU s", "cpu_seconds", min, lambda row: _three_digits(row.cpu_seconds)),
        ("size (MB)", "megabytes", min, lambda row: _three_digits(row.megabytes)),
    ]
    columns = [column for column in columns if _is_known(summaries, column[1])]
    rows = []
    best = {key: _best(summaries, key, choose) for _, key, choose, _ in columns}
    for row in summaries:
        count = f"{row.volumes}" + (f" ({row.errors} without a mask)" if row.errors else "")
        cells = [Cell(_marked(row.method, consensus)), Cell(count)]
        for _, key, _, text in columns:
            cells.append(Cell(text(row), getattr(row, key) == best[key]))
        rows.append(cells)
    note = " ".join([TABLE_NOTE, *statements])
    if consensus and any(_made_references(row.method) for row in summaries):
        note += f" {REFERENCE_NOTE}"
    return Table(title, ["Method", "n", *(column[0] for column in columns)], rows, note)


def case_table(
    title: str, results: dict[str, dict[str, StoredResult]], consensus: bool = False
) -> Table:
    """Return the Dice of every volume, one column for each method.

    Parameters
    ----------
    title : str
    results : dict of str to dict of str to StoredResult
        By method, then by case.
    consensus : bool
        As in `peer_table`.
    """
    cases = sorted({case for own in results.values() for case in own})
    rows = []
    for case in cases:
        dice = {method: dice_of(own[case]) for method, own in results.items() if case in own}
        highest = max(dice.values())
        cells = [
            Cell(f"{dice[method]:.4f}", dice[method] == highest and len(dice) > 1)
            if method in dice
            else Cell("–")
            for method in results
        ]
        rows.append([Cell(case), *cells])
    header = ["Volume", *(_marked(method, consensus) for method in results)]
    return Table(title, header, rows, "Dice; 0 without a mask.")


def duel_table(
    title: str,
    first: str,
    results: dict[str, dict[str, StoredResult]],
    consensus: bool = False,
) -> Table:
    """Count on how many volumes one method has a higher Dice than each of the others.

    Parameters
    ----------
    title : str
    first : str
        The method that the others are counted against.
    results : dict of str to dict of str to StoredResult
        By method, then by case.
    consensus : bool
        As in `peer_table`.
    """
    rows = []
    for other, own in results.items():
        if other == first:
            continue
        pairs = [
            (dice_of(results[first][case]), dice_of(own[case]))
            for case in own
            if case in results[first]
        ]
        ahead, behind = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
        texts = (_marked(other, consensus), f"{len(pairs)}", f"{ahead}", f"{behind}")
        rows.append([Cell(text) for text in texts])
    note = f"Volumes on which the Dice of {first} is higher, and lower, than the other's."
    return Table(title, ["Against", "n", "ahead", "behind"], rows, note)


def dice_of(result: StoredResult) -> float:
    """Return the Dice of a result, 0 without a mask."""
    return 0.0 if result.figures.failure else result.figures.dice


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def _best(summaries: Sequence[PeerSummary], key: str, choose) -> float | None:
    rows = summaries
    if key == "hd95_mean":  # leaving out its worst volumes must not help a method
        most = max(row.hd95_finite / row.volumes for row in rows)
        rows = [row for row in rows if row.hd95_finite / row.volumes == most]
    if key == "outward_share":
        fewest = min(row.errors for row in rows)
        rows = [row for row in rows if row.errors == fewest]
    values = [value for row in rows if np.isfinite(value := getattr(row, key))]
    return choose(values) if values and len(summaries) > 1 else None


def _is_known(summaries: Sequence[PeerSummary], key: str) -> bool:
    """Say whether any method has a figure of the lesion, which real series have no mask of."""
    return not key.startswith("lesion") or any(np.isfinite(getattr(row, key)) for row in summaries)


def _made_references(method: str) -> bool:
    peer = find_external_tool(method)
    return peer is not None and peer.made_references


def _marked(method: str, consensus: bool) -> str:
    return f"{method} †" if consensus and _made_references(method) else method


def _dice(mean: float, sd: float) -> str:
    return f"{mean:.4f}" if np.isnan(sd) else f"{mean:.4f} ± {sd:.4f}"


def _hd95(row: PeerSummary) -> str:
    text = _length(row.hd95_mean)
    return text if row.hd95_finite in (0, row.volumes) else f"{text} (n = {row.hd95_finite})"


def _length(value: float) -> str:
    return "infinite" if np.isinf(value) else f"{value:.1f}"


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.1%}"


def _three_digits(value: float) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
