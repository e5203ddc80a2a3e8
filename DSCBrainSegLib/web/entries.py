"""What the page lists: series of a folder, a result with its masks, subjects of a cohort."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from DSCBrainSegLib.cohort.ground_truth import SIMULATION, STATES, TO_DRAW, GroundTruth
from DSCBrainSegLib.cohort.layout import COHORT_NAME, Cohort, Subject
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.files import read_json

FACTS_NAME = "segment.json"
COMPARED_PREFIX = "mask-"
MASK_SUFFIXES = (".nii.gz", ".nrrd")
TRUTH_NAME = Path("truth", "mask.nii.gz")
"""Where ``dscbrainseg simulate`` leaves the exact mask of its series."""


@dataclass(frozen=True)
class Entry:
    """One line of the list.

    Parameters
    ----------
    name : str
        What the list calls it: a subject's code, or what the series is called in its header.
    path : Path
        File or folder of the series.
    file_stem : str
        What files saved of it are called; never a path or a text of the header.
    series_uid : str or None
        Where the folder holds several series.
    subject : Subject or None
        Of a cohort.
    masks : dict of str to Path
        Masks that a run of ``dscbrainseg segment`` left, by method.
    facts : dict
        What its segment.json holds.
    truth : Path or None
        The exact mask of a simulated series.
    """

    name: str
    path: Path
    file_stem: str
    series_uid: str | None = None
    subject: Subject | None = None
    masks: dict[str, Path] = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    truth: Path | None = None

    @property
    def identity(self) -> str:
        """Tells this entry from all others on this computer."""
        return f"{self.path.resolve()}|{self.series_uid or ''}"

    @property
    def state(self) -> str:
        """One of `cohort.ground_truth.STATES`, as the files say."""
        return self.subject.state if self.subject is not None else TO_DRAW

    def truth_history(self) -> GroundTruth:
        """Return who made the mask `truth`."""
        return GroundTruth(reader=SIMULATION)


def find_entries(path: Path, series: Path | None = None) -> list[Entry]:
    """Find what there is to review.

    Parameters
    ----------
    path : Path
        A cohort, a folder that holds the results of ``dscbrainseg segment`` or a phantom, or a
        series: a folder of DICOM files, one file of them, or a NIfTI or NRRD file.
    series : Path, optional
        The series of a result folder that does not hold it.

    Returns
    -------
    list of Entry
        Subjects that nobody has drawn first. At least one.

    Raises
    ------
    SeriesError
        There is no series that can be reviewed.
    """
    if not path.exists():
        raise SeriesError(f"{path} does not exist; check the path.")
    if (path / COHORT_NAME).is_file():
        return _subjects(path)
    masks, facts = _results(path)
    if masks and series is None:
        series = _series_beside(path)
    found = _series(series or path, masks, facts)
    truth = path / TRUTH_NAME
    if truth.is_file() and len(found) == 1:
        return [Entry(**{**vars(found[0]), "truth": truth})]
    return found


def _subjects(path: Path) -> list[Entry]:
    subjects = sorted(
        Cohort.open(path).subjects, key=lambda each: (STATES.index(each.state), each.name)
    )
    if not subjects:
        raise SeriesError(f"{path} has no subjects; add some with 'dscbrainseg cohort add'.")
    return [
        Entry(each.name, each.series or each.frame, each.name, subject=each) for each in subjects
    ]


def _results(path: Path) -> tuple[dict[str, Path], dict]:
    """Return the masks of a result folder by method, and what segment.json holds."""
    if not path.is_dir():
        return {}, {}
    masks, facts = {}, {}
    for suffix in MASK_SUFFIXES:
        for mask in sorted(path.glob(f"{COMPARED_PREFIX}*{suffix}")):
            masks[mask.name[len(COMPARED_PREFIX) : -len(suffix)]] = mask
    if (path / FACTS_NAME).is_file():
        facts = read_json(path / FACTS_NAME)
        for suffix in MASK_SUFFIXES:
            if (path / f"mask{suffix}").is_file():
                masks[str(facts.get("method") or "network")] = path / f"mask{suffix}"
    return masks, facts


def _series_beside(path: Path) -> Path:
    """Return the folder of a result folder that holds the series."""
    folders = [each for each in sorted(path.iterdir()) if each.is_dir() and each.name != "truth"]
    if not folders:
        raise SeriesError(
            f"{path} holds masks but not the series they were made of; name it with --series."
        )
    return folders[0] if len(folders) == 1 else path / "dicom"


def _series(path: Path, masks: dict[str, Path], facts: dict) -> list[Entry]:
    from DSCBrainSegLib.series import list_series

    if (path / TRUTH_NAME).is_file() and (path / "dicom").is_dir():
        path = path / "dicom"
    summaries = list_series(path)
    dynamic = [each for each in summaries if each.is_dynamic_t2star]
    usable = dynamic or [each for each in summaries if each.frames]
    if not usable:
        raise SeriesError(f"{path} holds no series that can be reviewed; give another folder.")
    several = len(usable) > 1
    if several and masks:
        usable = _segmented(usable, facts)
    if len(usable) > 1 and masks:
        raise SeriesError(
            f"{path} holds {len(usable)} series, so it is not said of which the masks are; name "
            "the one with --series."
        )
    return [
        Entry(
            _name(each, number),
            path,
            f"series-{number}",
            each.selector if several else None,
            masks=masks,
            facts=facts,
        )
        for number, each in enumerate(usable, start=1)
    ]


def _segmented(usable: list, facts: dict) -> list:
    """Return the series, or the echo of one, that segment.json says the masks were made of."""
    told = facts.get("series") or {}
    uid, echo = told.get("series_instance_uid"), told.get("echo", 1)
    return [each for each in usable if each.uid == uid and each.echo == echo] or usable


def _name(summary, number: int) -> str:
    name = summary.description or f"Series {number}"
    return f"{name}, {summary.echo_text}" if summary.echoes > 1 else name
