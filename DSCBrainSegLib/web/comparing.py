"""Masks against a reference in figures, and slices side by side as the paper's Fig. 2."""

from __future__ import annotations

import base64
import math

from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.web.figures import COLUMNS, draw_light_box, measure_masks
from DSCBrainSegLib.web.tasks import Task


class CompareSection:
    """Measures masks and shows the light box.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        self._measured: dict[str, str] = {}
        state = app.state
        state.reference, state.references = "", []
        state.figures, state.figures_stale, state.figures_of = [], False, ""
        state.light_box, state.light_box_open = "", False

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Div("Compare", classes="text-overline px-3 pt-1")
        with html.Div(classes="px-3", id="compare"):
            v.VSelect(
                v_model=("reference",),
                items=("references",),
                label="Reference",
                density="compact",
                hide_details=True,
                id="reference",
            )
            with html.Div(classes="d-flex mt-1", style="gap: 4px;"):
                v.VBtn(
                    "Measure",
                    id="measure",
                    click=self.measure,
                    disabled=("busy || masks.length < 2 || !reference",),
                    size="small",
                    variant="tonal",
                )
                v.VBtn(
                    "Light box",
                    id="light-box",
                    click=self.show_light_box,
                    disabled=("busy || !masks.length",),
                    size="small",
                    variant="tonal",
                )
            with html.Div(v_if=("figures.length",), style="overflow-x: auto;"):
                html.Div("Against {{ figures_of }}", classes="text-caption mt-1")
                html.Div(
                    "A mask has changed since; measure again.",
                    v_if=("figures_stale",),
                    classes="text-caption text-warning",
                )
                with html.Table(
                    id="figures", style="font-size: 12px; border-spacing: 6px 1px; width: 100%;"
                ):
                    with html.Tr():
                        html.Th("")
                        html.Th(
                            "{{ row.name }}", v_for="row in figures", style="text-align: right;"
                        )
                    with html.Tr(v_for=f"(title, at) in {[each.title for each in COLUMNS]!r}"):
                        html.Td("{{ title }}")
                        html.Td(
                            "{{ row.values[at] }}",
                            v_for="row in figures",
                            style="text-align: right;",
                        )

    def build_dialog(self) -> None:
        """Add the light box that lies over the page."""
        with (
            v.VDialog(v_model=("light_box_open",), width="auto", max_width="96vw"),
            v.VCard(classes="pa-2", style="overflow: auto;"),
        ):
            html.Img(
                src=("light_box",),
                style="max-width: 92vw; max-height: 88vh;",
                id="light-box-picture",
            )
            v.VBtn("Close", click="light_box_open = false", variant="text", id="close-light-box")

    def opened(self) -> None:
        """Begin without figures."""
        self._measured = {}
        with self._app.state as state:
            state.reference, state.figures, state.figures_stale = "", [], False
            state.light_box_open = False

    def refresh(self) -> None:
        """Offer the masks there are, the reader's first."""
        case, state = self._app.case, self._app.state
        ids = sorted(case.segment_ids, key=lambda each: each != case.truth_id)
        state.references = [{"title": case.name(each), "value": each} for each in ids]
        if state.reference not in ids:
            state.reference = ids[0] if ids else ""
        state.figures_stale = bool(self._measured) and any(
            each not in ids or case.hash(each) != known for each, known in self._measured.items()
        )

    def measure(self) -> None:
        """Compare every mask with the reference."""
        case, reference = self._app.case, self._app.state.reference

        async def work(task: Task) -> None:
            truth = case.mask(reference)
            if not truth.any():
                raise SeriesError("The reference is empty; draw it or choose another.")
            masks = {each: case.mask(each) for each in case.segment_ids if each != reference}
            hashes = {each: case.hash(each) for each in case.segment_ids}
            measured = await task.in_thread(measure_masks, case.series, truth, masks)
            self._measured = hashes
            with self._app.state as state:
                state.figures_of = case.name(reference)
                state.figures = [
                    {
                        "name": case.method(each) or case.name(each),
                        "values": [_format(getattr(row, col.key), col.digits) for col in COLUMNS],
                    }
                    for each, row in measured.items()
                ]
                self.refresh()

        self._app.work.start("Measuring", work)

    def show_light_box(self) -> None:
        """Show image, reference and masks on slices of the upper brain side by side."""
        case, reference = self._app.case, self._app.state.reference

        async def work(task: Task) -> None:
            masks = {each: case.mask(each) for each in case.segment_ids if each != reference}
            named = {case.method(each) or case.name(each): mask for each, mask in masks.items()}
            truth = case.mask(reference) if reference else None
            if truth is not None and not (truth.any() and named):
                truth, named = None, {**named, case.name(reference): truth}
            image = case.series.frames[case.frame]
            picture = await task.in_thread(draw_light_box, image, case.series.affine, named, truth)
            with self._app.state as state:
                state.light_box = "data:image/png;base64," + base64.b64encode(picture).decode()
                state.light_box_open = True

        self._app.work.start("Drawing", work)


def _format(value: float, digits: int) -> str:
    return "\u2013" if math.isnan(value) else f"{value:.{digits}f}"
