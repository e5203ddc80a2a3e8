"""Slicer's segment editor on the page: effects, undo and redo, the segment that is edited."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager

from trame.widgets import html
from trame_server.utils.typed_state import TypedState
from trame_slicer.app.logic.segmentation import SegmentEditorLogic
from trame_slicer.app.ui import (
    DrawEffectUI,
    FlexContainer,
    IslandsEffectUI,
    LogicalOperatorsEffectUI,
    PaintEffectState,
    PaintEffectUI,
    ScissorsEffectUI,
    SegmentEditorUI,
    SmoothingEffectUI,
    ThresholdEffectUI,
    VolumeIntensityRangeMaskState,
    VolumeIntensityRangeMaskUI,
)
from trame_slicer.segmentation import (
    ModificationMode,
    SegmentationEffectDraw,
    SegmentationEffectErase,
    SegmentationEffectIslands,
    SegmentationEffectLogicalOperators,
    SegmentationEffectNoTool,
    SegmentationEffectPaint,
    SegmentationEffectScissors,
    SegmentationEffectSmoothing,
    SegmentationEffectThreshold,
    SegmentationOpacityEnum,
    SegmentationOverwriteMode,
)
from trame_slicer.segmentation.segmentation_undo_command import SegmentationLabelMapUndoCommand

from DSCBrainSegLib.mrml.segmentation_node import OUTLINE_WIDTH
from DSCBrainSegLib.web.case import Case

UNDO_STEPS = 10

NO_EFFECT = "No effect: drag for window and level"

EFFECTS = {
    SegmentationEffectPaint: PaintEffectUI,
    SegmentationEffectErase: PaintEffectUI,
    SegmentationEffectDraw: DrawEffectUI,
    SegmentationEffectScissors: ScissorsEffectUI,
    SegmentationEffectThreshold: ThresholdEffectUI,
    SegmentationEffectIslands: IslandsEffectUI,
    SegmentationEffectSmoothing: SmoothingEffectUI,
    SegmentationEffectLogicalOperators: LogicalOperatorsEffectUI,
}


class EditorPanel(SegmentEditorUI):
    """Effects and their settings, without trame-slicer's list of segments: the page has its own."""

    def _create_effect_button(self, name, icon, effect_type, **kwargs):
        is_none = effect_type is SegmentationEffectNoTool
        super()._create_effect_button(NO_EFFECT if is_none else name, icon, effect_type, **kwargs)

    def _build_ui(self):
        with self:
            with FlexContainer(row=True, classes="flex-wrap", id="effects"):
                self.build_effect_buttons()
                self.build_undo_redo_buttons()
            with html.Div(classes="px-1 pt-1 pb-3"):
                for effect, settings in EFFECTS.items():
                    self._register_effect_ui(effect, settings)
            limits = TypedState(self.state, VolumeIntensityRangeMaskState)
            # What "Use as mask" of the threshold switched on must be seen, and be switched off.
            VolumeIntensityRangeMaskUI(v_if=(limits.name.is_enabled,), id="intensity-limits")


class Editor:
    """Edits one segment of the open case at a time.

    Parameters
    ----------
    server : trame_server.Server
    app : trame_slicer.core.SlicerApp
    """

    def __init__(self, server, app):
        self._logic = SegmentEditorLogic(server, app)
        self._editor = app.segmentation_editor
        self._editor.undo_stack.set_undo_limit(UNDO_STEPS)
        # Masks of several methods lie over each other: a stroke must not erase the others.
        self._editor.set_overwrite_mode(SegmentationOverwriteMode.ALLOW_OVERLAP)
        # A ball would paint into the neighbours of thick slices.
        TypedState(server.state, PaintEffectState).data.use_sphere_brush = False
        # As in Slicer: what lies outside the range goes.
        self._editor.get_effect(SegmentationEffectThreshold).set_mode(ModificationMode.Set)
        display = self._logic.data.segment_display
        display.border_thickness.value = OUTLINE_WIDTH
        display.opacity_mode = SegmentationOpacityEnum.OUTLINE
        display.opacity_2d.value = display.opacity_3d.value = 1.0

    def build(self) -> None:
        """Add the widgets to the page."""
        panel = EditorPanel()
        self._logic.set_ui(panel)

    def on_changed(self, callback: Callable[[], None]) -> None:
        """Call back when masks or their surfaces may have changed; often more than once."""
        self._editor.segmentation_modified.connect(lambda *_: callback())
        self._editor.undo_stack.index_changed.connect(lambda *_: callback())
        self._editor.show_3d_changed.connect(lambda *_: callback())

    def on_effect(self, callback: Callable[[bool], None]) -> None:
        """Call back whether an effect is active, now and when that changes."""

        def tell(*_):
            name = self._editor.active_effect_name
            callback(name not in ("", SegmentationEffectNoTool.get_effect_name()))

        self._editor.active_effect_name_changed.connect(tell)
        tell()

    def undo(self) -> None:
        """Take back the last step, if there is one."""
        self._editor.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was taken back, if anything."""
        self._editor.undo_stack.redo()

    def edit(self, case: Case) -> None:
        """Take the masks of a case; what was done before cannot be undone any more."""
        self._editor.set_active_segmentation(case.segmentation, case.volume)
        self._editor.set_surface_representation_enabled(True)

    def release(self) -> None:
        """Let go of the case before it is closed."""
        self._editor.clear()

    @property
    def segment_id(self) -> str:
        """The segment that effects change."""
        return self._editor.active_segment_id

    def select(self, segment_id: str) -> None:
        """Choose the segment that effects change."""
        self._editor.set_active_segment_id(segment_id)

    def paint(self) -> None:
        """Take the brush."""
        self._editor.set_active_effect_type(SegmentationEffectPaint)

    @contextmanager
    def one_step(self):
        """Make what the block does to masks and their histories one step of undo."""
        with SegmentationLabelMapUndoCommand.push_state_change(self._editor.active_segmentation):
            yield
        self._editor.active_segmentation.trigger_modified()
