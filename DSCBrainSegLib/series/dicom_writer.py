"""Write a series as classic DICOM: one MR Image Storage file for each slice and time point."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from DSCBrainSegLib.series.geometry import slice_normal
from DSCBrainSegLib.series.types import DSCSeries

_START = datetime(2000, 1, 1, 12, 0, 0)  # of a scan that no one had
_LARGEST = 65535


def write_dicom_series(
    series: DSCSeries,
    folder: Path | str,
    *,
    description: str = "DSC perfusion phantom",
    series_number: int = 1,
    flip_angle: float = 90.0,
    field_strength: float = 3.0,
    uid_seed: str | None = None,
) -> list[Path]:
    """Write `series` into `folder` as slices of an anonymous patient "PHANTOM".

    Intensities are stored as unsigned 16-bit integers, unchanged if they are whole numbers in
    that range and through a rescale slope otherwise.

    Parameters
    ----------
    series : DSCSeries
        With an affine whose slice axis is perpendicular to the slices (DICOM knows no shear).
    folder : Path
        Made if it does not exist. Files are called IM00001.dcm and on, time after time.
    description : str
        Series Description.
    series_number : int
        Series Number.
    flip_angle : float
        In degrees, used where ``series.header`` has no ``flip_angle_deg``.
    field_strength : float
        In tesla, used where ``series.header`` has no ``field_strength_t``.
    uid_seed : str, optional
        Makes the UIDs the same in every run; random by default.

    Returns
    -------
    list of Path
        The files, time after time in order of slice.

    Raises
    ------
    OSError
        A file cannot be written.
    ValueError
        The affine is sheared.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stored, slope, intercept = _stored_values(series.frames)
    uids = _UidMaker(uid_seed)
    template = _template(series, uids, description, series_number)
    template.FlipAngle = float(series.header.get("flip_angle_deg") or flip_angle)
    template.MagneticFieldStrength = float(series.header.get("field_strength_t") or field_strength)
    if (slope, intercept) != (1.0, 0.0):
        template.RescaleSlope = _decimal(slope)
        template.RescaleIntercept = _decimal(intercept)
        template.RescaleType = "US"
    normal = slice_normal(_orientation(series.affine))
    written = []
    for time, frame in enumerate(stored):
        template.TemporalPositionIdentifier = time + 1
        template.AcquisitionNumber = time + 1
        clock = (_START + timedelta(seconds=float(series.times[time]))).strftime("%H%M%S.%f")
        template.AcquisitionTime = template.ContentTime = clock
        template.TriggerTime = _decimal(series.times[time] * 1000.0)
        for k, image in enumerate(frame):
            position = series.affine[:3] @ [0.0, 0.0, k, 1.0]
            template.ImagePositionPatient = [_decimal(value) for value in position]
            template.SliceLocation = _decimal(position @ normal)
            template.InstanceNumber = time * len(frame) + k + 1
            template.SOPInstanceUID = uids.make("instance", time, k)
            template.file_meta.MediaStorageSOPInstanceUID = template.SOPInstanceUID
            template.PixelData = image.tobytes()
            path = folder / f"IM{template.InstanceNumber:05d}.dcm"
            template.save_as(path, enforce_file_format=True)
            written.append(path)
    return written


class _UidMaker:
    """UIDs of one series, random or from a seed."""

    def __init__(self, seed: str | None):
        self._seed = seed

    def make(self, *parts) -> str:
        from pydicom.uid import generate_uid

        if self._seed is None:
            return generate_uid()
        # pydicom joins its sources without a separator: (1, 12) and (11, 2) would be the same.
        return generate_uid(entropy_srcs=["|".join(map(str, (self._seed, *parts)))])


def _template(series: DSCSeries, uids: _UidMaker, description: str, series_number: int):
    """Return the dataset that all files of the series share."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "PERFUSION"]
    dataset.SOPClassUID = MRImageStorage
    day, clock = _START.strftime("%Y%m%d"), _START.strftime("%H%M%S.%f")
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.SeriesTime = clock
    dataset.AccessionNumber = ""
    dataset.Modality = "MR"
    dataset.Manufacturer = "DSCBrainSeg"
    dataset.ManufacturerModelName = "phantom"
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "DSCBrainSeg phantom"
    dataset.SeriesDescription = dataset.ProtocolName = description[:64]
    dataset.PatientName = dataset.PatientID = "PHANTOM"
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.PatientPosition = "HFS"
    dataset.BodyPartExamined = "HEAD"
    dataset.ScanningSequence = ["EP", "GR"]
    dataset.SequenceVariant = "NONE"
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.SequenceName = "epfid2d"
    dataset.StudyInstanceUID = uids.make("study")
    dataset.SeriesInstanceUID = uids.make("series", series_number)
    dataset.FrameOfReferenceUID = uids.make("frame of reference")
    dataset.PositionReferenceIndicator = dataset.StudyID = ""
    dataset.SeriesNumber = series_number
    dataset.NumberOfTemporalPositions = len(series.frames)
    dataset.EchoTime = "" if series.echo_time is None else _decimal(series.echo_time * 1000.0)
    dataset.RepetitionTime = (
        "" if series.repetition_time is None else _decimal(series.repetition_time * 1000.0)
    )
    dataset.EchoTrainLength = 1
    _, rows, columns = series.volume_shape
    thickness, row_spacing, column_spacing = series.spacing
    dataset.ImageOrientationPatient = [_decimal(value) for value in _orientation(series.affine)]
    dataset.PixelSpacing = [_decimal(row_spacing), _decimal(column_spacing)]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = _decimal(thickness)
    dataset.Rows, dataset.Columns = rows, columns
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    return dataset


def _orientation(affine: np.ndarray) -> np.ndarray:
    """Return the six direction cosines of an affine that is not sheared."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    if np.abs(directions.T @ directions - np.eye(3)).max() > 1e-3:
        raise ValueError("DICOM cannot store a sheared affine")
    return directions[:, :2].T.ravel()


def _stored_values(frames: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Return frames as uint16 with the slope and intercept that restore them."""
    low, high = float(frames.min()), float(frames.max())
    if not np.isfinite([low, high]).all():
        raise ValueError("frames must be finite")
    if low >= 0 and high <= _LARGEST and np.array_equal(frames, np.rint(frames)):
        return frames.astype("<u2"), 1.0, 0.0
    intercept = min(low, 0.0)
    slope = float(_decimal((high - intercept) / _LARGEST)) or 1.0
    intercept = float(_decimal(intercept))
    stored = np.clip(np.rint((frames - intercept) / slope), 0, _LARGEST)
    return stored.astype("<u2"), slope, intercept


def _decimal(value) -> str:
    """Return a number as a DICOM decimal string, which has 16 characters at most."""
    value = float(value)
    for digits in range(16, 4, -1):
        shown = f"{value:.{digits}g}"
        if len(shown) <= 16:
            return shown
    return f"{value:.4e}"
