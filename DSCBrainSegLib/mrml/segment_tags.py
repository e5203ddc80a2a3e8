"""Texts of ours on a segment; they are saved with the scene and in .seg.nrrd files."""

from __future__ import annotations

from urllib.parse import quote, unquote

import vtk

PREFIX = "DSCBrainSeg."


def getTag(segment, name: str) -> str:
    """Return a text; empty if the segment has none of that name."""
    value = vtk.reference("")
    return unquote(str(value)) if segment.GetTag(PREFIX + name, value) else ""


def setTag(segment, name: str, text: str) -> None:
    """Keep a text; an empty one takes the tag away."""
    if text:
        # Slicer's files join the tags with | and have no rule for letters beyond ASCII.
        segment.SetTag(PREFIX + name, quote(text, safe=" .,:;/+()'"))
    else:
        segment.RemoveTag(PREFIX + name)
