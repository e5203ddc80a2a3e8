"""The module's panel and a small series for its tests."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from places import REPOSITORY

MODULE = REPOSITORY / "DSCBrainSeg" / "DSCBrainSeg.py"

SHAPE = (12, 64, 56)
SPACING = (5.0, 3.0, 3.0)


def _ellipsoid(radii_mm):
    grids = np.ogrid[tuple(slice(n) for n in SHAPE)]
    centre = (5.5, 33.0, 26.0)
    parts = zip(grids, centre, SPACING, radii_mm, strict=True)
    return sum(((g - c) * s / r) ** 2 for g, c, s, r in parts) < 1


BRAIN = _ellipsoid((45.0, 75.0, 60.0))
"""Where the test series is bright, (K, J, I)."""


def make_series(frames: int = 8):
    """Return a series of a bright ellipsoid, off centre, a little brighter in each frame."""
    from DSCBrainSegLib.series import DSCSeries

    noise = np.random.default_rng(0).normal(0, 8, (frames, *SHAPE))
    voxels = np.stack([np.where(BRAIN, 600 + 2 * t, 40) for t in range(frames)]) + noise
    affine = np.diag([3.0, 3.0, 5.0, 1.0])
    affine[:3, 3] = (-80, -95, -30)
    return DSCSeries(
        frames=np.clip(voxels, 0, None).astype(np.int16),
        times=np.arange(frames) * 1.5,
        affine=affine,
        echo_time=0.03,
        repetition_time=1.5,
    )


def add_series(name: str = "Perfusion", frames: int = 8):
    """Add `make_series` to the scene; return its nodes."""
    from DSCBrainSegLib.mrml.series_to_sequence import addSeries

    return addSeries(make_series(frames), name)


def open_panel(host):
    """Load the module and switch to it; return its widget."""
    host.load_module(MODULE)
    widget = host.select("DSCBrainSeg")
    # With two segments the host's list answers the selections that its editor makes, without end.
    widget.ui.editor._list.blockSignals(True)
    return widget


def choose_method(panel, name: str) -> None:
    """Choose a method in the combo box, as a user does."""
    names = [panel.ui.methodBox.itemText(index) for index in range(panel.ui.methodBox.count)]
    panel.ui.methodBox.setCurrentIndex(
        next(index for index, text in enumerate(names) if text.split(" ")[0] == name)
    )


def choose_series(panel, name: str = "Perfusion", frames: int = 8):
    """Add a series and choose it and the method Otsu in the panel; return its nodes."""
    nodes = add_series(name, frames)
    panel.ui.inputSelector.setCurrentNode(nodes.volume)
    choose_method(panel, "otsu")
    return nodes


def segment_and_wait(panel, host, timeout: float = 60.0) -> float:
    """Press Segment and wait for the end; return the longest time the interface was blocked."""
    panel.ui.segmentButton.click()
    return host.wait_until(lambda: not panel.segmentSection.busy, timeout)


def least(measure, limit: float, tries: int = 3) -> float:
    """Return the least of some measurements; the first one below `limit` is the last one.

    Other programs may hold up one of them, also by what cannot be told from the module's own doing
    (discs, memory), but not all.
    """
    found = []
    while len(found) < tries and (not found or min(found) >= limit):
        found.append(measure())
    return min(found)


def masks_of(volume) -> dict[str, np.ndarray]:
    """Return {name: mask} of the segments of a volume."""
    from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
    from DSCBrainSegLib.mrml.segments import segmentMask

    node = findSegmentation(volume)
    if node is None:
        return {}
    segmentation = node.GetSegmentation()
    return {
        segmentation.GetSegment(each).GetName(): segmentMask(node, each, volume)
        for each in segmentation.GetSegmentIDs()
    }


def paint(panel, where) -> None:
    """Paint voxels, an index into (K, J, I), into the chosen segment as the brush does."""
    from DSCBrainSegLib.mrml.voxels import volumeShape

    editor = panel.ui.editor
    stroke = np.zeros(volumeShape(editor.sourceVolumeNode()), bool)
    stroke[where] = True
    editor.setActiveEffectByName("Paint")
    editor.activeEffect().apply_brush(stroke)


def worker_pid(panel) -> int:
    """Return the process id of the panel's worker."""
    return panel.logic.worker._runner._process._process.pid


def is_alive(pid: int) -> bool:
    """Say whether a process runs (a child that has ended but was not waited for does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")
