"""A series into the scene: a sequence with true times, its browser and the volume that is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.mrml.frame_attributes import frameAttributes, seriesAttributes
from DSCBrainSegLib.mrml.geometry import setIjkToLps
from DSCBrainSegLib.mrml.subject_hierarchy import placeUnder
from DSCBrainSegLib.series.types import DSCSeries

WINDOW_PERCENTILES = (1.0, 99.5)
"""Intensities from black to white, over the frames that are looked at for it."""

WINDOW_FRAMES = 8

_STORED_KINDS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32")
_MOST_OF_INT16 = 32767


@dataclass(frozen=True)
class SequenceNodes:
    """The nodes of a series.

    Parameters
    ----------
    sequence : vtkMRMLSequenceNode
        All frames, indexed by time in seconds.
    browser : vtkMRMLSequenceBrowserNode
        Chooses the frame that is seen.
    volume : vtkMRMLScalarVolumeNode
        Shows the chosen frame; segmentations refer to it.
    """

    sequence: Any
    browser: Any
    volume: Any


def addSeries(series: DSCSeries, name: str, studyItemID: int = 0) -> SequenceNodes:
    """Add a series to the scene.

    Parameters
    ----------
    series : DSCSeries
        Times must rise from frame to frame.
    name : str
        What the nodes are called; never a patient's name.
    studyItemID : int
        Subject-hierarchy item of its study; the top of the tree by default.

    Raises
    ------
    SeriesError
        Two frames have the same time; nothing was added.
    """
    if not np.all(np.diff(series.times) > 0):
        raise SeriesError(
            f"The times of {name} do not rise from frame to frame, so they cannot be a sequence; "
            "check the export."
        )
    name = slicer.mrmlScene.GenerateUniqueName(name)
    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", name)
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    sequence.SetIndexType(slicer.vtkMRMLSequenceNode.NumericIndex)
    closest = float(np.diff(series.times).min()) if len(series.times) > 1 else 1.0
    sequence.SetNumericIndexValueTolerance(min(0.001, closest / 2))
    _setAttributes(sequence, seriesAttributes(series))
    kind = _storedKind(series.frames)
    for index, time in enumerate(series.times):
        sequence.SetDataNodeAtValue(_frameNode(series, index, name, kind), repr(float(time)))
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{name} browser")
    browser.AddSynchronizedSequenceNode(sequence)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(browser)
    volume = browser.GetProxyNode(sequence)
    _setWindow(volume, series.frames)
    placeUnder(volume, studyItemID, series.header.get("series_instance_uid", ""))
    return SequenceNodes(sequence, browser, volume)


def showFrame(nodes: SequenceNodes, index: int) -> None:
    """Show a frame, counted from 0."""
    nodes.browser.SetSelectedItemNumber(index)
    slicer.modules.sequences.logic().UpdateProxyNodesFromSequences(nodes.browser)


def _frameNode(series: DSCSeries, index: int, name: str, kind):
    """Return a node outside the scene; the sequence takes a copy of it."""
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetName(name)
    setIjkToLps(node, series.affine)
    slicer.util.updateVolumeFromArray(node, _asStored(series.frames[index], kind))
    _setAttributes(node, frameAttributes(series, index))
    return node


def _storedKind(frames: np.ndarray):
    """Return the kind of number that holds all frames without loss, half of float32 if it can be.

    Scanners store whole numbers; reading DICOM makes float32 of them, for rescaled ones.
    """
    if frames.dtype.name in _STORED_KINDS and frames.dtype.kind in "iu":
        return frames.dtype
    for frame in frames:
        if not (np.abs(frame) <= _MOST_OF_INT16).all() or (frame != np.rint(frame)).any():
            return np.dtype(np.float32)
    return np.dtype(np.int16)


def _asStored(frame: np.ndarray, kind) -> np.ndarray:
    return frame.astype(kind, copy=False)


def _setAttributes(node, attributes: dict[str, str]) -> None:
    for key, value in attributes.items():
        node.SetAttribute(key, value)


def frameWindow(frames: np.ndarray) -> tuple[float, float]:
    """Return the lowest and highest intensity to show of some frames; they differ."""
    low, high = np.percentile(frames, WINDOW_PERCENTILES)
    return float(low), float(max(high, low + 1e-3))


def _setWindow(volume, frames: np.ndarray) -> None:
    """Set one window for all frames, so that the bolus is seen as darkening."""
    volume.CreateDefaultDisplayNodes()
    looked = np.unique(np.linspace(0, len(frames) - 1, WINDOW_FRAMES).astype(int))
    display = volume.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(*frameWindow(frames[looked]))
