"""Make small DICOM series of every encoding, for tests. Nothing here uses the library under test.

Volumes are arrays (T, K, J, I) on an affine from (i, j, k) to LPS+ in mm, as in `DSCSeries`.
"""

from __future__ import annotations

import math
import random
import struct
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    EnhancedMRImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    generate_uid,
)

# Row and column directions as scanners write them, LPS+.
ORIENTATIONS = {
    "axial": ([1, 0, 0], [0, 1, 0]),
    "coronal": ([1, 0, 0], [0, 0, -1]),
    "sagittal": ([0, 1, 0], [0, 0, -1]),
    "oblique": ([0.98, 0.12, 0.15], [-0.16, 0.94, 0.3]),
}
SPACING_MM = (1.75, 1.5, 5.0)  # between columns, rows, slices
ORIGIN_MM = (-101.5, -87.25, -33.0)


def make_affine(orientation: str = "axial") -> np.ndarray:
    """Return the right-handed affine of a stack of the named orientation."""
    row, column = (np.array(item, dtype=float) for item in ORIENTATIONS[orientation])
    row /= np.linalg.norm(row)
    column -= row * (row @ column)
    column /= np.linalg.norm(column)
    affine = np.eye(4)
    affine[:3, 0] = row * SPACING_MM[0]
    affine[:3, 1] = column * SPACING_MM[1]
    affine[:3, 2] = np.cross(row, column) * SPACING_MM[2]
    affine[:3, 3] = ORIGIN_MM
    return affine


def make_frames(shape=(5, 4, 12, 10), seed: int = 0) -> np.ndarray:
    """Return frames in which every voxel is different from its neighbours in space and time."""
    return np.random.default_rng(seed).integers(1, 4000, size=shape, dtype=np.uint16)


def write_classic(
    folder: Path,
    frames: np.ndarray,
    affine: np.ndarray,
    *,
    vendor: str = "siemens",
    repetition_time: float = 1.5,
    echo_time_ms: float = 30.0,
    slope: float | None = None,
    shuffle_names: bool = True,
    prefix: str = "im",
    edit=None,
    **attributes,
) -> list[list[Path]]:
    """Write one file for each slice and time point; return the paths as [t][k].

    `vendor` sets how time is told: "siemens" (acquisition number and a time for each slice), "ge"
    (one time for all, temporal position, trigger time for each slice), "philips" (temporal
    position, one time for each time point, instances slice by slice), "canon" (temporal position
    and content time), "instance" (nothing but the instance number, volume by volume).

    ``edit(dataset, t, k)`` may change a header before it is written, or return False to leave the
    file out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count, slices = frames.shape[:2]
    names = list(range(count * slices))
    if shuffle_names:
        random.Random(1).shuffle(names)
    series_uid = attributes.pop("SeriesInstanceUID", generate_uid())
    study_uid, frame_uid = generate_uid(), generate_uid()
    paths: list[list[Path]] = []
    for t in range(count):
        paths.append([])
        for k in range(slices):
            dataset = _dataset(MRImageStorage)
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
            dataset.Manufacturer = vendor.upper()
            dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
            dataset.FrameOfReferenceUID = frame_uid
            dataset.ScanningSequence = ["EP", "GR"]
            dataset.SequenceName = "epfid2d1_64"
            dataset.EchoTime = echo_time_ms
            dataset.RepetitionTime = repetition_time * 1000
            dataset.InstanceNumber = t * slices + k + 1
            _place(dataset, affine, k)
            _tell_time(dataset, vendor, t, k, frames.shape, repetition_time)
            if slope is not None:
                dataset.RescaleSlope, dataset.RescaleIntercept = slope, 0
            _set_pixels(dataset, frames[t, k])
            for name, value in attributes.items():
                setattr(dataset, name, value)
            if edit is not None and edit(dataset, t, k) is False:
                continue
            path = folder / f"{prefix}{names[t * slices + k]:04d}"
            _save(dataset, path)
            paths[-1].append(path)
    return paths


def write_mosaic(
    folder: Path,
    frames: np.ndarray,
    affine: np.ndarray,
    *,
    csa_version: int = 2,
    reverse_normal: bool = False,
    private_block: int = 0x10,
    repetition_time: float = 1.5,
    edit=None,
) -> list[Path]:
    """Write one Siemens mosaic for each time point; return the paths.

    `reverse_normal` lays the tiles from the last slice to the first, with the CSA normal turned
    round, as Siemens does for sagittal stacks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count, slices, rows, columns = frames.shape
    across = math.ceil(math.sqrt(slices))
    order = list(range(slices))[::-1] if reverse_normal else list(range(slices))
    normal = affine[:3, 2] / np.linalg.norm(affine[:3, 2]) * (-1 if reverse_normal else 1)
    corner = affine[:3] @ [0, 0, order[0], 1]
    # The mosaic is placed as one big slice around the centre of the first tile.
    whole = corner - affine[:3, 0] * (across - 1) * columns / 2
    whole = whole - affine[:3, 1] * (across - 1) * rows / 2
    series_uid, study_uid = generate_uid(), generate_uid()
    paths = []
    for t in range(count):
        image = np.zeros((across * rows, across * columns), dtype=np.uint16)
        for tile, k in enumerate(order):
            row, column = tile // across * rows, tile % across * columns
            image[row : row + rows, column : column + columns] = frames[t, k]
        dataset = _dataset(MRImageStorage)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
        dataset.Manufacturer = "SIEMENS"
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
        dataset.ScanningSequence = "EP"
        dataset.SequenceName = "*epfid2d1_64"
        dataset.EchoTime, dataset.RepetitionTime = 30, repetition_time * 1000
        dataset.InstanceNumber = dataset.AcquisitionNumber = t + 1
        dataset.AcquisitionTime = clock(3600 + t * repetition_time)
        dataset.ContentTime = clock(7200 + t * 0.003)  # reconstruction
        _place(dataset, affine, 0)
        dataset.ImagePositionPatient = [f"{value:.10g}" for value in whole]
        times = [1000.0 * repetition_time * k / slices for k in range(slices)]
        csa = make_csa_header(
            {
                "NumberOfImagesInMosaic": [str(slices)],
                "SliceNormalVector": [f"{value:.8f}" for value in normal],
                "MosaicRefAcqTimes": [f"{times[k]:.8f}" for k in order],
                "EchoLinePosition": ["32"],
            },
            csa_version,
        )
        block = private_block
        dataset.add_new((0x0029, block), "LO", "SIEMENS CSA HEADER")
        dataset.add_new((0x0029, block * 0x100 + 0x10), "OB", csa)
        _set_pixels(dataset, image)
        if edit is not None:
            edit(dataset, t)
        path = folder / f"MR{count - t:03d}.ima"
        _save(dataset, path)
        paths.append(path)
    return paths


def make_csa_header(tags: dict[str, list[str]], version: int = 2) -> bytes:
    """Return a Siemens CSA header of version 1 or 2 with text items."""
    parts = [b"SV10\x04\x03\x02\x01"] if version == 2 else []
    parts.append(struct.pack("<2I", len(tags), 77))
    first_count = None
    for name, items in tags.items():
        stored = [*items, *[""] * (6 - len(items))]  # Siemens pads with empty items
        first_count = len(stored) if first_count is None else first_count
        vr = b"FD\x00\x00"
        parts.append(name.encode().ljust(64, b"\x00") + struct.pack("<i", len(items)) + vr)
        parts.append(struct.pack("<3i", 5, len(stored), 77))
        for item in stored:
            text = item.encode() + b"\x00" if item else b""
            sizes = (len(text),) * 2 if version == 2 else (len(text) + first_count, len(text))
            parts.append(struct.pack("<4i", *sizes, 77, len(text)))
            parts.append(text.ljust((len(text) + 3) // 4 * 4, b"\x00"))
    data = b"".join(parts)
    return data + b"\x00" * (len(data) % 2)


def write_uih_grid(
    folder: Path, frames: np.ndarray, affine: np.ndarray, repetition_time: float = 1.5
) -> list[Path]:
    """Write one United Imaging grid for each time point, without ImagePositionPatient."""
    folder.mkdir(parents=True, exist_ok=True)
    count, slices, rows, columns = frames.shape
    across = math.ceil(math.sqrt(slices))
    down = math.ceil(slices / across)
    series_uid = generate_uid()
    paths = []
    for t in range(count):
        image = np.zeros((down * rows, across * columns), dtype=np.uint16)
        items = []
        for k in range(slices):
            row, column = k // across * rows, k % across * columns
            image[row : row + rows, column : column + columns] = frames[t, k]
            item = Dataset()
            item.ImagePositionPatient = [f"{v:.9g}" for v in affine[:3] @ [0, 0, k, 1]]
            seconds = 3600 + t * repetition_time + k * repetition_time / slices
            item.AcquisitionDateTime = "20240102" + clock(seconds)
            items.append(item)
        dataset = _dataset(MRImageStorage)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "VFRAME"]
        dataset.Manufacturer = "UIH"
        dataset.SeriesInstanceUID = series_uid
        dataset.ScanningSequence, dataset.SequenceName = "EP", "epi_fid"
        dataset.EchoTime, dataset.RepetitionTime = 30, repetition_time * 1000
        dataset.InstanceNumber = t + 1
        _place(dataset, affine, 0)
        del dataset.ImagePositionPatient
        dataset.add_new((0x0065, 0x0010), "LO", "Image Private Header")
        dataset.add_new((0x0065, 0x1050), "DS", str(slices))
        dataset.add_new((0x0065, 0x1051), "SQ", items)
        _set_pixels(dataset, image)
        path = folder / f"{t:08d}.dcm"
        _save(dataset, path)
        paths.append(path)
    return paths


def write_enhanced(
    folder: Path,
    frames: np.ndarray,
    affine: np.ndarray,
    *,
    one_file: bool = True,
    time_first: bool = False,
    repetition_time: float = 1.5,
    slopes=None,
    temporal_index: bool = True,
    edit=None,
) -> list[Path]:
    """Write enhanced multi-frame MR: one file for all time points or one for each.

    `time_first` orders the frames of one file slice by slice, each through all times. `slopes`
    (T, K) gives each frame its own rescale slope. Without `temporal_index` only the frames'
    acquisition times tell which time point they belong to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count, slices = frames.shape[:2]
    every = [(t, k) for t in range(count) for k in range(slices)]
    if time_first:
        every = [(t, k) for k in range(slices) for t in range(count)]
    files = [every] if one_file else [[(t, k) for k in range(slices)] for t in range(count)]
    series_uid = generate_uid()
    paths = []
    for number, members in enumerate(files):
        dataset = _dataset(EnhancedMRImageStorage)
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "PERFUSION", "NONE"]
        dataset.Manufacturer = "Philips"
        dataset.SeriesInstanceUID = series_uid
        dataset.InstanceNumber = number + 1
        dataset.PulseSequenceName = "FEEPI"
        dataset.EchoPulseSequence, dataset.EchoPlanarPulseSequence = "GRADIENT", "YES"
        dataset.NumberOfTemporalPositions = count
        dataset.NumberOfFrames = len(members)
        shared = Dataset()
        timing = Dataset()
        timing.RepetitionTime, timing.FlipAngle = repetition_time * 1000, 75
        shared.MRTimingAndRelatedParametersSequence = [timing]
        orientation = Dataset()
        orientation.ImageOrientationPatient = _cosines(affine)
        shared.PlaneOrientationSequence = [orientation]
        dataset.SharedFunctionalGroupsSequence = [shared]
        dataset.PerFrameFunctionalGroupsSequence = [
            _frame_groups(affine, t, k, repetition_time, slopes, temporal_index) for t, k in members
        ]
        _set_pixels(dataset, np.stack([frames[t, k] for t, k in members]))
        if edit is not None:
            edit(dataset)
        path = folder / f"enhanced{len(files) - number:03d}.dcm"
        _save(dataset, path)
        paths.append(path)
    return paths


def clock(seconds: float) -> str:
    """Return seconds after midnight as a DICOM time."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours % 24:02d}{minutes:02d}{seconds:09.6f}"


def _frame_groups(affine, t, k, repetition_time, slopes, temporal_index) -> Dataset:
    groups = Dataset()
    content = Dataset()
    content.StackID, content.InStackPositionNumber = "1", k + 1
    if temporal_index:
        content.TemporalPositionIndex = t + 1
    content.FrameAcquisitionDateTime = "20240102" + clock(3600 + t * repetition_time)
    groups.FrameContentSequence = [content]
    position = Dataset()
    position.ImagePositionPatient = [f"{value:.9g}" for value in affine[:3] @ [0, 0, k, 1]]
    groups.PlanePositionSequence = [position]
    measures = Dataset()
    measures.PixelSpacing = [SPACING_MM[1], SPACING_MM[0]]
    measures.SliceThickness = measures.SpacingBetweenSlices = SPACING_MM[2]
    groups.PixelMeasuresSequence = [measures]
    echo = Dataset()
    echo.EffectiveEchoTime = 30.0
    groups.MREchoSequence = [echo]
    if slopes is not None:
        scaling = Dataset()
        scaling.RescaleSlope, scaling.RescaleIntercept = float(slopes[t][k]), 0
        scaling.RescaleType = "US"
        groups.PixelValueTransformationSequence = [scaling]
    return groups


def _dataset(sop_class: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = generate_uid()
    dataset.Modality = "MR"
    dataset.SeriesDescription = "ep2d_perf"
    dataset.SeriesNumber = 7
    dataset.PatientName, dataset.PatientID = "SECRET^NAME", "SECRETID"
    dataset.PatientBirthDate = "19700102"
    return dataset


def _place(dataset: Dataset, affine: np.ndarray, k: int) -> None:
    dataset.ImageOrientationPatient = _cosines(affine)
    dataset.ImagePositionPatient = [f"{value:.9g}" for value in affine[:3] @ [0, 0, k, 1]]
    dataset.PixelSpacing = [SPACING_MM[1], SPACING_MM[0]]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = SPACING_MM[2]


def _cosines(affine: np.ndarray) -> list[str]:
    directions = affine[:3, :2] / np.linalg.norm(affine[:3, :2], axis=0)
    return [f"{value:.10g}" for value in directions.T.ravel()]


def _tell_time(dataset, vendor, t, k, shape, repetition_time) -> None:
    count, slices = shape[:2]
    seconds = 3600.0 + t * repetition_time
    within = (k * 7 % slices) * repetition_time / slices  # slices are not taken in order
    if vendor == "siemens":
        dataset.AcquisitionNumber = t + 1
        dataset.AcquisitionTime = clock(seconds + within)
        dataset.ContentTime = clock(9000 + 0.003 * dataset.InstanceNumber)
    elif vendor == "ge":
        dataset.AcquisitionTime = dataset.ContentTime = "010000"
        dataset.AcquisitionNumber = 1
        dataset.TemporalPositionIdentifier = t + 1
        dataset.NumberOfTemporalPositions = count
        dataset.TriggerTime = round(1000 * (t * repetition_time + within), 3)
    elif vendor == "philips":
        dataset.InstanceNumber = k * count + t + 1
        dataset.AcquisitionNumber = 12
        dataset.TemporalPositionIdentifier = t + 1
        dataset.NumberOfTemporalPositions = count
        dataset.AcquisitionTime = dataset.ContentTime = clock(seconds)
    elif vendor == "canon":
        dataset.TemporalPositionIdentifier = t + 1
        dataset.ContentTime = clock(seconds)


def _set_pixels(dataset: Dataset, image: np.ndarray) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = image.shape[-2:]
    dataset.BitsAllocated = 16
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.PixelRepresentation = 0
    data = np.ascontiguousarray(image, dtype="<u2").tobytes()
    dataset.PixelData = data + b"\x00" * (len(data) % 2)
    dataset["PixelData"].VR = "OW"


def _save(dataset: Dataset, path: Path) -> None:
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.save_as(path, enforce_file_format=True)
