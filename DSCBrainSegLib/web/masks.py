"""The masks of the open case: outlines to switch on and off, volumes, slices to look at."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.mrml.method_segments import GROUND_TRUTH

UNKNOWN_TO_TRAME = {
    "__events": [("click_stop", "click.stop")],
    "__properties": [("aria_label", "aria-label")],
}
"""A widget drops in silence what it does not know."""


class MaskSection:
    """Lists the masks and the slices that a method is unsure of.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        app.state.masks, app.state.active_mask = [], ""
        app.state.to_check, app.state.check_title, app.state.warnings = [], "", []

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Div("Masks", classes="text-overline px-3 pt-1")
        with (
            html.Div(id="masks"),
            v.VList(density="compact", classes="py-0"),
            v.VListItem(
                v_for="mask in masks",
                key="mask.id",
                active=("mask.id === active_mask",),
                click=(self.chosen, "[mask.id]"),
                classes="mask px-2",
            ),
        ):
            with v.Template(v_slot_prepend=True):
                v.VBtn(
                    icon=("mask.visible ? 'mdi-eye' : 'mdi-eye-off'",),
                    color=("mask.colour",),
                    variant="text",
                    size="small",
                    density="comfortable",
                    classes="eye",
                    click_stop=(self.toggle, "[mask.id]"),
                    aria_label=("'Outline of ' + mask.name",),
                    **UNKNOWN_TO_TRAME,
                )
            html.Span("{{ mask.name }}", style="font-size: 13px;")
            html.Span(" (edited)", v_if="mask.edited", classes="text-caption")
            with v.Template(v_slot_append=True):
                html.Span("{{ mask.volume }} mL", classes="text-caption volume")
                v.VBtn(
                    icon="mdi-close",
                    variant="text",
                    size="x-small",
                    classes="remove",
                    click_stop=(self.remove, "[mask.id]"),
                    aria_label=("'Remove ' + mask.name",),
                    **UNKNOWN_TO_TRAME,
                )
        html.Div("No mask yet.", v_if="opened && !masks.length", classes="px-3 text-caption")
        with html.Div(v_if=("to_check.length || warnings.length || check_title",), id="check"):
            html.Div("Slices to check", classes="text-overline px-3 pt-1")
            html.Div("{{ check_title }}", classes="px-3 text-caption")
            html.Div(
                "{{ warning }}",
                v_for="warning in warnings",
                classes="px-3 text-caption text-warning",
            )
            with (
                html.Div(style="max-height: 18vh; overflow-y: auto;"),
                v.VList(density="compact", classes="py-0"),
                v.VListItem(
                    v_for="item in to_check",
                    key="item.slice",
                    click=(self.jump, "[item.slice]"),
                    classes="to-check",
                ),
            ):
                html.Div("Slice {{ item.slice + 1 }}{{ item.confidence }}", classes="text-body-2")
                html.Div("{{ item.reasons.join(' ') }}", classes="text-caption")

    def opened(self) -> None:
        """Choose a mask to edit: the one that a run left, the ground truth, or the first."""
        case = self._app.case
        ids = case.segment_ids
        of_run = [each for each in ids if case.method(each) == case.entry.facts.get("method")]
        self.chosen(next(filter(None, [*of_run, case.truth_id, *ids]), ""))

    def chosen(self, segment_id: str) -> None:
        """Edit a mask; it is the one that is seen in 3-D."""
        self._app.editor.select(segment_id)
        with self._app.state:
            self.refresh()
            self._app.signal.refresh()

    def toggle(self, segment_id: str) -> None:
        """Show or hide the outline of a mask."""
        display = self._app.case.segmentation.GetDisplayNode()
        display.SetSegmentVisibility(segment_id, not display.GetSegmentVisibility(segment_id))
        self.refresh()

    def remove(self, segment_id: str) -> None:
        """Remove a mask; undo brings it back."""
        with self._app.editor.one_step():
            self._app.case.segments.RemoveSegment(segment_id)
        self.opened()
        self._app.settle()

    def jump(self, k: int) -> None:
        """Move the views to a slice, counted from 0."""
        case = self._app.case
        active = self._app.editor.segment_id
        self._app.views.jump(case.point_of_slice(k, case.mask(active) if active else None))

    def refresh(self) -> None:
        """Show the masks with their volumes as they were kept, and slices to check."""
        case, state, kept = self._app.case, self._app.state, self._app.keeper.kept
        display = case.segmentation.GetDisplayNode()
        volume_ml = case.series.voxel_volume_ml
        state.masks = [
            {
                "id": each,
                "name": kept[each].name,
                "colour": "rgb({}, {}, {})".format(*kept[each].colour),
                "visible": bool(display.GetSegmentVisibility(each)),
                "volume": f"{kept[each].voxels * volume_ml:.0f}",
                "voxels": kept[each].voxels,
                "edited": case.method(each) != GROUND_TRUTH and case.is_edited(each),
            }
            for each in case.segment_ids
            if each in kept
        ]
        state.active_mask = self._app.editor.segment_id
        self._show_in_3d()
        self._show_checks(state.active_mask)

    def _show_checks(self, segment_id: str) -> None:
        case, state = self._app.case, self._app.state
        state.check_title, state.warnings, state.to_check = "", [], []
        if not segment_id:
            return
        confidence = case.confidence(segment_id)
        state.check_title = (
            f"The whole mask{_percent(confidence)}" if confidence is not None else ""
        )
        state.warnings = case.warnings(segment_id)
        state.to_check = [
            {
                "slice": each.index,
                "confidence": _percent(each.confidence),
                "reasons": each.reasons,
            }
            for each in case.slices_to_check(segment_id)
        ]

    def _show_in_3d(self) -> None:
        """Show the mask that is edited, alone: one surface would hide the other.

        Slicer's logic shows all again whenever it makes their surfaces anew.
        """
        case, active = self._app.case, self._app.editor.segment_id
        display = case.segmentation.GetDisplayNode()
        for each in case.segment_ids:
            display.SetSegmentVisibility3D(each, each == active)


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f": confidence {100 * confidence:.0f} %"
