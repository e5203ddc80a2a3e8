"""Effects of the Segment Editor: names, parameters, and what painting does to a segment."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

# The order of Slicer 5.10's default list.
EFFECTS = (
    "Threshold",
    "Paint",
    "Draw",
    "Erase",
    "Level tracing",
    "Grow from seeds",
    "Fill between slices",
    "Margin",
    "Hollow",
    "Smoothing",
    "Scissors",
    "Islands",
    "Logical operators",
    "Mask volume",
)
_BRUSHES = {
    "Paint": "ModificationModeAdd",
    "Draw": "ModificationModeAdd",
    "Erase": "ModificationModeRemove",
}


class SegmentEffect:
    """One effect; its parameters are attributes of the segment editor node, as in Slicer."""

    def __init__(self, name: str, editor):
        self.name = name
        self._editor = editor

    def self(self):
        return self

    def setParameter(self, key: str, value) -> None:
        self._editor.mrmlSegmentEditorNode().SetAttribute(f"{self.name}.{key}", str(value))

    def parameter(self, key: str) -> str:
        return self._editor.mrmlSegmentEditorNode().GetAttribute(f"{self.name}.{key}") or ""

    def integerParameter(self, key: str) -> int:
        return int(float(self.parameter(key) or 0))

    def doubleParameter(self, key: str) -> float:
        return float(self.parameter(key) or 0)

    def apply_brush(self, voxels: np.ndarray) -> None:
        """Paint or erase `voxels`, bool (K, J, I) on the source volume, as a stroke does.

        The state is kept for undo and the editor's masking and overwriting rules hold.
        """
        if self.name not in _BRUSHES:
            raise AssertionError(f"{self.name} does not paint")
        logic = self._editor.logic()
        self._editor.saveStateForUndo()
        logic.UpdateReferenceGeometryImage()
        logic.ResetModifierLabelmapToDefault()
        logic.UpdateMaskLabelmap()
        stroke = slicer.vtkOrientedImageData()
        stroke.DeepCopy(_labelmap(voxels, self._editor.sourceVolumeNode()))
        logic.ModifySegmentByLabelmap(
            self._editor.segmentationNode(),
            self._editor.currentSegmentID(),
            stroke,
            getattr(logic, _BRUSHES[self.name]),
            False,
            False,
        )

    def onApply(self):
        raise NotImplementedError(f"the test host does not have the effect {self.name}")


def _labelmap(voxels: np.ndarray, volume):
    """Return a mask as an oriented image on the volume's geometry."""
    image = slicer.vtkOrientedImageData()
    slices, rows, columns = voxels.shape
    image.SetExtent(0, columns - 1, 0, rows - 1, 0, slices - 1)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    scalars = vtk.util.numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    scalars[:] = voxels.ravel()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    image.SetImageToWorldMatrix(matrix)
    return image
