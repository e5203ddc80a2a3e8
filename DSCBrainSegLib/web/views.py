"""Slicer's application logic, scene and views inside the server."""

from __future__ import annotations

import types
from collections.abc import Callable

import numpy as np
import slicer
from trame_client.widgets.html import Div
from trame_slicer.app.logic.slice_view_logic import connect_slice_view_slider_to_state
from trame_slicer.app.ui import Slider
from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.rca_view import register_rca_factories
from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition

AXIAL, CORONAL, SAGITTAL, BRAIN = "Axial", "Coronal", "Sagittal", "Brain"

LETTERS = {AXIAL: "RLAP", CORONAL: "RLSI", SAGITTAL: "APSI"}
"""What lies left, right, above and below on the screen."""

_PLACES = (
    "left: 6px; top: 48%;",
    "right: 6px; top: 48%;",
    "left: 50%; top: 20px;",
    "left: 50%; bottom: 34px;",
)
_LETTER_STYLE = (
    "position: absolute; color: #e8e8e8; font: 600 13px sans-serif; pointer-events: none; "
    "text-shadow: 0 0 3px black;"
)

SHARES = (5, 2)
"""Of the width: the axial view, and the others one above the other."""

LAYOUT_ID = "DSC review"
QUALITY = 85
"""Of the pictures sent while something moves, in per cent; a still view is sent at full quality."""


def slice_text(view: str) -> str:
    """Return the state's variable that tells which slice a view shows."""
    return f"slice_{view}"


class Views:
    """The views of the page: axial large, coronal, sagittal and the mask in 3-D.

    Makes the scene that `slicer.mrmlScene` names, which the adapters in `mrml` work on.

    Parameters
    ----------
    server : trame_server.Server
    """

    def __init__(self, server):
        self.app = SlicerApp()
        sequences = self.app.register_module_logic(slicer.vtkSlicerSequencesLogic())
        slicer.mrmlScene = self.app.scene
        slicer.modules = types.SimpleNamespace(
            sequences=types.SimpleNamespace(logic=lambda: sequences)
        )
        register_rca_factories(
            self.app.view_manager,
            server,
            slice_view_ui_f=_slice_view_ui,
            three_d_view_ui_f=_volume_view_ui,
            interactive_quality=QUALITY,
        )
        self.layout = LayoutManager(self.app.scene, self.app.view_manager, server)
        self.layout.register_layout(LAYOUT_ID, _layout())
        self.layout.set_layout(LAYOUT_ID)
        self.slices = {name: self._view(name) for name in (AXIAL, CORONAL, SAGITTAL)}
        self.brain = self._view(BRAIN)

    def show(self, volume) -> None:
        """Show a volume in the slice views, fitted; None empties them."""
        self.app.display_manager.show_volume_in_slice_background(volume)
        if volume is not None:
            self.app.display_manager.reset_views()

    def jump(self, ras: np.ndarray) -> None:
        """Move all slice views to a point in RAS+ mm."""
        for view in self.slices.values():
            with view.trigger_modified_once():
                view.get_view_node().JumpSliceByOffsetting(*map(float, ras))

    def drag_adjusts_window(self, is_on: bool) -> None:
        """Let the left button adjust window and level in slice views, or leave it to effects."""
        node = self.app.scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
        mode = node.AdjustWindowLevel if is_on else node.ViewTransform
        node.SetCurrentInteractionMode(mode)

    def position(self, name: str) -> np.ndarray:
        """Return the point in RAS+ mm in the middle of a slice view."""
        matrix = self.slices[name].get_view_node().GetSliceToRAS()
        return np.array([matrix.GetElement(row, 3) for row in range(3)])

    def on_moved(self, callback: Callable[[], None]) -> None:
        """Call back when the slice of a view changes."""
        for view in self.slices.values():
            view.modified.connect(lambda *_: callback())

    def on_cursor(self, callback: Callable[[np.ndarray], None]) -> None:
        """Call back with the point in RAS+ mm under the mouse when it moves over a slice view."""

        def observe(view):
            def moved(interactor, _event):
                x, y = interactor.GetEventPosition()
                ras = view.get_view_node().GetXYToRAS().MultiplyPoint((x, y, 0.0, 1.0))
                callback(np.array(ras[:3]))

            view.interactor().AddObserver("MouseMoveEvent", moved, 1.0)

        for view in self.slices.values():
            observe(view)

    def _view(self, name: str):
        return self.app.view_manager.get_view(name)


def _layout() -> Layout:
    def plane(name):
        return ViewLayoutDefinition.slice_view(name, label=name)

    volume = ViewLayoutDefinition.threed_view(name=BRAIN, background_color="#000000")
    small = Layout(LayoutDirection.Vertical, [plane(CORONAL), plane(SAGITTAL), volume])
    return Layout(LayoutDirection.Horizontal, [plane(AXIAL), small], list(map(str, SHARES)))


def _slice_view_ui(server, view_id, view) -> None:
    name = view.get_singleton_tag()
    for letter, place in zip(LETTERS[name], _PLACES, strict=True):
        Div(letter, style=f"{_LETTER_STYLE} {place}")
    Div(
        f"{name} {{{{ {slice_text(name)} }}}}",
        style=f"{_LETTER_STYLE} left: 8px; top: 4px; font-weight: 400;",
    )
    with Div(style="position: absolute; bottom: 0; left: 0; width: 100%;"):
        Slider(
            typed_state=connect_slice_view_slider_to_state(server, view),
            theme="dark",
            density="compact",
            classes=f"mx-2 slider-{name}",
        )


def _volume_view_ui(server, view_id, view) -> None:
    Div("Mask", style=f"{_LETTER_STYLE} left: 8px; top: 4px; font-weight: 400;")
