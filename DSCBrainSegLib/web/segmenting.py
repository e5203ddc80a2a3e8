"""Method, time point and the button that segments, in the worker process."""

from __future__ import annotations

import tempfile
from pathlib import Path

from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.methods import get_method, list_methods
from DSCBrainSegLib.mrml.sequence_to_series import openNode, sequenceOfVolume
from DSCBrainSegLib.mrml.worker_input import writeForWorker
from DSCBrainSegLib.mrml.worker_result import importResult
from DSCBrainSegLib.web.tasks import Task

SHOWN, AUTO = "shown", "auto"


class SegmentSection:
    """Segments the open case.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        state = app.state
        state.methods = [
            {"title": each.name, "value": each.name, "props": {"subtitle": each.label}}
            for each in list_methods()
        ]
        state.method, state.frame_choice, state.frame_choices = "network", SHOWN, []

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Div("Segment", classes="text-overline px-3 pt-1")
        with html.Div(classes="px-3"):
            v.VSelect(
                v_model=("method",),
                items=("methods",),
                label="Method",
                density="compact",
                hide_details=True,
                id="method",
            )
            v.VSelect(
                v_model=("frame_choice",),
                items=("frame_choices",),
                label="Time point",
                density="compact",
                hide_details=True,
                classes="mt-2",
                id="frame-choice",
            )
            v.VBtn(
                "Segment",
                id="segment",
                block=True,
                color="primary",
                classes="mt-2",
                disabled=("busy || !opened",),
                click=self.segment,
            )

    def opened(self) -> None:
        """Offer the time points of the series that was opened."""
        number, count = self._app.case.loaded.frame + 1, self._app.case.series.frame_count
        reference = {"title": f"Reference time point, {number} of {count}", "value": "reference"}
        with self._app.state as state:
            state.frame_choice = "reference"
            state.frame_choices = [
                reference,
                *([{"title": "The one that is shown", "value": SHOWN}] if count > 1 else []),
                *([{"title": "Chosen by the signal", "value": AUTO}] if count > 1 else []),
            ]

    def segment(self) -> None:
        """Segment with the chosen method; nothing changes before the mask is there."""
        case, state = self._app.case, self._app.state
        if case is None:
            return
        frame = {AUTO: AUTO, SHOWN: case.frame}.get(state.frame_choice, case.loaded.frame)
        self._app.work.start(
            "Segmenting", lambda task: self._segment(task, case, state.method, frame)
        )

    async def _segment(self, task: Task, case, method: str, frame: int | str) -> None:
        source = openNode(sequenceOfVolume(case.volume) or case.volume)
        whole = frame == AUTO or get_method(method).wants_series(source.frame_count)
        with tempfile.TemporaryDirectory(prefix="DSCBrainSeg-") as folder:
            frames = None if whole else [frame]
            file = await task.in_thread(writeForWorker, source, Path(folder), frames)
            request = {
                "command": "segment",
                "input": file,
                "method": method,
                "frame": frame,
                "format": "npy",
                "output": str(Path(folder) / "mask"),
            }
            facts = await task.in_worker(self._app.work.runner, request)
            with self._app.editor.one_step():
                result = importResult(facts, case.volume)
                case.remember_warnings(result.segmentId, facts)
                case.remember_frame(result.segmentId, result.frame)
        self._app.masks.chosen(result.segmentId)
        self._app.settle()
        self._app.say(
            f"Brain volume {facts['volume_ml']:.0f} mL by {method}, time point "
            f"{result.frame + 1} of {case.series.frame_count}.",
            "success",
        )
