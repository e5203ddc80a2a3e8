"""Many cases, one after the other: the only loop over cases in this library."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.pipeline import SegmentationResult, Source, segment_case, segment_series
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.types import DSCSeries

METHOD_STEPS = ("find bolus", "segment", "clean up")
"""Timed steps of a case that are a method's own."""

_SHORTEST_NAME = 4
"""Names of files that are shorter tell nobody, but may be found in any sentence."""


@dataclass(frozen=True)
class Job:
    """One series and the method that is to segment it.

    Parameters
    ----------
    name : str
        What results, progress and failures call it: no person's name.
    source : path, sequence of path, or DSCSeries
        See `pipeline.segment_series`.
    method : SegmentationMethod
        With the weights it is to use.
    frame : int, "auto" or None
        Time point counted from 0.
    series_uid : str, optional
        Which series, where a folder holds several.
    bolus : bool
        False: one time point alone.
    context : object
        Anything the caller wants to have back with the outcome.
    """

    name: str
    source: Source
    method: SegmentationMethod
    frame: int | str | None = None
    series_uid: str | None = None
    bolus: bool = True
    context: Any = None


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Parameters
    ----------
    job : Job
    result : SegmentationResult or None
        None if it failed.
    error : Exception or None
        Why it failed.
    cpu_seconds : float
        CPU time of the whole case, all threads and child processes together; other work on the
        machine hardly changes it.
    """

    job: Job
    result: SegmentationResult | None = None
    error: Exception | None = None
    cpu_seconds: float = float("nan")

    @property
    def method(self) -> SegmentationMethod:
        """The job's method."""
        return self.job.method

    @property
    def seconds(self) -> float:
        """Wall time of the method itself, without reading and loading; NaN if it failed."""
        if self.result is None:
            return float("nan")
        return sum(self.result.timings.get(step, 0.0) for step in METHOD_STEPS)

    @property
    def failure(self) -> str:
        """One sentence without names of files; empty for a job that did not fail."""
        return "" if self.error is None else describe_failure(self.error, self.job)


def segment_many(
    jobs: Iterable[Job],
    total: int | None = None,
    warm_up: bool = False,
    judge: bool = True,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Iterator[Outcome]:
    """Segment series one after the other; one that fails does not cost the others.

    The jobs are taken one by one, each after the outcome before was handed out: a generator may
    read a case only when its turn has come, or leave out what an earlier outcome made needless.

    Parameters
    ----------
    jobs : iterable of Job
    total : int, optional
        How many there are, for the progress; counted where `jobs` has a length.
    warm_up : bool
        Call each method once untimed before its first timed call, except one that does not stay
        loaded.
    judge : bool
        False to measure methods: an empty mask is a result, not a failure, and masks are not
        judged.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`; progress counts jobs.

    Yields
    ------
    Outcome
        For each job, in order.

    Raises
    ------
    Cancelled
        `cancelled` returned True; the outcomes so far are the caller's.

    Examples
    --------
    >>> from DSCBrainSegLib import Job, get_method, segment_many
    >>> jobs = [Job(name, f"{name}.nii.gz", get_method("otsu")) for name in ("scan", "gone")]
    >>> for outcome in segment_many(jobs):
    ...     print(outcome.job.name, outcome.failure or "done")
    scan done
    gone gone does not exist; check the path.
    """
    if total is None:
        total = len(jobs) if isinstance(jobs, Sized) else 0
    warm: set[str] = set()
    done = 0
    for job in jobs:
        check_cancelled(cancelled)
        label = f"{job.name}: {job.method.name}"
        progress(done, total, label)
        try:
            if warm_up and job.method.stays_loaded and job.method.name not in warm:
                _segment(job, judge, no_progress, cancelled)
                warm.add(job.method.name)
            busy = _cpu_seconds()
            result = _segment(job, judge, _step_of(progress, done, total, job), cancelled)
            outcome = Outcome(job, result, cpu_seconds=_cpu_seconds() - busy)
        except Cancelled:
            raise
        except Exception as error:  # whatever a file or a method provokes must not cost the others
            outcome = Outcome(job, error=error)
        done += 1
        yield outcome
    progress(done, total, "Done")


def describe_failure(error: Exception, job: Job) -> str:
    """Say in one sentence why a job failed, its files called by the job's name.

    Where they lie is nobody's business in a report: folders are named after people.
    """
    kind = "" if isinstance(error, DSCBrainSegError) else f"{type(error).__name__}: "
    return hide_names(" ".join(f"{kind}{error}".split()), names_of(job.source), job.name)


def hide_names(sentence: str, names: set[str], instead: str) -> str:
    """Put `instead` in the place of every one of `names` in a sentence."""
    for name in sorted(names, key=len, reverse=True):
        sentence = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", instead, sentence)
    return sentence


def names_of(source: Source) -> set[str]:
    """Return how a message may call a series: whole paths, paths below its folder, file names."""
    if isinstance(source, DSCSeries):
        return names_of(source.source) if source.source else set()
    if isinstance(source, (str, Path)):
        root = Path(source)
        paths = [root, *root.rglob("*")]
    else:
        root = Path(source[0]).parent
        paths = [root, *map(Path, source)]
    below = [path.relative_to(root) for path in paths if path.is_relative_to(root)]
    names = {path.name for path in paths if len(path.name) >= _SHORTEST_NAME}
    return names | {str(path) for path in (*paths, *below) if len(path.parts) > 1}


def _segment(
    job: Job, judge: bool, progress: ProgressCallback, cancelled: CancelCallback
) -> SegmentationResult:
    if judge:
        return segment_series(
            job.source,
            job.method,
            job.frame,
            series_uid=job.series_uid,
            progress=progress,
            cancelled=cancelled,
            bolus=job.bolus,
        )
    return segment_case(
        job.source, job.method, job.frame, job.series_uid, job.bolus, False, progress, cancelled
    )


def _step_of(
    progress: ProgressCallback, done: int, total: int, job: Job
) -> Callable[[int, int, str], None]:
    """Name the steps of one job in the progress of all."""
    return lambda _done, _total, message: progress(done, total, f"{job.name}: {message}")


def _cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
