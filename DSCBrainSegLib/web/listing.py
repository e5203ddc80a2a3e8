"""The list of series on the left, with the state of each."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, DRAWN, TO_DRAW
from DSCBrainSegLib.web.case import SEGMENTED, TO_SEGMENT
from DSCBrainSegLib.web.drafts import DraftStore
from DSCBrainSegLib.web.entries import Entry

STATE_COLOURS = {
    TO_SEGMENT: "grey",
    SEGMENTED: "light-blue",
    DRAWN: "amber",
    CONFIRMED: "green",
}


class ListSection:
    """Shows the entries and opens the one that is clicked.

    Parameters
    ----------
    app : ReviewApp
    entries : list of Entry
    """

    def __init__(self, app, entries: list[Entry]):
        self._app, self.entries = app, entries
        self._chosen = -1
        self._lines = [_line(entry) for entry in entries]
        app.state.entries, app.state.chosen, app.state.search = list(self._lines), -1, ""

    @property
    def unsaved(self) -> list[str]:
        """Names of the entries whose changes were not saved on demand."""
        return [line["name"] for line in self._lines if line["unsaved"]]

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Div("Series", classes="text-overline px-3 pt-1")
        v.VTextField(
            v_if=(f"{len(self.entries)} > 8",),
            v_model=("search",),
            placeholder="Search",
            density="compact",
            hide_details=True,
            classes="mx-3",
        )
        with (
            html.Div(style="max-height: 26vh; overflow-y: auto;", id="entries"),
            v.VList(density="compact", classes="py-0"),
            v.VListItem(
                v_for="(entry, index) in entries",
                v_show=("entry.name.toLowerCase().includes((search || '').toLowerCase())",),
                key="index",
                active=("index === chosen",),
                click=(self._app.open, "[index]"),
                classes="entry",
                title=("entry.name",),
            ),
            v.Template(v_slot_append=True),
        ):
            v.VIcon("mdi-content-save-alert-outline", v_if="entry.unsaved", size="x-small")
            v.VChip("{{ entry.state }}", color=("entry.colour",), size="x-small", classes="ml-1")

    def opened(self, index: int) -> None:
        """Mark the entry that is open."""
        self._chosen = index
        with self._app.state as state:
            state.chosen = index

    def refresh(self) -> None:
        """Show the state of the open entry as it is now."""
        case = self._app.case
        if case is None:
            return
        line = dict(self._lines[self._chosen])
        line.update(_state(case.state, self._app.keeper.draft.unsaved))
        if line != self._lines[self._chosen]:
            self._lines[self._chosen] = line
            self._app.state.entries = list(self._lines)


def _line(entry: Entry) -> dict:
    draft = DraftStore(entry).read()
    state = entry.state
    if draft is not None and (draft.unsaved or state == TO_DRAW):
        state = draft.state
    elif state == TO_DRAW:
        state = SEGMENTED if entry.masks else TO_SEGMENT
    return {"name": entry.name, **_state(state, draft is not None and draft.unsaved)}


def _state(state: str, unsaved: bool) -> dict:
    return {"state": state, "colour": STATE_COLOURS[state], "unsaved": unsaved}
