"""Which slice each view shows, as the series counts it."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.geometry import voxel_spacing
from DSCBrainSegLib.web.views import AXIAL, CORONAL, SAGITTAL, slice_text

PATIENT_AXES = {SAGITTAL: 0, CORONAL: 1, AXIAL: 2}
"""Axis of the patient that each view moves along: left, back, up."""


class SliceNumberSection:
    """Writes in each view which slice, row or column of the series it shows.

    Parameters
    ----------
    app : ReviewApp
    """

    def __init__(self, app):
        self._app = app
        for name in PATIENT_AXES:
            app.state[slice_text(name)] = ""
        app.views.on_moved(self.opened)

    def opened(self) -> None:
        """Write where the views are now."""
        case = self._app.case
        if case is None:
            return
        with self._app.state as state:
            for name in PATIENT_AXES:
                voxel, axis = case.voxel_at(self._app.views.position(name)), self._array_axis(name)
                along = ("slice", "row", "column")[axis]
                state[slice_text(name)] = (
                    "" if voxel is None else f"{along} {voxel[axis] + 1} of {case.shape[axis]}"
                )

    def _array_axis(self, view: str) -> int:
        """Return the array axis (k, j, i) that a view moves along."""
        affine = self._app.case.series.affine
        along = np.abs(affine[PATIENT_AXES[view], :3]) / voxel_spacing(affine)[::-1]
        return 2 - int(np.argmax(along))
