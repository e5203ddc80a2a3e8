"""Our methods and the peers on the same images, case by case; a kill loses one case."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from DSCBrainSegLib.case_loop import Job, Outcome, segment_many
from DSCBrainSegLib.cohort.cases import ReferenceCase, find_cases, load_case
from DSCBrainSegLib.errors import ConfigurationError, MissingPackageError
from DSCBrainSegLib.evaluation.chosen import NetworkWeights, find_methods
from DSCBrainSegLib.evaluation.external.bolus import NetworkWithBolus, with_bolus
from DSCBrainSegLib.evaluation.external.results import (
    ResultStore,
    StoredResult,
    case_digest,
    method_state,
)
from DSCBrainSegLib.evaluation.measure import VolumeFigures, measure_slices, measure_volume
from DSCBrainSegLib.methods.external.size import install_megabytes
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

REAL, SIMULATED_SET = "real", "simulated"
RESULTS_FOLDER = "results"

DEFAULT_METHODS = (
    "network",
    "otsu",
    "otsu-post",
    "aabl",
    "cusum",
    "nilearn",
    "dipy",
    "brainextractor",
    "niimath",
    "deepbet",
)
"""In the order they run and stand in tables. HD-BET and ROBEX, which take minutes, are
asked for by name."""


@dataclass(frozen=True)
class PeerSet:
    """Cases that methods are compared on.

    Parameters
    ----------
    name : str
        Of its folder of results.
    title : str
        For tables.
    cases : list of ReferenceCase
    """

    name: str
    title: str
    cases: list[ReferenceCase]


def measure_peers(
    output: Path,
    sets: Sequence[PeerSet],
    methods: Sequence[str] = DEFAULT_METHODS,
    weights: Sequence[NetworkWeights] = (),
    cases: Sequence[str] = (),
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> list[str]:
    """Measure what has not been measured yet and store every result as it comes.

    A network that uses the bolus is measured with it, too, on the cases with an image of its peak.

    A stored result is kept as long as the case's voxels and the method's state (versions, sources,
    weights) are those of now.

    Parameters
    ----------
    output : Path
        Gets ``results/SET/METHOD/CASE.json``.
    sets : sequence of PeerSet
    methods : sequence of str
        Names of methods and peers.
    weights : sequence of NetworkWeights
        More networks, as in `run.evaluate_folder`.
    cases : sequence of str
        Patterns of names (``*`` and ``?``); all cases by default.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    list of str
        One sentence for each method that could not be measured because a package is missing.

    Raises
    ------
    ConfigurationError
        There is no such method, or no case fits a pattern.
    WeightsError
        A weight file is missing or damaged.
    Cancelled
        `cancelled` returned True; the results so far are kept.
    """
    chosen = with_bolus(find_methods(methods, weights))
    parts = {each.name: pick_cases(each.cases, cases) for each in sets}
    if not any(parts.values()):
        raise ConfigurationError(
            f"No case is called {' or '.join(cases)}; the cases are "
            f"{', '.join(case.name for each in sets for case in each.cases)}."
        )
    absent: dict[str, str] = {}
    states = {method.name: method_state(method) for method in chosen}
    sizes = {method.name: install_megabytes(method) for method in chosen}

    def put(outcome: Outcome, store: ResultStore, digest: str, figures, heights=()) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        name = figures.method
        busy = outcome.cpu_seconds
        store.write(
            StoredResult(figures, digest, states[name], now, load, busy, sizes[name], list(heights))
        )

    def jobs() -> Iterator[Job]:
        for method in chosen:
            for name, part in parts.items():
                store = ResultStore(Path(output) / RESULTS_FOLDER / name)
                for case in part:
                    knows_bolus = isinstance(method, NetworkWithBolus)
                    if method.name in absent or (knows_bolus and case.peak is None):
                        continue
                    check_cancelled(cancelled)
                    try:
                        loaded = load_case(case)
                        digest = case_digest(loaded)
                    except Exception as error:  # a damaged case must not cost the others
                        unread = Outcome(Job(case.name, case.image, method), error=error)
                        put(unread, store, "", _failed(unread))
                        continue
                    stored = store.read(method.name, case.name)
                    if stored and (stored.input_sha256, stored.made_by) == (
                        digest,
                        states[method.name],
                    ):
                        continue
                    context = (loaded, store, digest)
                    source = replace(loaded.series, source=case.image)
                    own = method.knowing(loaded) if knows_bolus else method
                    yield Job(case.name, source, own, loaded.frame, context=context)

    total = len(chosen) * sum(map(len, parts.values()))
    for outcome in segment_many(jobs(), total, True, False, progress, cancelled):
        loaded, store, digest = outcome.job.context
        if isinstance(outcome.error, MissingPackageError):
            absent[outcome.method.name] = outcome.failure
        elif outcome.result is None:
            put(outcome, store, digest, _failed(outcome))
        else:
            planes = len(to_axial(loaded.image, loaded.affine).volume)
            mask, name = outcome.result.mask, outcome.method.name
            figures = measure_volume(mask, loaded, name, planes, outcome.seconds)
            slices = measure_slices(mask, loaded, name)
            heights = [(row.below_top_mm, row.dice) for row in slices if row.below_top_mm >= 0]
            put(outcome, store, digest, figures, heights)
    return [f"{name} was not measured: {why}" for name, why in absent.items()]


def _failed(outcome: Outcome) -> VolumeFigures:
    return VolumeFigures(outcome.job.name, outcome.method.name, failure=outcome.failure)


def pick_cases(cases: Sequence[ReferenceCase], patterns: Sequence[str]) -> list[ReferenceCase]:
    """Return the cases whose names fit one of the patterns; all if there is no pattern."""
    return [
        case
        for case in cases
        if not patterns or any(fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns)
    ]


def real_set(folder: Path) -> PeerSet:
    """Return a folder of real series with references as a set."""
    return PeerSet(REAL, "Real series", find_cases(folder))


def simulated_set(folder: Path, count: int) -> PeerSet:
    """Return the first volumes of a set that `peer_cases.make_simulated_set` made."""
    cases = [case for case in find_cases(folder) if not case.name.startswith(".")]
    return PeerSet(SIMULATED_SET, "Simulated abnormal brains", cases[:count])
