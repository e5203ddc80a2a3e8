"""From the node a user chooses to the series and the volume that shows it."""

from __future__ import annotations

import slicer

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.sequence_to_series import sequenceOfVolume, volumeOfSequence


def seriesOf(node):
    """Return the node that holds all frames: the sequence a volume shows, or the node itself."""
    if node is not None and node.IsA("vtkMRMLVolumeNode"):
        return sequenceOfVolume(node) or node
    return node


def volumeOf(node):
    """Return the volume that shows a node, None if it shows none (yet)."""
    if node is not None and node.IsA("vtkMRMLSequenceNode"):
        return volumeOfSequence(node)
    return node


def shownVolume(node):
    """Return the volume that shows a node; a sequence without a browser gets one.

    Raises
    ------
    SeriesError
        The sequence holds no images.
    """
    volume = volumeOf(node)
    if volume is not None:
        return volume
    browser = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLSequenceBrowserNode", f"{node.GetName()} browser"
    )
    browser.AddSynchronizedSequenceNode(node)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    volume = browser.GetProxyNode(node)
    if volume is None or not volume.IsA("vtkMRMLScalarVolumeNode"):
        slicer.mrmlScene.RemoveNode(browser)
        raise SeriesError(
            f"{node.GetName()} is not a sequence of images; choose the perfusion series."
        )
    return volume
