"""What a killed server must not lose: every mask of an entry on this computer, after each change.

One folder for each entry holds a numbered .seg.nrrd and review.json, which is replaced last and
names the .seg.nrrd it tells of. The folder's name says nothing of the series.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.files import read_json, write_json
from DSCBrainSegLib.web.entries import Entry

VARIABLE = "DSCBRAINSEG_REVIEW"
"""Environment variable that names another folder for the drafts."""

NOTES_NAME = "review.json"
UNFINISHED_NAME = "unfinished.seg.nrrd"


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


def name_of(entry: Entry) -> str:
    """Return what tells an entry from all others; it says nothing of the series."""
    return hashlib.sha256(entry.identity.encode()).hexdigest()[:24]


class DraftStore:
    """The draft of one entry.

    Parameters
    ----------
    entry : Entry
    """

    def __init__(self, entry: Entry):
        self.folder = drafts_folder() / name_of(entry)

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
        return self.read() is None and bool(self._numbered())

    def segmentation(self, draft: Draft) -> Path:
        """Return the file with the masks of a draft."""
        return self.folder / Path(draft.segmentation or "none").name

    def unfinished(self) -> Path:
        """Return where to write masks before they become part of the draft.

        Raises
        ------
        OutputError
            The folder cannot be made.
        """
        with self._told():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder / UNFINISHED_NAME

    def write(self, draft: Draft, masks: Path | None = None) -> None:
        """Keep a draft; returns when it is on the disk.

        Parameters
        ----------
        draft : Draft
            Its `segmentation` is set.
        masks : Path, optional
            The file `unfinished` with the masks, which is taken; by default they are as they were.

        Raises
        ------
        OutputError
            The folder cannot be written; the draft before is still there.
        """
        with self._told():
            if masks is not None:
                with masks.open("r+b") as file:
                    os.fsync(file.fileno())
                draft.segmentation = self._unused()
                os.replace(masks, self.segmentation(draft))
            write_json(self.folder / NOTES_NAME, asdict(draft))
        self.tidy()

    def tidy(self) -> None:
        """Remove what a kill or a full disk left half done; leaves alone what cannot be read."""
        draft = self.read()
        if draft is None and self.is_damaged:
            return
        known = (NOTES_NAME, draft.segmentation) if draft is not None else ()
        with suppress(OSError):
            for path in [path for path in self.folder.iterdir() if path.name not in known]:
                path.unlink()
            if draft is None:
                self.folder.rmdir()

    def set_aside(self) -> Path:
        """Move a draft that is damaged or of other images away and return where it is.

        Raises
        ------
        OutputError
            It cannot be moved.
        """
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}-old-{number}")).exists():
            number += 1
        with self._told():
            self.folder.rename(aside)
        return aside

    def _numbered(self) -> list[Path]:
        return list(self.folder.glob("[0-9]*.seg.nrrd"))

    def _unused(self) -> str:
        numbers = [int(path.name.split(".")[0]) for path in self._numbered()]
        return f"{max(numbers, default=0) + 1}.seg.nrrd"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell in a sentence why the folder cannot be written."""
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"The draft cannot be kept in {self.folder}: {error.strerror or error}; free space "
                f"or name another folder with the environment variable {VARIABLE}."
            ) from error
