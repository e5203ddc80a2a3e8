"""Classic single-frame DICOM: one slice (or one mosaic) in a file."""

from __future__ import annotations

from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import mosaic
from DSCBrainSegLib.series.planes import (
    Plane,
    PrivateElements,
    dated_seconds,
    datetime_seconds,
    integer,
    number,
    numbers,
    text,
    words,
)

# GE writes the image's kind as a number: (0043,102F), Private Image Type.
_GE_COMPONENTS = {0: "M", 1: "P", 2: "R", 3: "I"}

_COMPONENT_WORDS = {
    "P": {"P", "PHASE", "PHASE MAP"},
    "R": {"R", "REAL"},
    "I": {"I", "IMAGINARY"},
    "F": {"B0", "B0 MAP", "FIELD_MAP", "FIELD MAP", "B1", "VELOCITY MAP"},
}

_MAP_WORDS = {
    *("ADC", "FA", "TRACEW", "EXP", "CBF", "CBV", "RCBV", "RCBF", "RELCBF", "RELCBV", "MTT"),
    *("RELMTT", "TTP", "TMAX", "PBP", "GBP", "T0", "T1 MAP", "T2 MAP", "T2_STAR MAP"),
    *("SUBTRACTION", "PROJECTION IMAGE", "MPR", "MIP", "CSA REPORT", "CSAPARALLEL"),
}


def classic_planes(path: Path, dataset) -> list[Plane]:
    """Return the planes of a classic file: one, or one for each tile of a mosaic.

    Raises
    ------
    SeriesError
        The header lacks what places the image in space; the message completes "... cannot be
        used: ".
    """
    if (integer(dataset.get("NumberOfFrames")) or 1) > 1:
        raise SeriesError("it has several frames and no positions for them")
    if mosaic.is_mosaic(dataset) and "VFRAME" in words(dataset.get("ImageType")):
        # UIH puts positions into the private sequence and leaves ImagePositionPatient out.
        return mosaic.uih_planes(dataset, _plane(path, dataset, position=(0.0, 0.0, 0.0)))
    plane = _plane(path, dataset)
    return mosaic.siemens_planes(dataset, plane) if mosaic.is_mosaic(dataset) else [plane]


def component(image_type: tuple, named: str = "") -> str:
    """Return the kind of image (see `Plane`) from Image Type and Complex Image Component."""
    found = {word.split("_")[0] if word[1:2] == "_" else word for word in image_type[2:]}
    found |= set(image_type[2:])
    for letter, names in _COMPONENT_WORDS.items():
        if found & names:
            return letter
    if found & _MAP_WORDS:
        return "F"
    return {"PHASE": "P", "REAL": "R", "IMAGINARY": "I"}.get(named.upper(), "M")


def is_derived(image_type: tuple) -> bool:
    """Say whether Image Type (0008,0008) calls the image derived from others."""
    return image_type[:1] == ("DERIVED",)


def _plane(path: Path, dataset, position: tuple | None = None) -> Plane:
    rows, columns = integer(dataset.get("Rows")), integer(dataset.get("Columns"))
    orientation = numbers(dataset.get("ImageOrientationPatient"), 6)
    position = position or numbers(dataset.get("ImagePositionPatient"), 3)
    spacing = numbers(dataset.get("PixelSpacing"), 2)
    if not (rows and columns and orientation and position and spacing and min(spacing) > 0):
        missing = [
            name
            for name, value in [
                ("size (Rows, Columns)", rows and columns),
                ("orientation (ImageOrientationPatient)", orientation),
                ("position (ImagePositionPatient)", position),
                ("pixel size (PixelSpacing)", spacing and min(spacing) > 0),
            ]
            if not value
        ]
        raise SeriesError(f"the header lacks the {' and the '.join(missing)} of the image")
    vendor = PrivateElements(dataset)
    image_type = words(dataset.get("ImageType"))
    kind = component(image_type, text(dataset.get("ComplexImageComponent")))
    if kind == "M":
        ge_kind = integer(vendor.get(0x43, "GEMS_PARM_01", 0x2F))
        kind = _GE_COMPONENTS.get(ge_kind or 0, kind)
    echo_time = number(dataset.get("EchoTime"))
    slope = number(dataset.get("RescaleSlope"))
    return Plane(
        path=path,
        rows=rows,
        columns=columns,
        orientation=orientation,
        position=position,
        spacing=spacing,
        thickness=number(dataset.get("SliceThickness")),
        # GE and others store a negative distance for a descending order.
        slice_spacing=abs(number(dataset.get("SpacingBetweenSlices")) or 0.0) or None,
        slope=1.0 if slope in (None, 0.0) else slope,
        intercept=number(dataset.get("RescaleIntercept")) or 0.0,
        echo_time=None if not echo_time else echo_time / 1000.0,
        component=kind,
        derived=is_derived(image_type),
        sop_uid=str(dataset.get("SOPInstanceUID") or ""),
        instance=integer(dataset.get("InstanceNumber")),
        temporal_position=integer(dataset.get("TemporalPositionIdentifier")),
        acquisition=integer(dataset.get("AcquisitionNumber")),
        echo_number=integer(dataset.get("EchoNumbers")),
        run=integer(vendor.get(0x19, "GEMS_ACQU_01", 0xA2)),
        phase=integer(vendor.get(0x2001, "Philips Imaging DD 001", 0x08)),
        location=number(dataset.get("SliceLocation")),
        b_value=_b_value(dataset, vendor),
        clocks=_clocks(dataset, vendor),
    )


def _b_value(dataset, vendor: PrivateElements) -> float | None:
    found = [
        dataset.get("DiffusionBValue"),
        vendor.get(0x19, "SIEMENS MR HEADER", 0x0C),
        vendor.get(0x2001, "Philips Imaging DD 001", 0x03),
        vendor.get(0x65, "IMAGE PRIVATE HEADER", 0x09),
        vendor.get(0x43, "GEMS_PARM_01", 0x39),
    ]
    values = [number(value) for value in found]
    known = [value for value in values if value is not None]
    # GE adds 10^9 to say that directions follow.
    return known[0] % 1e6 if known else None


def _clocks(dataset, vendor: PrivateElements) -> dict[str, float]:
    """Return every time the header gives, in seconds (see `frame_times`)."""
    trigger = number(dataset.get("TriggerTime"))
    philips = number(vendor.get(0x2005, "Philips MR Imaging DD 001", 0xA0))
    timer = number(vendor.get(0x21, "GEMS_RELA_01", 0x5E))
    clocks = {
        "acquisition": _acquisition(dataset),
        "dynamic": philips,
        "trigger": None if trigger is None else trigger / 1000.0,
        # GE RTIA timer (0021,105E) counts tenths of a millisecond.
        "timer": None if timer is None else timer / 10000.0,
        "content": dated_seconds(dataset.get("ContentDate"), dataset.get("ContentTime")),
    }
    return {name: value for name, value in clocks.items() if value is not None}


def _acquisition(dataset) -> float | None:
    whole = datetime_seconds(dataset.get("AcquisitionDateTime"))
    parts = dated_seconds(dataset.get("AcquisitionDate"), dataset.get("AcquisitionTime"))
    return parts if parts is not None else whole
