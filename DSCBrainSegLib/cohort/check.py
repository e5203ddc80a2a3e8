"""Find what is wrong in a cohort before it is trained or evaluated on."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.check_subject import check_subject
from DSCBrainSegLib.cohort.layout import COHORT_NAME, SUBJECT_NAME, Cohort, Subject
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Problem:
    """One thing to put right.

    Parameters
    ----------
    subject : str
        Its name; empty where it concerns the whole cohort.
    sentence : str
        What is wrong and what to do.
    severity : {"error", "warning"}
        An error makes figures wrong or cannot be read; a warning may have its reasons.
    """

    subject: str
    sentence: str
    severity: str = ERROR

    def __str__(self) -> str:
        where = f"{self.subject}: " if self.subject else ""
        return f"{self.severity}: {where}{self.sentence}"


def check_cohort(
    cohort: Cohort,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> list[Problem]:
    """Check the files, the ground truths, the split and the privacy of a cohort.

    Nothing is changed, and nothing that might be a patient's name is repeated.

    Parameters
    ----------
    cohort : Cohort
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    list of Problem
        Those of the whole cohort first, then by subject; empty if all is well.

    Raises
    ------
    Cancelled
        `cancelled` returned True.
    """
    problems = _leftovers(cohort.folder)
    subjects: list[Subject] = []
    same_series, same_frame = defaultdict(list), defaultdict(list)
    of_subjects: list[Problem] = []
    folders = [path for path in sorted(cohort.folder.iterdir()) if _may_be_subject(path)]
    for done, folder in enumerate(folders):
        check_cancelled(cancelled)
        progress(done, len(folders), f"Checking {folder.name}")
        if not (folder / SUBJECT_NAME).is_file():
            sentence = f"This folder has no {SUBJECT_NAME}; it is no subject. Remove or restore it."
            of_subjects.append(Problem(folder.name, sentence, WARNING))
            continue
        try:
            subject = Subject.read(folder)
        except SeriesError as error:
            of_subjects.append(Problem(folder.name, str(error)))
            continue
        subjects.append(subject)
        findings = check_subject(subject)
        of_subjects += [
            Problem(subject.name, sentence, severity) for severity, sentence in findings.found
        ]
        if findings.series_key:
            same_series[findings.series_key].append(subject.name)
        if findings.frame_key:
            same_frame[findings.frame_key].append(subject.name)
    progress(len(folders), len(folders), "Checked")
    problems += _same_names(subjects)
    problems += _same_images(same_series, same_frame)
    problems += _split_problems(cohort, subjects)
    return problems + of_subjects


def _may_be_subject(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def _leftovers(folder: Path) -> list[Problem]:
    return [
        Problem("", f"{path.name} was left by an interrupted write; remove it.", WARNING)
        for path in sorted(folder.iterdir())
        if path.name.startswith(".") and (path.is_dir() or path.name.startswith(f".{COHORT_NAME}"))
    ]


def _same_names(subjects: list[Subject]) -> list[Problem]:
    by_name = defaultdict(list)
    for subject in subjects:
        by_name[unicodedata.normalize("NFC", subject.name).casefold()].append(subject.name)
    return [
        Problem(
            names[0],
            f"{len(names)} folders differ only in case or in how accents are coded; rename all "
            "but one.",
        )
        for names in by_name.values()
        if len(names) > 1
    ]


def _same_images(
    same_series: dict[str, list[str]], same_frame: dict[str, list[str]]
) -> list[Problem]:
    problems = []
    for names in same_series.values():
        if len(names) > 1:
            sentence = f"The same series is in {', '.join(names)}; keep one of them."
            problems.append(Problem(names[0], sentence))
    for names in same_frame.values():
        if len(names) > 1 and names not in same_series.values():
            sentence = f"The reference frames of {', '.join(names)} are the same; keep one of them."
            problems.append(Problem(names[0], sentence))
    return problems


def _split_problems(cohort: Cohort, subjects: list[Subject]) -> list[Problem]:
    try:
        split = cohort.split
    except SeriesError as error:
        return [Problem("", str(error))]
    if split is None:
        return []
    problems = []
    persons = {subject.name: subject.person for subject in subjects}
    missing = [name for names in split.parts.values() for name in names if name not in persons]
    if missing:
        sentence = f"The split names {', '.join(missing)}, which the cohort lacks or cannot read."
        problems.append(Problem("", f"{sentence} Restore them or split again."))
    late = split.unsplit(persons)
    if late:
        sentence = f"Not in the split: {', '.join(late)}; they came after it."
        problems.append(Problem("", f"{sentence} Split again to use them.", WARNING))
    parts_of = defaultdict(set)
    for part, names in split.parts.items():
        for name in names:
            parts_of[persons.get(name, name)].add(part)
    for person, parts in parts_of.items():
        if len(parts) > 1:
            sentence = f"Person {person} is in the parts {', '.join(sorted(parts))}; split again."
            problems.append(Problem("", sentence))
    return problems
