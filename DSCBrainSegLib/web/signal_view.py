"""Below the views: the time point that is shown, and the signal over time."""

from __future__ import annotations

import asyncio
import time

import numpy as np
from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.display import SPARE_COLOURS
from DSCBrainSegLib.series.signal_curves import signal_curves
from DSCBrainSegLib.web.curves import Curve, draw_curves, intensity_range

CURSOR_SECONDS = 0.1
"""The curve follows the mouse no faster."""

CURSOR_COLOUR = "rgb({}, {}, {})".format(*SPARE_COLOURS[2])


class SignalSection:
    """Chooses the time point; draws the curves at the cursor and of the mask.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        self._mean, self._mean_of = np.zeros(0), ""
        self._working: asyncio.Task | None = None
        self._cursor, self._looked_at = np.zeros(0), 0.0
        state = app.state
        state.frame, state.frame_count, state.frame_time = 1, 1, ""
        state.curves = state.curve_text = state.curve_colour = ""
        state.curve_high = state.curve_low = state.cursor_text = ""
        state.curve_begin = state.curve_end = ""
        state.change("frame")(self._on_frame)
        app.views.on_cursor(self._on_cursor)

    def build(self) -> None:
        """Add the widgets to the page."""
        with html.Div(classes="d-flex align-center px-3", style="gap: 16px; height: 42px;"):
            with html.Div(style="flex: 3;", classes="d-flex align-center"):
                html.Span("Time point", classes="text-caption mr-4", style="white-space: nowrap;")
                v.VSlider(
                    v_model=("frame",),
                    min=1,
                    max=("frame_count",),
                    step=1,
                    hide_details=True,
                    density="compact",
                    disabled=("frame_count < 2",),
                    classes="frame-slider",
                )
                html.Span(
                    "{{ frame }} / {{ frame_count }}{{ frame_time }}",
                    classes="text-caption ml-2",
                    style="white-space: nowrap; min-width: 92px;",
                    id="frame-text",
                )
            with html.Div(style="flex: 2;", classes="d-flex align-center"):
                self._app.window_level.build()
        with html.Div(classes="px-3 text-caption", style="height: 108px; line-height: 16px;"):
            with html.Div(classes="d-flex", style="height: 84px;"):
                with html.Div(
                    classes="d-flex flex-column justify-space-between text-right mr-2",
                    style="width: 44px;",
                ):
                    html.Span("{{ curve_high }}")
                    html.Span("{{ curve_low }}")
                html.Div(v_html=("curves",), style="flex: 1; min-width: 0;", id="curves")
            with html.Div(classes="d-flex", style="gap: 24px; padding-left: 52px;"):
                html.Span("{{ curve_begin }}")
                html.Span(
                    "\u2014 mean in {{ curve_text }}",
                    v_if="curve_text",
                    style=("'color:' + curve_colour",),
                )
                html.Span(
                    "\u2014 {{ cursor_text }}", style=f"color: {CURSOR_COLOUR};", id="cursor-text"
                )
                html.Span("{{ curve_end }}", style="margin-left: auto;")

    def opened(self) -> None:
        """Take over the series that was opened."""
        case = self._app.case
        self._cursor = np.zeros(0)
        with self._app.state as state:
            state.frame, state.frame_count = case.frame + 1, case.series.frame_count
            state.cursor_text = "signal at the cursor"
            begin, end = case.series.times[[0, -1]]
            state.curve_begin, state.curve_end = f"{begin:.0f} s", f"{end:.0f} s"

    def refresh(self) -> None:
        """Draw the mean inside the mask that is edited, worked out beside the page."""
        case, active = self._app.case, self._app.editor.segment_id
        mask = case.mask(active) if active else np.zeros(case.shape, bool)
        identity = f"{id(case)} {active} {case.hash(active) if active else ''}"
        if identity == self._mean_of:
            return
        self._mean_of = identity
        state = self._app.state
        state.curve_text = case.name(active) if active else ""
        state.curve_colour = "rgb({}, {}, {})".format(*case.colour(active)) if active else ""

        async def work():
            curves = await asyncio.to_thread(signal_curves, case.series, mask)
            if identity == self._mean_of:
                self._mean = curves.inside
                self._draw()

        self._working = asyncio.get_running_loop().create_task(work())

    def _on_frame(self, frame, **_) -> None:
        case = self._app.case
        if case is None:
            return
        index = min(max(int(frame), 1), len(case.series.frames)) - 1
        if index != case.frame:
            case.show_frame(index)
        seconds = case.series.times[index]
        self._app.state.frame_time = f", {seconds:.1f} s" if len(case.series.frames) > 1 else ""
        self._draw()

    def _on_cursor(self, ras) -> None:
        case = self._app.case
        now = time.monotonic()
        if case is None or now - self._looked_at < CURSOR_SECONDS:
            return
        voxel = case.voxel_at(ras)
        if voxel is None:
            return
        self._looked_at = now
        k, j, i = voxel
        self._cursor = case.series.frames[:, k, j, i].astype(float)
        with self._app.state as state:
            state.cursor_text = (
                f"slice {k + 1}, row {j + 1}, column {i + 1}: {self._cursor[case.frame]:.0f}"
            )
            self._draw()

    def _draw(self) -> None:
        case = self._app.case
        if case is None:
            return
        curves = [
            Curve("curve-cursor", self._cursor, CURSOR_COLOUR),
            Curve("curve-mask", self._mean, self._app.state.curve_colour),
        ]
        curves = [each for each in curves if each.values.size and np.isfinite(each.values).all()]
        low, high = intensity_range(curves)
        times = case.series.times
        with self._app.state as state:
            state.curves = draw_curves(times, float(times[case.frame]), curves)
            state.curve_low, state.curve_high = (
                (f"{low:.0f}", f"{high:.0f}") if curves else ("", "")
            )
