"""Segments of a DICOM SEG, slice by slice, each at its own place.

Read with pydicom alone, so that masks of other programs come in without the packages that writing
one needs (DICOM PS3.3, A.51 and A.87).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.masks.placing import MaskBlock
from DSCBrainSegLib.masks.segments import brain_segment
from DSCBrainSegLib.masks.values import HALF
from DSCBrainSegLib.series.planes import integer, numbers, text
from DSCBrainSegLib.series.quiet import quiet_libraries

SEG_CLASSES = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
"""Segmentation Storage and Label Map Segmentation Storage."""


def is_dicom_seg(path: Path) -> bool:
    """Say whether a file is a DICOM segmentation."""
    import pydicom

    try:
        with quiet_libraries():
            dataset = pydicom.dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True)
        return str(dataset.get("SOPClassUID")) in SEG_CLASSES
    except Exception:  # pydicom raises many kinds on what is not DICOM
        return False


def read_dicom_seg(path: Path) -> list[MaskBlock]:
    """Read the brain of a DICOM segmentation: one block for each of its slices.

    Raises
    ------
    SeriesError
        The file is damaged, or holds several segments and none is called brain.
    """
    import pydicom

    try:
        with quiet_libraries():
            dataset = pydicom.dcmread(path)
            frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
        segments = {int(item.SegmentNumber): item for item in dataset.SegmentSequence}
        planes = [_plane(dataset, number) for number in range(len(frames))]
        own = [_segment_number(dataset, number) for number in range(len(frames))]
    except Exception as error:  # pydicom raises many kinds on a damaged file
        raise SeriesError(f"{path} is a damaged DICOM segmentation; export it again.") from error
    if str(dataset.get("SegmentationType")).upper() == "LABELMAP":
        parts = {
            number: [(frames[f] == number, f) for f in range(len(frames))] for number in segments
        }
    else:
        most = integer(dataset.get("MaximumFractionalValue")) or 255
        fractional = str(dataset.get("SegmentationType")).upper() == "FRACTIONAL"
        cut = HALF * most if fractional else 1
        parts = {number: [] for number in segments}
        for f, number in enumerate(own):
            parts.setdefault(number, []).append((frames[f] >= cut, f))
    parts = {
        number: slices
        for number, slices in parts.items()
        if number != 0 and any(voxels.any() for voxels, _ in slices)
    }
    if not parts:
        raise SeriesError(f"{path} holds no voxel of any segment; draw it first.")
    order = sorted(parts)
    names = [text(segments[n].get("SegmentLabel")) if n in segments else "" for n in order]
    names = [name or f"segment {number}" for name, number in zip(names, order, strict=True)]
    meanings = [_meaning(segments[n]) if n in segments else "" for n in order]
    chosen = order[brain_segment(names, str(path), meanings)]
    return [MaskBlock(voxels[np.newaxis], planes[f]) for voxels, f in parts[chosen]]


def _plane(dataset, number: int) -> np.ndarray:
    """Affine (4, 4) of one frame to LPS+ in mm; the third column is its normal."""
    position = numbers(_macro(dataset, number, "PlanePositionSequence").ImagePositionPatient, 3)
    cosines = numbers(
        _macro(dataset, number, "PlaneOrientationSequence").ImageOrientationPatient, 6
    )
    spacing = numbers(_macro(dataset, number, "PixelMeasuresSequence").PixelSpacing, 2)
    if position is None or cosines is None or spacing is None:
        raise ValueError("a frame has no place")
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = row * spacing[1], column * spacing[0]
    affine[:3, 2] = np.cross(row, column)
    affine[:3, 3] = position
    return affine


def _macro(dataset, number: int, name: str):
    for groups in (
        dataset.PerFrameFunctionalGroupsSequence[number],
        dataset.SharedFunctionalGroupsSequence[0],
    ):
        if name in groups:
            return groups[name].value[0]
    raise ValueError(f"a frame has no {name}")


def _segment_number(dataset, number: int) -> int:
    try:
        item = _macro(dataset, number, "SegmentIdentificationSequence")
        return int(item.ReferencedSegmentNumber)
    except ValueError:
        return 1  # one segment, or a label map, whose pixels tell


def _meaning(segment) -> str:
    items = segment.get("SegmentedPropertyTypeCodeSequence")
    return text(items[0].get("CodeMeaning")) if items else ""
