"""The voxels of volume nodes as arrays, without a copy."""

from __future__ import annotations

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from DSCBrainSegLib.errors import SeriesError


def voxelArray(volumeNode) -> np.ndarray:
    """Return the voxels (K, J, I), or (K, J, I, components) where there are several, read only.

    Raises
    ------
    SeriesError
        The volume has no voxels (yet).
    """
    image = volumeNode.GetImageData()
    scalars = image.GetPointData().GetScalars() if image is not None else None
    if scalars is None or scalars.GetNumberOfTuples() == 0:
        raise SeriesError(f"{volumeNode.GetName()} holds no image; load it again.")
    shape = image.GetDimensions()[::-1]
    if scalars.GetNumberOfComponents() > 1:
        shape = (*shape, scalars.GetNumberOfComponents())
    voxels = vtk_to_numpy(scalars).reshape(shape)
    voxels.flags.writeable = False
    return voxels


def volumeShape(volumeNode) -> tuple[int, int, int]:
    """Return (K, J, I); zeros where there is no image."""
    image = volumeNode.GetImageData()
    return (0, 0, 0) if image is None else tuple(image.GetDimensions()[::-1])
