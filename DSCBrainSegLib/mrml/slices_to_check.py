"""What the software says about the quality of a mask, kept on its segment and in saved scenes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from DSCBrainSegLib.mrml.segment_tags import getTag, setTag

_QUALITY = "Quality"


@dataclass(frozen=True)
class DoubtfulSlice:
    """A slice a person should look at.

    Parameters
    ----------
    index : int
        Slice k of the series, counted from 0.
    reasons : list of str
        One sentence each.
    confidence : float or None
        0 to 1.
    """

    index: int
    reasons: list[str]
    confidence: float | None


def rememberQuality(segment, quality: dict | None) -> None:
    """Keep the field ``quality`` of a worker's answer on the segment of its mask.

    Parameters
    ----------
    segment : vtkSegment
    quality : dict or None
        None takes what was said of an earlier mask away.
    """
    kept = {}
    if quality:
        kept = {"confidence": quality.get("confidence"), "slices": quality["slices_to_check"]}
    setTag(segment, _QUALITY, json.dumps(kept) if kept else "")


def slicesToCheck(segment) -> list[DoubtfulSlice]:
    """Return the slices to look at, in order; none where nothing is known of the quality."""
    return [
        DoubtfulSlice(int(each["slice"]), list(each["reasons"]), each.get("confidence"))
        for each in _kept(segment).get("slices", [])
    ]


def confidenceOf(segment) -> float | None:
    """Return how far the mask as a whole can be trusted, 0 to 1; None where that is not known."""
    return _kept(segment).get("confidence")


def _kept(segment) -> dict:
    text = getTag(segment, _QUALITY)
    return json.loads(text) if text else {}
