"""Find DICOM images and read what is needed of their headers, without their pixels."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.planes import integer
from DSCBrainSegLib.series.quiet import quiet_libraries

_TAGS = [
    *("SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality"),
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "ContentDate", "ContentTime"),
    *("Manufacturer", "ManufacturerModelName", "SeriesDescription"),
    *("ProtocolName", "ComplexImageComponent", "ContrastBolusAgent", "ASLContext"),
    *("ScanningSequence", "SequenceName", "PulseSequenceName"),
    *("EchoPulseSequence", "EchoPlanarPulseSequence", "DiffusionBValue"),
    *("SliceThickness", "SpacingBetweenSlices", "RepetitionTime", "EchoTime", "EchoNumbers"),
    *("FlipAngle", "MagneticFieldStrength", "TriggerTime", "SliceLocation"),
    *("StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "FrameOfReferenceUID"),
    *("AcquisitionNumber", "InstanceNumber", "ImagePositionPatient", "ImageOrientationPatient"),
    *("TemporalPositionIdentifier", "NumberOfTemporalPositions", "NumberOfFrames"),
    *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "PixelSpacing"),
    *("BitsAllocated", "RescaleSlope", "RescaleIntercept", "LossyImageCompression"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
]

# Private elements as (group, element in its block); any block number is asked for.
_PRIVATE = [
    *((0x0019, 0x0A), (0x0019, 0x0C), (0x0019, 0x29)),  # Siemens: tiles, b-value, slice times
    *((0x0019, 0x9C), (0x0019, 0x9E)),  # GE: pulse sequence names
    (0x0019, 0xA2),  # GE: raw data run number
    (0x0021, 0x5E),  # GE: RTIA timer
    (0x0029, 0x10),  # Siemens: CSA image header
    *((0x0043, 0x2F), (0x0043, 0x39)),  # GE: magnitude, phase, real, imaginary; b-value
    *((0x0065, 0x09), (0x0065, 0x51)),  # UIH: b-value; slices of a grid
    *((0x2001, 0x03), (0x2001, 0x08)),  # Philips: b-value, phase number
    *((0x2001, 0x13), (0x2001, 0x20)),  # Philips: EPI factor, technique
    (0x2005, 0xA0),  # Philips: dynamic scan begin time
]
_BLOCKS = range(0x10, 0x14)

_PIXEL_HEADER_BYTES = 8  # tag and length of Pixel Data, at least
_DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


@dataclass
class Scan:
    """DICOM files found under a folder.

    Parameters
    ----------
    root : Path
        What was opened: names in messages are relative to it.
    images : list of (Path, pydicom.Dataset)
        Files that hold an image, with the part of their header that is needed.
    damaged : list of (Path, str)
        DICOM images that cannot be used, and why.
    others : list of str
        Names of SOP classes of DICOM objects that are not images.
    ignored : int
        Files that are not DICOM.
    """

    root: Path
    images: list = field(default_factory=list)
    damaged: list = field(default_factory=list)
    others: list = field(default_factory=list)
    ignored: int = 0


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files at or below `paths` in a fixed order, without hidden files and DICOMDIR."""
    found = []
    for path in paths:
        if path.is_file():
            found.append(path)
            continue
        for folder, subfolders, names in os.walk(path, onerror=_unreadable):
            subfolders[:] = sorted(
                name for name in subfolders if not name.startswith(".") and name != "__MACOSX"
            )
            found += [
                Path(folder, name)
                for name in sorted(names)
                if not name.startswith(".") and name.upper() != "DICOMDIR"
            ]
    return found


def scan_files(
    root: Path,
    files: list[Path],
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Scan:
    """Read the headers of all DICOM images among `files`."""
    scan = Scan(root)
    with quiet_libraries():
        tags = _wanted_tags()
        for done, path in enumerate(files):
            if done % 20 == 0:
                check_cancelled(cancelled)
                progress(done, len(files), "Reading headers")
            _scan_file(path, tags, scan)
    progress(len(files), len(files), "Headers read")
    return scan


def looks_like_dicom(path: Path) -> bool:
    """Say whether a file starts as DICOM does, with or without the 128-byte preamble."""
    with open(path, "rb") as file:
        start = file.read(132)
    if start[128:] == b"DICM":
        return True
    # Old exports start right away with group 0008 (or 0002), little endian.
    return start[:2] in (b"\x08\x00", b"\x02\x00") and start[2:4] in (
        b"\x00\x00",
        b"\x01\x00",
        b"\x05\x00",
        b"\x08\x00",
    )


def _scan_file(path: Path, tags: list, scan: Scan) -> None:
    import pydicom

    try:
        if not looks_like_dicom(path):
            scan.ignored += 1
            return
        with open(path, "rb") as file:
            dataset = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags, force=True)
            rest = os.path.getsize(path) - file.tell()
        _convert(dataset)
        meta = getattr(dataset, "file_meta", {})
        if meta.get("MediaStorageSOPClassUID") == _DICOMDIR_CLASS:
            return
        if not _is_image(dataset, meta):
            _scan_non_image(path, dataset, meta, scan)
            return
        fault = _fault(dataset, meta, rest)
    except OSError as error:
        scan.damaged.append((path, f"cannot be opened ({error.strerror or error})"))
    except Exception:
        scan.damaged.append((path, "has a damaged header"))
    else:
        if fault:
            scan.damaged.append((path, fault))
        else:
            scan.images.append((path, dataset))


def _convert(dataset) -> None:
    """Convert all values, which pydicom leaves until they are asked for; drop what cannot be read.

    What then lacks a place or a size is refused later, by name.
    """
    for tag in list(dataset.keys()):
        try:
            dataset[tag]
        except Exception:
            del dataset[tag]


def _class_name(dataset, meta) -> str:
    """Return the name of the SOP class, such as "MR Image Storage", or "" if it is not given."""
    from pydicom.uid import UID

    return UID(str(dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")).name


def _is_image(dataset, meta) -> bool:
    # Spectroscopy and segmentation objects have rows and columns too.
    name = _class_name(dataset, meta)
    other = name.endswith("Storage") and "Image" not in name
    return bool(dataset.get("Rows") and dataset.get("Columns")) and not other


def _scan_non_image(path: Path, dataset, meta, scan: Scan) -> None:
    name = _class_name(dataset, meta)
    if "Image" in name or not name:
        scan.damaged.append((path, "is cut short in its header"))
    else:
        scan.others.append(name)


def _fault(dataset, meta, rest: int) -> str | None:
    """Return why an image cannot be used although its header can be read; None if it can.

    `rest` is the number of bytes behind the header, pixel data with its tag and length.
    """
    colour = "COLOR" in str(dataset.get("PhotometricInterpretation") or "").upper()
    if colour or integer(dataset.get("SamplesPerPixel")) not in (None, 1):
        return "is a colour image, not a scan"
    syntax = meta.get("TransferSyntaxUID")
    if syntax is not None and syntax.is_deflated:
        return None
    if rest < _PIXEL_HEADER_BYTES:
        return "has no pixel data"
    bits = integer(dataset.get("BitsAllocated"))
    if bits and (syntax is None or not syntax.is_compressed):
        pixels = dataset.Rows * dataset.Columns * (integer(dataset.get("NumberOfFrames")) or 1)
        if rest < pixels * bits // 8 + _PIXEL_HEADER_BYTES:
            return "is cut short"
    return None


def _wanted_tags() -> list:
    from pydicom.tag import Tag

    tags: list = list(_TAGS)
    for group, element in _PRIVATE:
        tags += [(group << 16) + block for block in _BLOCKS]
        tags += [(group << 16) + (block << 8) + element for block in _BLOCKS]
    return [Tag(tag) for tag in tags]


def _unreadable(error: OSError) -> None:
    raise SeriesError(
        f"The folder {error.filename} cannot be opened: {error.strerror}; check its permissions."
    )
