"""Where the voxels of a volume node lie. MRML is RAS+, the library LPS+: the flip is here."""

from __future__ import annotations

import numpy as np
import slicer
import vtk

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

RIGID_TOLERANCE = 0.01
"""A transform changes lengths by less than about this fraction if it is to count as rigid."""


def ijkToLps(volumeNode) -> np.ndarray:
    """Return the affine (4, 4) from (i, j, k, 1) to LPS+ in mm in the volume's own space.

    Transforms that the volume lies under are left out: segments of the volume live in this space
    and lie under the same transform.
    """
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return LPS_FROM_RAS @ slicer.util.arrayFromVTKMatrix(matrix)


def setIjkToLps(volumeNode, affine: np.ndarray) -> None:
    """Give a volume the affine (4, 4) from (i, j, k, 1) to LPS+ in mm."""
    volumeNode.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(LPS_FROM_RAS @ affine))


def placedIjkToLps(volumeNode, transformNode, warnings: list[str]) -> np.ndarray:
    """Return the affine (4, 4) with the transform that turns the volume to how it is seen.

    A rigid transform (a head laid straight, a wrong orientation put right) decides where left, back
    and top are. One that stretches, shears or bends, as a registration to an atlas does, would make
    the brain another size than it is: it is left out.

    Parameters
    ----------
    volumeNode : vtkMRMLVolumeNode
    transformNode : vtkMRMLTransformNode or None
        What the volume lies under.
    warnings : list of str
        Gets a sentence if the transform is left out.
    """
    affine = ijkToLps(volumeNode)
    if transformNode is None:
        return affine
    toWorld = vtk.vtkMatrix4x4()
    if transformNode.IsTransformToWorldLinear():
        transformNode.GetMatrixTransformToWorld(toWorld)
        rasToWorld = slicer.util.arrayFromVTKMatrix(toWorld)
        turn = rasToWorld[:3, :3]
        if np.abs(turn.T @ turn - np.eye(3)).max() < RIGID_TOLERANCE:
            return LPS_FROM_RAS @ rasToWorld @ LPS_FROM_RAS @ affine
    # Without the transform's name, which may be the patient's.
    warnings.append(
        "The image lies under a transform that is not rigid; it is segmented as it was scanned."
    )
    return affine
