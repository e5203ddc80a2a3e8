"""Window and level: by dragging in a slice view, by the slider, or fitted to the time point."""

from __future__ import annotations

import numpy as np
from trame.widgets import html
from trame.widgets import vuetify3 as v
from vtkmodules.vtkCommonCore import vtkCommand

from DSCBrainSegLib.mrml.series_to_sequence import frameWindow

FINE_RANGE = 20.0
"""Series whose intensities span less are shown with decimals."""


class WindowLevelSection:
    """Shows window and level of the open case and changes them.

    While no effect is active the left button adjusts them in the slice views, as in Slicer's own
    mode for it; with Ctrl it fits them to the region that is drawn.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        state = app.state
        state.window, state.window_range = [0.0, 1.0], [0.0, 1.0]
        state.window_digits = 0
        state.change("window")(self._on_window)
        app.editor.on_effect(lambda is_active: app.views.drag_adjusts_window(not is_active))

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Span("Window", classes="text-caption mr-4")
        v.VRangeSlider(
            v_model=("window",),
            min=("window_range[0]",),
            max=("window_range[1]",),
            hide_details=True,
            density="compact",
            strict=True,
            disabled=("!opened",),
            id="window",
        )
        html.Span(
            "W {{ (window[1] - window[0]).toFixed(window_digits) }} "
            "L {{ ((window[0] + window[1]) / 2).toFixed(window_digits) }}",
            classes="text-caption ml-4",
            style="white-space: nowrap; min-width: 96px;",
            title="Drag in a slice view while no effect is active: across for window, up or down "
            "for level",
            id="window-text",
        )
        v.VBtn(
            "Auto",
            size="small",
            variant="text",
            click=self.auto,
            disabled=("!opened",),
            id="auto-window",
        )

    def opened(self) -> None:
        """Take over the series that was opened."""
        case = self._app.case
        low, high = float(case.series.frames.min()), float(case.series.frames.max())
        with self._app.state as state:
            state.window_range = [low, max(high, low + 1e-3)]
            state.window_digits = 0 if high - low >= FINE_RANGE else 3
        self._show()
        # The node keeps what it calls: a function that knows the case would keep its images.
        case.volume.GetDisplayNode().AddObserver(vtkCommand.ModifiedEvent, self._on_display)

    def auto(self) -> None:
        """Fit window and level to the time point that is shown."""
        case = self._app.case
        if case is not None:
            self._set(*frameWindow(case.series.frames[case.frame]))

    def _on_display(self, display, _event) -> None:
        case = self._app.case
        if case is not None and case.volume.GetDisplayNode() is display:
            self._show()

    def _on_window(self, window, **_) -> None:
        if self._app.case is not None and not np.allclose(window, self._displayed(), rtol=1e-9):
            self._set(*map(float, window))

    def _set(self, low: float, high: float) -> None:
        self._app.case.volume.GetDisplayNode().SetWindowLevelMinMax(low, high)

    def _displayed(self) -> tuple[float, float]:
        display = self._app.case.volume.GetDisplayNode()
        return display.GetWindowLevelMin(), display.GetWindowLevelMax()

    def _show(self) -> None:
        low, high = self._displayed()
        with self._app.state as state:
            state.window = [low, high]
            # Dragging may lead beyond the intensities; the slider's handles stay on the slider.
            state.window_range = [min(state.window_range[0], low), max(state.window_range[1], high)]
