"""Our methods and the peers on the same images, case by case; a kill loses one case."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase, find_cases, load_case
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, MissingPackageError
from DSCBrainSegLib.evaluation.chosen import NetworkWeights, describe_weights, find_methods
from DSCBrainSegLib.evaluation.external.results import (
    ResultStore,
    StoredResult,
    case_digest,
    method_state,
)
from DSCBrainSegLib.evaluation.measure import VolumeFigures, measure_volume
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.methods.external.size import install_megabytes
from DSCBrainSegLib.methods.external.tools import find_peer
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
    from DSCBrainSegLib.network.weights import default_weights

    chosen = find_methods(methods, weights)
    states = describe_weights(chosen, weights)
    given = {each.method: each.path for each in weights}
    files = {name: given.get(name) or default_weights() for name in states}
    parts = {each.name: pick_cases(each.cases, cases) for each in sets}
    if not any(parts.values()):
        raise ConfigurationError(
            f"No case is called {' or '.join(cases)}; the cases are "
            f"{', '.join(case.name for each in sets for case in each.cases)}."
        )
    total, done, absent = len(chosen) * sum(map(len, parts.values())), 0, []
    for method in chosen:
        session = _MethodSession(method, method_state(method, states), files.get(method.name))
        for name, part in parts.items():
            store = ResultStore(Path(output) / RESULTS_FOLDER / name)
            for case in part:
                check_cancelled(cancelled)
                progress(done, total, f"{method.name}: {case.name}")
                done += 1
                if session.missing:
                    continue
                session.measure(case, store)
        if session.missing:
            absent.append(f"{method.name} was not measured: {session.missing}")
    progress(total, total, "Done")
    return absent


def pick_cases(cases: Sequence[ReferenceCase], patterns: Sequence[str]) -> list[ReferenceCase]:
    """Return the cases whose names fit one of the patterns; all if there is no pattern."""
    return [
        case
        for case in cases
        if not patterns or any(fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns)
    ]


class _MethodSession:
    """One method at work: called once untimed, then timed on every case that has no result."""

    def __init__(self, method: SegmentationMethod, state: str, weights: Path | None):
        self._method, self._state = method, state
        self._megabytes = install_megabytes(method, weights)
        self._warm = False
        self._cpu_seconds = float("nan")
        self.missing = ""

    def measure(self, case: ReferenceCase, store: ResultStore) -> None:
        try:
            loaded = load_case(case)
            digest = case_digest(loaded)
        except Exception as error:  # a damaged case must not cost the others
            self._store(store, "", VolumeFigures(case.name, self._method.name, failure=str(error)))
            return
        stored = store.read(self._method.name, case.name)
        if stored and (stored.input_sha256, stored.made_by) == (digest, self._state):
            return
        self._cpu_seconds = float("nan")
        try:
            figures = self._segment(loaded)
        except MissingPackageError as error:
            self.missing = str(error)
            return
        except Cancelled:
            raise
        except Exception as error:  # whatever a peer raises is its result on this case
            reason = f"{type(error).__name__}: {error}".replace(str(case.image.parent), case.name)
            figures = VolumeFigures(case.name, self._method.name, failure=reason)
        self._store(store, digest, figures)

    def _segment(self, loaded: LoadedCase) -> VolumeFigures:
        from DSCBrainSegLib.pipeline import segment_volume
        from DSCBrainSegLib.preprocessing.axial import to_axial

        if not self._warm:
            peer = find_peer(self._method.name)
            if peer:
                peer.require()
            if not (peer and peer.loads_each_call):
                segment_volume(loaded.image, loaded.affine, self._method)
            self._warm = True
        start, busy = time.perf_counter(), _cpu_seconds()
        mask = segment_volume(loaded.image, loaded.affine, self._method)
        seconds = time.perf_counter() - start
        self._cpu_seconds = _cpu_seconds() - busy
        planes = len(to_axial(loaded.image, loaded.affine).volume)
        return measure_volume(mask, loaded, self._method.name, planes, seconds)

    def _store(self, store: ResultStore, digest: str, figures: VolumeFigures) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
        store.write(
            StoredResult(
                figures, digest, self._state, now, load, self._cpu_seconds, self._megabytes
            )
        )


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def real_set(folder: Path) -> PeerSet:
    """Return a folder of real series with references as a set."""
    return PeerSet(REAL, "Real series", find_cases(folder))


def simulated_set(folder: Path, count: int) -> PeerSet:
    """Return the first volumes of a set that `peer_cases.make_simulated_set` made."""
    cases = [case for case in find_cases(folder) if not case.name.startswith(".")]
    return PeerSet(SIMULATED_SET, "Simulated abnormal brains", cases[:count])
