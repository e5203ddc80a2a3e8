"""Segmentations of 3D Slicer (.seg.nrrd): segments by name, in labels and layers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.masks.placing import MaskBlock
from DSCBrainSegLib.masks.segments import brain_segment
from DSCBrainSegLib.series.nrrd_file import read_nrrd_header, read_nrrd_voxels
from DSCBrainSegLib.series.nrrd_header import nrrd_affine

_MOST_SEGMENTS = 1000


@dataclass(frozen=True)
class _Segment:
    name: str
    meaning: str
    label: int
    layer: int


def is_seg_nrrd(path: Path) -> bool:
    """Say whether an NRRD file names segments."""
    return any(field.startswith("Segment0_") for field in read_nrrd_header(path))


def read_seg_nrrd(path: Path) -> MaskBlock:
    """Read the brain of a segmentation.

    Raises
    ------
    SeriesError
        The file is damaged, or holds several segments and none is called brain.
    """
    header = read_nrrd_header(path)
    voxels = read_nrrd_voxels(path)
    if voxels.ndim == 3:
        voxels = voxels[np.newaxis]
    layered = int(header["dimension"]) == 4
    if voxels.ndim != 4:
        raise SeriesError(f"{path} has {voxels.ndim} dimensions; save the segmentation again.")
    segments = [
        segment
        for segment in _segments(header, layered)
        if segment.layer < len(voxels) and np.any(voxels[segment.layer] == segment.label)
    ]
    affine = nrrd_affine(path, header, 0 if layered else None, [])
    if not segments:
        return MaskBlock(np.zeros(voxels.shape[:0:-1], bool), affine)
    chosen = segments[
        brain_segment(
            [segment.name for segment in segments],
            str(path),
            [segment.meaning for segment in segments],
        )
    ]
    return MaskBlock(np.transpose(voxels[chosen.layer] == chosen.label), affine)


def _segments(header: dict, layered: bool) -> list[_Segment]:
    found = []
    for number in range(_MOST_SEGMENTS):
        start = f"Segment{number}_"
        fields = {key[len(start) :]: str(header[key]) for key in header if key.startswith(start)}
        if not fields:
            break
        # Slicer before 4.11 wrote one layer for each segment, or labels counted from 1.
        label = _whole(fields.get("LabelValue"), 1 if layered else number + 1)
        layer = _whole(fields.get("Layer"), number if layered else 0)
        name = fields.get("Name") or fields.get("ID") or f"segment {number + 1}"
        found.append(_Segment(name, _meaning(fields.get("Tags", "")), label, max(layer, 0)))
    return found


def _meaning(tags: str) -> str:
    """Return the type of the terminology entry: category~type~modifier~region, code^scheme^word."""
    for tag in tags.split("|"):
        name, _, entry = tag.partition(":")
        parts = entry.split("~")
        if name.endswith("TerminologyEntry") and len(parts) > 2:
            return parts[2].split("^")[-1]
    return ""


def _whole(text: str | None, otherwise: int) -> int:
    try:
        return int(text)
    except (TypeError, ValueError):
        return otherwise
