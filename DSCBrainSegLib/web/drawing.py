"""Ground truth: who draws, from what, who confirms; saved into the cohort."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.cohort.ground_truth import (
    CONFIRMED,
    DRAWN,
    SIMULATION,
    TO_DRAW,
    GroundTruth,
    confirm,
    redraw,
)
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.mrml.ground_truth_segment import (
    getGroundTruth,
    setGroundTruth,
    startGroundTruth,
)

NOTHING = {"title": "nothing", "value": ""}


class TruthSection:
    """Draws and confirms a ground truth.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        state = app.state
        state.reader, state.second_reader, state.seed, state.seeds = "", "", "", [NOTHING]
        state.truth_text, state.truth_begun, state.truth_state = "", False, TO_DRAW

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Div("Ground truth", classes="text-overline px-3 pt-1")
        with html.Div(classes="px-3 pb-1", id="truth"):
            _field("reader", "Reader")
            v.VSelect(
                v_if=("!truth_begun",),
                v_model=("seed",),
                items=("seeds",),
                label="Start from",
                density="compact",
                hide_details=True,
                classes="mt-2",
            )
            _button("Start drawing", "start-drawing", self.start, "opened && !truth_begun")
            _button("I have drawn it", "drawn", self.drawn, "truth_begun && reader.trim()")
            _field("second_reader", "Second reader", "mt-2")
            _button(
                "Confirm",
                "confirm",
                self.confirm,
                f"truth_state === '{DRAWN}' && second_reader.trim()",
            )
            html.Div("{{ truth_text }}", classes="text-caption mt-1", id="truth-text")

    def opened(self) -> None:
        """Begin without a choice."""
        self._app.state.seed = ""

    def start(self) -> None:
        """Make the mask that is drawn into and take the brush."""
        self._app.guarded(self._start)

    def drawn(self) -> None:
        """Record who drew it."""
        self._app.guarded(self._drawn)

    def confirm(self) -> None:
        """Record that a second reader agrees with the mask as it is."""
        self._app.guarded(self._confirm)

    def refresh(self) -> None:
        """Show what there is of a ground truth."""
        case, state = self._app.case, self._app.state
        truth = case.truth_id
        kept = self._app.keeper.kept.get(truth)
        history = kept.history if kept else GroundTruth()
        state.truth_begun = bool(kept)
        state.truth_state = history.state
        state.truth_text = _describe(history) if kept else ""
        seeds = [
            {"title": case.name(each), "value": each} for each in case.segment_ids if each != truth
        ]
        state.seeds = [NOTHING, *seeds]

    def _start(self) -> None:
        case, state = self._app.case, self._app.state
        seed = state.seed if state.seed in case.segment_ids else ""
        with self._app.editor.one_step():
            segment_id = startGroundTruth(case.segmentation, case.volume, seed)
        self._app.masks.chosen(segment_id)
        self._app.editor.paint()

    def _drawn(self) -> None:
        case = self._app.case
        if not case.mask(case.truth_id).any():
            raise ConfigurationError("The ground truth is empty; draw it first.")
        self._record(redraw(self._history(), self._app.state.reader))

    def _confirm(self) -> None:
        self._record(confirm(self._history(), self._app.state.second_reader))

    def _record(self, history: GroundTruth) -> None:
        case = self._app.case
        with self._app.editor.one_step():
            setGroundTruth(case.segmentation, case.truth_id, case.volume, history)

    def _history(self) -> GroundTruth:
        case = self._app.case
        return getGroundTruth(case.segmentation, case.truth_id, case.volume)


def _describe(history: GroundTruth) -> str:
    if history.reader == SIMULATION:
        return "Simulated, exact."
    text = "Being drawn"
    if history.state != TO_DRAW:
        text = f"Drawn by {history.reader}, {_shown(history.drawn_at)}"
    if history.seeded_from:
        text += f", started from {history.seeded_from}"
    if history.state == CONFIRMED:
        text += f"; confirmed by {history.confirmed_by}, {_shown(history.confirmed_at)}"
    return f"{text}."


def _shown(time: str) -> str:
    """Return an ISO 8601 time of `cohort.ground_truth.now` to the minute."""
    return f"{time[:10]} {time[11:16]} UTC"


def _field(variable: str, label: str, classes: str = "") -> None:
    v.VTextField(
        v_model=(variable,),
        label=label,
        density="compact",
        hide_details=True,
        classes=classes,
        id=variable.replace("_", "-"),
    )


def _button(text: str, name: str, click, enabled: str) -> None:
    v.VBtn(
        text,
        id=name,
        click=click,
        disabled=(f"!({enabled})",),
        size="small",
        variant="tonal",
        block=True,
        classes="mt-1",
    )
