"""What a cohort looks like on disk; docs/cohort.md describes it for people."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.ground_truth import TO_DRAW, GroundTruth
from DSCBrainSegLib.cohort.split import Split
from DSCBrainSegLib.cohort.stored import FILES_KEY, current_file, stored_sha256
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.files import file_sha256, read_json, write_json

COHORT_NAME = "cohort.json"
SUBJECT_NAME = "subject.json"
SERIES_NAME = "series.seq.nrrd"
FRAME_NAME = "frame.nii.gz"
MASK_NAME = "ground-truth.nii.gz"
LESION_NAME = "lesion.nii.gz"
SEGMENTATION_NAME = "ground-truth.seg.nrrd"
HISTORY_NAME = "history"

FORMAT = {"format": "dscbrainseg-cohort", "version": 1}

_NAME = re.compile(r"\w[\w .+-]{0,62}")
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)  # on Windows


@dataclass(frozen=True)
class Subject:
    """One subject's folder.

    Parameters
    ----------
    folder : Path
    facts : dict
        What subject.json holds: ``person``, ``frame``, ``series``, ``ground_truth``, ...
    """

    folder: Path
    facts: dict

    @classmethod
    def read(cls, folder: Path) -> Subject:
        """Read a subject's folder.

        Raises
        ------
        SeriesError
            Its subject.json is missing or damaged.
        """
        facts = read_json(folder / SUBJECT_NAME)
        for key in ("frame", "series", "ground_truth", FILES_KEY):
            if not isinstance(facts.get(key, {}), dict):
                raise SeriesError(f"{folder / SUBJECT_NAME} is damaged at {key!r}; restore it.")
        return cls(folder, facts)

    @property
    def name(self) -> str:
        """The folder's name; unique in the cohort, never a patient's name."""
        return unicodedata.normalize("NFC", self.folder.name)

    @property
    def person(self) -> str:
        """Whose scan it is: the same for repeated scans, which must not be split apart."""
        return str(self.facts.get("person") or self.name)

    @property
    def ground_truth(self) -> GroundTruth:
        """Who drew and confirmed the mask."""
        return GroundTruth.from_dict(self.facts.get("ground_truth") or {})

    @property
    def state(self) -> str:
        """One of `ground_truth.STATES`; "to draw" as long as there is no mask file."""
        return self.ground_truth.state if self.mask.is_file() else TO_DRAW

    @property
    def frame(self) -> Path:
        """The reference frame that is segmented and drawn on."""
        return self.folder / FRAME_NAME

    @property
    def mask(self) -> Path:
        """The ground truth on the reference frame's grid."""
        return current_file(self.folder, self.facts, MASK_NAME)

    @property
    def segmentation(self) -> Path | None:
        """The ground truth as 3D Slicer's segmentation, if it was drawn there."""
        if not stored_sha256(self.facts, SEGMENTATION_NAME):
            return None  # one that lies there belongs to an earlier mask
        path = current_file(self.folder, self.facts, SEGMENTATION_NAME)
        return path if path.is_file() else None

    @property
    def lesion(self) -> Path | None:
        """A mask of the lesion on the reference frame's grid; None if nobody put one there."""
        path = self.folder / LESION_NAME
        return path if path.is_file() else None

    @property
    def mask_is_as_saved(self) -> bool:
        """False if the mask is not the one that subject.json tells of."""
        stored = stored_sha256(self.facts, MASK_NAME)
        return not stored or (self.mask.is_file() and file_sha256(self.mask) == stored)

    @property
    def series(self) -> Path | None:
        """The whole dynamic series; None if the cohort keeps the reference frame only."""
        path = self.folder / SERIES_NAME
        return path if path.is_file() else None


@dataclass(frozen=True)
class Cohort:
    """A folder of subjects with a cohort.json.

    Parameters
    ----------
    folder : Path
    facts : dict
        What cohort.json holds.
    """

    folder: Path
    facts: dict

    @classmethod
    def create(cls, folder: str | Path) -> Cohort:
        """Make an empty cohort.

        Raises
        ------
        OutputError
            The folder is a cohort already or cannot be written.
        """
        folder = Path(folder)
        if (folder / COHORT_NAME).exists():
            raise OutputError(f"{folder} is a cohort already; add subjects to it.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_json(folder / COHORT_NAME, dict(FORMAT))
        except OSError as error:
            raise OutputError(
                f"Cannot make a cohort in {folder}: {error.strerror}; choose another folder."
            ) from error
        return cls(folder, dict(FORMAT))

    @classmethod
    def open(cls, folder: str | Path) -> Cohort:
        """Open a cohort.

        Raises
        ------
        SeriesError
            The folder is not a cohort, its cohort.json is damaged or of a later version.
        """
        folder = Path(folder)
        path = folder / COHORT_NAME
        if not path.is_file():
            raise SeriesError(
                f"{folder} is not a cohort (it has no {COHORT_NAME}); make one with "
                "'dscbrainseg cohort add'."
            )
        facts = read_json(path)
        if facts.get("format") != FORMAT["format"]:
            raise SeriesError(f"{path} is not the description of a cohort; give another folder.")
        if facts.get("version") != FORMAT["version"]:
            raise SeriesError(
                f"{path} is of version {facts.get('version')}, this program reads version "
                f"{FORMAT['version']}; update the program."
            )
        return cls(folder, facts)

    @property
    def subjects(self) -> list[Subject]:
        """The subjects by name; sub-folders without a subject.json are not subjects."""
        return [
            Subject.read(path.parent)
            for path in sorted(self.folder.glob(f"*/{SUBJECT_NAME}"))
            if not path.parent.name.startswith(".")
        ]

    def subject(self, name: str) -> Subject:
        """Return one subject.

        Raises
        ------
        ConfigurationError
            The cohort has no such subject.
        SeriesError
            Its subject.json is damaged.
        """
        wanted = unicodedata.normalize("NFC", name)
        for path in self.folder.glob(f"*/{SUBJECT_NAME}"):
            if unicodedata.normalize("NFC", path.parent.name) == wanted:
                return Subject.read(path.parent)
        raise ConfigurationError(
            f"{self.folder} has no such subject; see 'dscbrainseg cohort list' for those it has."
        )

    @property
    def split(self) -> Split | None:
        """The stored split, None before there is one.

        Raises
        ------
        SeriesError
            cohort.json is damaged.
        """
        stored = self.facts.get("split")
        if stored is None:
            return None
        try:
            return Split.from_dict(stored)
        except (KeyError, TypeError, ValueError) as error:
            raise SeriesError(
                f"The split in {self.folder / COHORT_NAME} is damaged; split the cohort again."
            ) from error

    def with_split(self, split: Split) -> Cohort:
        """Store a split, replacing an earlier one, and return the cohort that has it.

        Raises
        ------
        OutputError
            cohort.json cannot be written.
        """
        facts = {**self.facts, "split": split.to_dict()}
        try:
            write_json(self.folder / COHORT_NAME, facts)
        except OSError as error:
            raise OutputError(
                f"Cannot write {self.folder / COHORT_NAME}: {error.strerror}; check permissions."
            ) from error
        return Cohort(self.folder, facts)

    def part(self, name: str) -> list[Subject]:
        """Return the subjects of a part of the split that have a ground truth.

        Raises
        ------
        ConfigurationError
            There is no part of that name.
        SeriesError
            The cohort is not split, or a subject of the part is missing.
        """
        if self.split is None:
            raise SeriesError(
                f"{self.folder} is not split yet; split it with 'dscbrainseg cohort split'."
            )
        if name not in self.split.parts:
            raise ConfigurationError(
                f"There is no part {name!r}; choose from {', '.join(self.split.parts)}."
            )
        known = {subject.name: subject for subject in self.subjects}
        wanted = self.split.parts[name]
        missing = [subject for subject in wanted if subject not in known]
        if missing:
            raise SeriesError(
                f"{self.folder} lacks {', '.join(missing)}, which its split names; restore them "
                "or split again."
            )
        return [known[subject] for subject in wanted if known[subject].state != TO_DRAW]


def check_subject_name(name: str) -> str:
    """Return `name` in Unicode's composed form if it can be a subject's folder.

    Raises
    ------
    ConfigurationError
        It is empty, too long, or some file system refuses it. The message does not repeat it: it
        may be a patient's name.
    """
    name = unicodedata.normalize("NFC", name)
    reserved = _RESERVED.fullmatch(name.split(".")[0])
    if not _NAME.fullmatch(name) or name.endswith((".", " ")) or reserved:
        raise ConfigurationError(
            "A subject's code consists of letters, digits, '-' and '_', at most 63, and begins "
            "with a letter or digit; choose such a code."
        )
    return name
