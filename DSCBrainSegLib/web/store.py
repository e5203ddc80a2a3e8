"""What a killed server must not lose: every mask of an entry on this computer, after each change.

One folder for each entry holds a numbered .seg.nrrd and review.json, which is replaced last and
names the .seg.nrrd it tells of. The folder's name says nothing of the series.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.stored import read_json, write_json
from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.web.entries import Entry

VARIABLE = "DSCBRAINSEG_REVIEW"
"""Environment variable that names another folder for the drafts."""

NOTES_NAME = "review.json"


@dataclass
class Draft:
    """What is kept of an entry.

    Parameters
    ----------
    image_sha256 : str
        Of the images that were drawn on.
    segmentation : str
        Name of the .seg.nrrd with all masks.
    state : str
        "segmented", or a state of `cohort.ground_truth`.
    unsaved : bool
        Something was changed since it was last saved on demand.
    saved_at : str
        When, ISO 8601.
    """

    image_sha256: str = ""
    segmentation: str = ""
    state: str = ""
    unsaved: bool = False
    saved_at: str = ""


def drafts_folder() -> Path:
    """Return the folder of all drafts of this user."""
    if os.environ.get(VARIABLE):
        return Path(os.environ[VARIABLE]).absolute()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    return base / "DSCBrainSeg" / "review"


class DraftStore:
    """The draft of one entry.

    Parameters
    ----------
    entry : Entry
    """

    def __init__(self, entry: Entry):
        name = hashlib.sha256(entry.identity.encode()).hexdigest()[:24]
        self.folder = drafts_folder() / name

    def read(self) -> Draft | None:
        """Return the draft; None if there is none that can be read."""
        path = self.folder / NOTES_NAME
        if not path.is_file():
            return None
        try:
            notes = read_json(path)
        except SeriesError:
            return None
        known = {key: value for key, value in notes.items() if key in Draft.__dataclass_fields__}
        draft = Draft(**known)
        return draft if self.segmentation(draft).is_file() else None

    @property
    def is_damaged(self) -> bool:
        """Whether there are masks of a draft that cannot be read."""
        return self.read() is None and any(self.folder.glob("*.seg.nrrd"))

    def segmentation(self, draft: Draft) -> Path:
        """Return the file with the masks of a draft."""
        return self.folder / Path(draft.segmentation or "none").name

    def write(self, draft: Draft, write_masks: Callable[[Path], None] | None = None) -> None:
        """Keep a draft.

        Parameters
        ----------
        draft : Draft
            Its `segmentation` is set.
        write_masks : callable, optional
            Writes the masks to a path; by default they are as they were.

        Raises
        ------
        OutputError
            The folder cannot be written; the draft before is still there.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if write_masks is not None:
                draft.segmentation = self._unused()
                write_masks(self.folder / draft.segmentation)
            write_json(self.folder / NOTES_NAME, asdict(draft))
            for path in self.folder.glob("*.seg.nrrd"):
                if path.name != draft.segmentation:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"The draft cannot be kept in {self.folder}: {error.strerror or error}; free space "
                f"or name another folder with the environment variable {VARIABLE}."
            ) from error

    def set_aside(self) -> Path:
        """Move a draft that is damaged or of other images away and return where it is."""
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}-old-{number}")).exists():
            number += 1
        self.folder.rename(aside)
        return aside

    def _unused(self) -> str:
        numbers = [int(path.name.split(".")[0]) for path in self.folder.glob("[0-9]*.seg.nrrd")]
        return f"{max(numbers, default=0) + 1}.seg.nrrd"
