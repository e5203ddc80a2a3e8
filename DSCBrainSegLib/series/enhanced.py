"""Enhanced multi-frame DICOM: many planes in a file, described by functional groups."""

from __future__ import annotations

from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.classic import component, is_derived
from DSCBrainSegLib.series.planes import (
    Plane,
    dated_seconds,
    datetime_seconds,
    day_seconds,
    integer,
    number,
    numbers,
    private,
    text,
    words,
)

FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
PHILIPS_FRAME = "Philips MR Imaging DD 005"


def is_enhanced(dataset) -> bool:
    """Say whether the file describes its frames by functional groups."""
    return "PerFrameFunctionalGroupsSequence" in dataset


def enhanced_planes(path: Path, dataset) -> list[Plane]:
    """Return the planes of an enhanced multi-frame file, in order of its frames.

    Raises
    ------
    SeriesError
        A frame lacks what places it in space; the message completes "... cannot be used: ".
    """
    rows, columns = integer(dataset.get("Rows")), integer(dataset.get("Columns"))
    if not rows or not columns:
        raise SeriesError("the header lacks the size (Rows, Columns) of the image")
    shared = _first(dataset.get("SharedFunctionalGroupsSequence")) or {}
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if not frames:
        raise SeriesError("the header describes no frame")
    return [
        _plane(path, dataset, shared, frame, index, rows, columns)
        for index, frame in enumerate(frames)
    ]


def shared_group(dataset, sequence: str):
    """Return a functional group (a Dataset) of the whole file or of its first frame, or {}."""
    shared = _first(dataset.get("SharedFunctionalGroupsSequence")) or {}
    frame = _first(dataset.get("PerFrameFunctionalGroupsSequence")) or {}
    return _group(frame, shared, sequence)


def converted_value(dataset, keyword: str):
    """Return what the classic files of a Legacy Converted Enhanced file said, or None."""
    shared = _first(dataset.get("SharedFunctionalGroupsSequence")) or {}
    frame = _first(dataset.get("PerFrameFunctionalGroupsSequence")) or {}
    return _from(_converted(frame, shared), keyword)


def _plane(path, dataset, shared, frame, index, rows, columns) -> Plane:
    measures = _group(frame, shared, "PixelMeasuresSequence")
    content = _group(frame, shared, "FrameContentSequence")
    orientation = numbers(
        _group(frame, shared, "PlaneOrientationSequence").get("ImageOrientationPatient"), 6
    )
    position = numbers(
        _group(frame, shared, "PlanePositionSequence").get("ImagePositionPatient"), 3
    )
    spacing = numbers(measures.get("PixelSpacing"), 2)
    if orientation is None or position is None or spacing is None or min(spacing) <= 0:
        raise SeriesError(f"frame {index + 1} lacks its position, orientation or pixel size")
    frame_type = _group(frame, shared, "MRImageFrameTypeSequence")
    kind = words(frame_type.get("FrameType")) or words(dataset.get("ImageType"))
    complex_part = text(frame_type.get("ComplexImageComponent")) or text(
        dataset.get("ComplexImageComponent")
    )
    scaling = _group(frame, shared, "PixelValueTransformationSequence")
    slope = number(scaling.get("RescaleSlope"))
    echo_time = number(_group(frame, shared, "MREchoSequence").get("EffectiveEchoTime"))
    converted = _converted(frame, shared)
    if not echo_time:
        echo_time = number(_from(converted, "EchoTime"))
    temporal_position = integer(content.get("TemporalPositionIndex"))
    if temporal_position is None:
        temporal_position = integer(_from(converted, "TemporalPositionIdentifier"))
    acquisition = integer(content.get("FrameAcquisitionNumber"))
    if acquisition is None:
        acquisition = integer(_from(converted, "AcquisitionNumber"))
    diffusion = _group(frame, shared, "MRDiffusionSequence")
    b_value = number(diffusion.get("DiffusionBValue"))
    return Plane(
        path=path,
        rows=rows,
        columns=columns,
        orientation=orientation,
        position=position,
        spacing=spacing,
        frame=index,
        thickness=number(measures.get("SliceThickness")),
        slice_spacing=abs(number(measures.get("SpacingBetweenSlices")) or 0.0) or None,
        slope=1.0 if slope in (None, 0.0) else slope,
        intercept=number(scaling.get("RescaleIntercept")) or 0.0,
        echo_time=None if not echo_time else echo_time / 1000.0,
        component=component(kind, complex_part),
        derived=is_derived(kind),
        sop_uid=str(dataset.get("SOPInstanceUID") or ""),
        instance=integer(dataset.get("InstanceNumber")),
        source_instance=integer(_from(converted, "InstanceNumber")),
        temporal_position=temporal_position,
        acquisition=acquisition,
        echo_number=integer(_from(converted, "EchoNumbers")),
        dimension=_dimension(content),
        b_value=b_value,
        clocks=_clocks(dataset, shared, frame, content, converted),
    )


def _converted(frame, shared) -> tuple:
    """Return what a file converted from classic files keeps of them (Legacy Converted Enhanced)."""
    own = _first(frame.get("UnassignedPerFrameConvertedAttributesSequence")) or {}
    common = _first(shared.get("UnassignedSharedConvertedAttributesSequence")) or {}
    return own, common


def _from(converted: tuple, keyword: str):
    own, common = converted
    return own.get(keyword) if own.get(keyword) is not None else common.get(keyword)


def _dimension(content) -> tuple:
    try:
        return tuple(int(value) for value in content.get("DimensionIndexValues") or ())
    except (TypeError, ValueError):
        return ()


def _clocks(dataset, shared, frame, content, converted) -> dict[str, float]:
    philips = _first(private(frame, 0x2005, PHILIPS_FRAME, 0x0F)) or {}
    trigger = number(
        _group(frame, shared, "CardiacSynchronizationSequence").get(
            "NominalCardiacTriggerDelayTime"
        )
    )
    if trigger is None:
        trigger = number(_from(converted, "TriggerTime"))
    clocks = {
        "offset": number(
            _group(frame, shared, "TemporalPositionSequence").get("TemporalPositionTimeOffset")
        ),
        "acquisition": _first_known(
            datetime_seconds(content.get("FrameAcquisitionDateTime")),
            dated_seconds(_from(converted, "AcquisitionDate"), _from(converted, "AcquisitionTime")),
            datetime_seconds(_from(converted, "AcquisitionDateTime")),
        ),
        "reference": datetime_seconds(content.get("FrameReferenceDateTime")),
        "dynamic": number(
            private(philips, 0x2005, "Philips MR Imaging DD 001", 0xA0) if philips else None
        ),
        "trigger": None if trigger is None else trigger / 1000.0,
        "content": _first_known(
            dated_seconds(_from(converted, "ContentDate"), _from(converted, "ContentTime")),
            day_seconds(dataset.get("ContentTime")),
        ),
    }
    return {name: value for name, value in clocks.items() if value is not None}


def _first_known(*values):
    return next((value for value in values if value is not None), None)


def _group(frame, shared, sequence: str):
    return _first(frame.get(sequence)) or _first(shared.get(sequence)) or {}


def _first(sequence):
    return sequence[0] if sequence is not None and len(sequence) else None
