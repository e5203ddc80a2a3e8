"""Keeps a draft of the open entry after every change; the disk is waited for beside the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from DSCBrainSegLib.cohort.ground_truth import now
from DSCBrainSegLib.errors import DSCBrainSegError, SeriesError
from DSCBrainSegLib.web.drafts import Draft, DraftStore, drafts_folder, name_of
from DSCBrainSegLib.web.entries import Entry
from DSCBrainSegLib.web.locks import Claims


class Keeper:
    """Writes the drafts of the open case, one after the other.

    The masks are written in the server's own thread, the only one that touches the scene; making
    sure that they are on the disk, which can take seconds, is left to a second thread. One draft at
    a time is on its way: what changes meanwhile is in the next.

    Parameters
    ----------
    on_kept : callable
        ``on_kept()`` when a draft is on the disk.
    on_failed : callable
        ``on_failed(sentence)`` when it cannot be kept; it is tried again with the next change.

    Attributes
    ----------
    draft : Draft
        What is told of the masks that were kept.
    kept : dict of str to SegmentFacts
        The masks as they are in the draft, or in the entry's files while there is none.
    """

    def __init__(self, on_kept: Callable[[], None], on_failed: Callable[[str], None]):
        self._on_kept, self._on_failed = on_kept, on_failed
        self._disk = ThreadPoolExecutor(1, "drafts")
        self._claims = Claims(drafts_folder())
        self._case = self._store = None
        self._running: asyncio.Task | None = None
        self._problem: DSCBrainSegError | None = None
        self._saved: dict | None = None
        self._kept_as_unsaved = self._is_in_doubt = False
        self.draft, self.kept = Draft(), {}

    def claim(self, entry: Entry) -> None:
        """Keep other servers from an entry that is about to be opened.

        Raises
        ------
        OutputError
            Another server has it open.
        """
        self._claims.take(name_of(entry))

    def begin(self, case) -> str:
        """Fill a case that was opened, from its draft or its files.

        Parameters
        ----------
        case : Case
            Without masks as yet.

        Returns
        -------
        str
            What to tell the user of the draft; "" if there is nothing to tell.

        Raises
        ------
        OutputError
            A draft that cannot be used cannot be moved away, or another server has the entry open.
        """
        self.claim(case.entry)
        self._claims.release_others(name_of(case.entry))
        store, image = DraftStore(case.entry), case.image_sha256()
        draft, sentence = _restore(case, store, image)
        if draft is None:
            case.fill()
        elif draft.unsaved:
            sentence = "Here is the draft of the last time; it was not saved yet."
        else:
            case.load_truth()
        store.tidy()
        self._case, self._store, self._is_in_doubt = case, store, False
        self.draft = draft or Draft(image_sha256=image)
        self.kept, self._kept_as_unsaved = case.facts(), self.draft.unsaved
        self._saved = None if self.draft.unsaved else self.kept
        return sentence

    def leave(self) -> None:
        """Let go of the case; `wait` was called before."""
        self._case, self.draft, self.kept = None, Draft(), {}

    @property
    def is_busy(self) -> bool:
        """Whether a draft is on its way to the disk."""
        return self._running is not None

    def keep(self) -> None:
        """Keep what changed since the last draft, if anything; `on_kept` follows."""
        if self._running is None and self._changed() is not None:
            self._problem = None
            self._running = asyncio.get_running_loop().create_task(self._keep_all())

    async def wait(self) -> None:
        """Wait until all is kept.

        Raises
        ------
        OutputError
            It cannot be kept.
        """
        while self._case is not None and (self.is_busy or self._changed() is not None):
            self.keep()
            await self._running
            if self._problem is not None:
                raise self._problem

    def mark_saved(self) -> None:
        """Note that the masks, as they are now, were saved on demand."""
        self._saved = self._case.facts()
        self.draft = replace(self.draft, unsaved=False, saved_at=now())

    def finish(self) -> None:
        """Keep what is left; the server has ended.

        Raises
        ------
        OutputError
            It cannot be kept.
        """
        self._disk.shutdown()
        if self._case is not None and (facts := self._changed()) is not None:
            draft, masks = self._next_draft(facts)
            self._store.write(draft, masks)
            self._note(draft, facts)

    def _changed(self) -> dict | None:
        """Return the masks if they, or whether they are saved, differ from what was kept."""
        facts = self._case.facts()
        as_kept = (facts, facts != self._saved) == (self.kept, self._kept_as_unsaved)
        return None if as_kept and not self._is_in_doubt else facts

    def _next_draft(self, facts: dict) -> tuple[Draft, Path | None]:
        """Write the masks, if they changed, and return what the disk needs to be told."""
        masks = None
        if facts != self.kept or not self.draft.segmentation or self._is_in_doubt:
            masks = self._store.unfinished()
            self._case.write_masks(masks)
        draft = replace(
            self.draft,
            state=self._case.state,
            unsaved=facts != self._saved,
            saved_at=now(),
        )
        return draft, masks

    async def _keep_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (facts := self._changed()) is not None:
                draft, masks = self._next_draft(facts)
                # Cut short, it may be on the disk though it was never noted.
                self._is_in_doubt = True
                await loop.run_in_executor(self._disk, self._store.write, draft, masks)
                self._note(draft, facts)
                self._on_kept()
        except DSCBrainSegError as error:
            self._problem = error
            self._on_failed(str(error))
        except Exception as error:
            self._on_failed(
                f"Unexpected problem while the draft was kept ({type(error).__name__}: {error})."
            )
            raise
        finally:
            self._running = None

    def _note(self, draft: Draft, facts: dict) -> None:
        self.draft, self.kept, self._kept_as_unsaved = draft, facts, draft.unsaved
        self._is_in_doubt = False


def _restore(case, store: DraftStore, image_sha256: str) -> tuple[Draft | None, str]:
    """Fill a case from its draft; return it, or None and why it was moved away, if it was."""
    draft, fault = store.read(), "that cannot be read"
    if draft is None and not store.is_damaged:
        return None, ""
    if draft is not None and draft.image_sha256 != image_sha256:
        fault = "of other images"
    elif draft is not None:
        try:
            case.restore(store.segmentation(draft))
            return draft, ""
        except SeriesError:
            pass
    return None, f"There was a draft {fault}; it was moved to {store.set_aside()}."
