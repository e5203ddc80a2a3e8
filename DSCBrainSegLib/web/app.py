"""The page as a whole: which entry is open, what happens when something changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from trame.app import TrameApp
from trame_slicer import module as trame_slicer_module

from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.web.autosave import Keeper
from DSCBrainSegLib.web.case import Case
from DSCBrainSegLib.web.comparing import CompareSection
from DSCBrainSegLib.web.drawing import TruthSection
from DSCBrainSegLib.web.editor import Editor
from DSCBrainSegLib.web.entries import Entry
from DSCBrainSegLib.web.listing import ListSection
from DSCBrainSegLib.web.loading import load_entry
from DSCBrainSegLib.web.masks import MaskSection
from DSCBrainSegLib.web.page import build_page
from DSCBrainSegLib.web.saving import SaveSection
from DSCBrainSegLib.web.segmenting import SegmentSection
from DSCBrainSegLib.web.signal_view import SignalSection
from DSCBrainSegLib.web.slice_numbers import SliceNumberSection
from DSCBrainSegLib.web.tasks import Task, Work
from DSCBrainSegLib.web.views import Views
from DSCBrainSegLib.web.window_level import WindowLevelSection
from DSCBrainSegLib.worker.runner import Runner

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='3' fill='%23222'/%3E"
    "%3Cellipse cx='8' cy='8' rx='5' ry='6' fill='%23bbb' stroke='%23e65f14' stroke-width='1.5'/%3E"
    "%3C/svg%3E"
)
"""Of the browser's tab: a brain with its outline."""

SETTLE_SECONDS = 0.05
"""One stroke is told of several times; it is looked at once after that."""

READ_SECONDS = 6.0
"""How long good news stays over the views; what needs an answer stays until it is closed."""


class ReviewApp(TrameApp):
    """Wires the sections of the page; each has a part of its state and its widgets.

    Parameters
    ----------
    entries : list of Entry
    output : Path
        Folder for files saved on demand.
    runner : Runner, optional
        A worker; a `WorkerClient` by default.
    server : trame_server.Server, optional
    """

    def __init__(
        self, entries: list[Entry], output: Path, runner: Runner | None = None, server=None
    ):
        super().__init__(server)
        self.server.enable_module(trame_slicer_module)
        self.case: Case | None = None
        self.state.trame__title = "DSC brain review"
        self.state.trame__favicon = ICON
        self.state.alert, self.state.alert_kind, self.state.opened = "", "info", False
        self.views = Views(self.server)
        self.work = Work(self.state, self.say, runner)
        self.editor = Editor(self.server, self.views.app)
        self.keeper = Keeper(self._refresh, self._not_kept)
        self.listing = ListSection(self, entries)
        self.segmenting = SegmentSection(self)
        self.masks = MaskSection(self)
        self.window_level = WindowLevelSection(self)
        self.signal = SignalSection(self)
        self.slice_numbers = SliceNumberSection(self)
        self.truth = TruthSection(self)
        self.comparing = CompareSection(self)
        self.saving = SaveSection(self, output)
        self._sections = (
            self.segmenting,
            self.masks,
            self.window_level,
            self.signal,
            self.slice_numbers,
            self.truth,
            self.comparing,
            self.saving,
        )
        self._settling: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self.editor.on_changed(self._something_changed)
        build_page(self)

    def say(self, sentence: str, kind: str = "info") -> None:
        """Tell the user something; kind is info, success, warning or error."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        with self.state as state:
            state.alert, state.alert_kind = sentence, kind
        if kind in ("info", "success"):
            loop = asyncio.get_running_loop()
            self._reading = loop.call_later(READ_SECONDS, self._take_away)

    def open(self, index: int) -> None:
        """Open an entry of the list; what was open is kept as a draft."""
        entry = self.listing.entries[index]

        async def work(task: Task) -> None:
            loaded = await task.in_thread(load_entry, entry, task.progress, task.cancelled)
            await self.keeper.wait()
            self.keeper.claim(entry)
            case = Case(entry, loaded)
            self._leave()
            self._show(index, case)

        self.work.start("Reading the series", work)

    def settle(self) -> None:
        """Look now at what changed; the page shows it when it is kept."""
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        if self.case is None:
            return
        self.keeper.keep()
        if not self.keeper.is_busy:
            self._refresh()

    def finish(self) -> None:
        """Keep what is open and end the worker; the server has ended."""
        self.work.stop()
        self.keeper.finish()
        self.listing.refresh()

    def guarded(self, action, *arguments) -> None:
        """Do something a person asked for; tell in a sentence why it cannot be done."""
        try:
            action(*arguments)
        except DSCBrainSegError as error:
            self.say(str(error), "error")
        self.settle()

    def _leave(self) -> None:
        """Take the open entry, which was kept, out of the scene."""
        if self.case is None:
            return
        self.editor.release()
        self.keeper.leave()
        self.views.show(None)
        case, self.case = self.case, None
        case.close()

    def _show(self, index: int, case: Case) -> None:
        try:
            sentence = self.keeper.begin(case)
        except DSCBrainSegError:
            case.close()
            self.listing.opened(-1)
            self.state.opened = False
            raise
        self.case = case
        with self.state as state:
            state.opened = True
            state.alert = ""
        self.editor.edit(case)
        self.views.show(case.volume)
        self.listing.opened(index)
        for section in self._sections:
            section.opened()
        self.settle()
        if sentence:
            self.say(sentence, "warning")

    def _refresh(self) -> None:
        if self.case is None:
            return
        with self.state:
            self.saving.refresh()
            self.masks.refresh()
            self.truth.refresh()
            self.comparing.refresh()
            self.listing.refresh()
            self.signal.refresh()

    def _not_kept(self, sentence: str) -> None:
        self.say(sentence, "error")
        self._refresh()

    def _take_away(self) -> None:
        with self.state as state:
            state.alert = ""

    def _something_changed(self) -> None:
        if self.case is None or self._settling is not None:
            return
        loop = asyncio.get_running_loop()
        self._settling = loop.call_later(SETTLE_SECONDS, self.settle)
