"""Say what the references of a cohort are: exact simulated truth, drawn, or a consensus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from DSCBrainSegLib.cohort.cases import SOURCE_NAME, ReferenceCase
from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, SIMULATION, TO_DRAW
from DSCBrainSegLib.cohort.layout import COHORT_NAME, SUBJECT_NAME, Cohort, Subject
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.files import read_json

SIMULATED = "simulated, exact truth that no person drew"
UNKNOWN = "of unknown origin, nothing beside the mask says who or what made it"


def describe_references(cases: Sequence[ReferenceCase]) -> list[str]:
    """Say in one sentence for each kind how many references are of it.

    Parameters
    ----------
    cases : sequence of ReferenceCase

    Returns
    -------
    list of str
        The most frequent kind first. No reader is named.

    Examples
    --------
    >>> describe_references(find_cases("cohort"))  # doctest: +SKIP
    ['References of all 32 cases: simulated, exact truth that no person drew.']
    """
    kinds = Counter(reference_kind(case) for case in cases)
    return [f"{_of_cases(count, len(cases))}: {kind}." for kind, count in kinds.most_common()]


def describe_scope(folder: Path, part: str | None) -> str:
    """Say in one sentence which part of a cohort's split was evaluated.

    Parameters
    ----------
    folder : Path
        A cohort or a plain folder of cases.
    part : {"train", "validation", "test"} or None
        None for all of it.

    Returns
    -------
    str
        Empty if there is no split.
    """
    if part:
        return f"Only the part {part} of the cohort's split was evaluated."
    if (folder / COHORT_NAME).is_file() and Cohort.open(folder).split:
        return (
            "All parts of the cohort's split were evaluated, also what a network trained on it has "
            "seen."
        )
    return ""


def reference_kind(case: ReferenceCase) -> str:
    """Return what the reference of a case is, in words without a full stop.

    A subject of a cohort tells it in its subject.json, a sub-folder of a plain folder in its
    source.json as ``{"reference": {"kind": "..."}}``.
    """
    folder = case.image.parent
    try:
        if (folder / SUBJECT_NAME).is_file():
            return _kind_of_subject(Subject.read(folder))
        return _kind_of_folder(folder)
    except SeriesError:  # damaged; whether the case can be evaluated is not decided here
        return UNKNOWN


def _kind_of_subject(subject: Subject) -> str:
    truth = subject.ground_truth
    if truth.reader == SIMULATION:
        return SIMULATED
    if truth.state == TO_DRAW:
        return UNKNOWN
    words = "drawn by one reader"
    if truth.seeded_from:
        words += f" who started from the mask of {truth.seeded_from}"
    words += (
        " and confirmed by a second" if truth.state == CONFIRMED else ", not confirmed by a second"
    )
    origin = subject.facts.get("origin")
    if isinstance(origin, dict) and origin.get("simulated"):
        words += ", on simulated images"
    return words


def _kind_of_folder(folder: Path) -> str:
    path = folder / SOURCE_NAME
    reference = read_json(path).get("reference") if path.is_file() else None
    kind = reference.get("kind") if isinstance(reference, dict) else None
    return " ".join(str(kind).split()).rstrip(".") if kind else UNKNOWN


def _of_cases(count: int, total: int) -> str:
    if total == 1:
        return "Reference of the case"
    which = f"all {total}" if count == total else f"{count} of {total}"
    return f"References of {which} cases"
