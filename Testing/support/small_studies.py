"""Small DICOM studies for a node: DSC series, others, and broken ones."""

from __future__ import annotations

from pathlib import Path

import dicom_factory
import numpy as np
import pydicom
from pydicom.uid import generate_uid

from DSCBrainSegLib.series import DSCSeries, write_dicom_series

FRAMES, SLICES, MATRIX = 12, 5, 32


def make_head() -> DSCSeries:
    """Return a bright ellipsoid in noise whose signal falls for a moment, as at a bolus."""
    shape = (SLICES, MATRIX, MATRIX)
    grids = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    inside = sum(grid**2 for grid in grids) < 0.75
    fall = 1 - 0.5 * np.exp(-((np.arange(FRAMES) - 7) ** 2) / 2)
    noise = np.random.default_rng(0).normal(0, 12, (FRAMES, *shape))
    frames = np.clip(np.where(inside, 800 * fall[:, None, None, None], 30) + noise, 0, None)
    affine = np.diag([5.0, 5.0, 6.0, 1.0])
    affine[:3, 3] = -80, -80, -12
    return DSCSeries(
        np.rint(frames), 1.5 * np.arange(FRAMES), affine, echo_time=0.03, repetition_time=1.5
    )


def write_dsc(folder: Path, series, name: str) -> str:
    """Write a series as a study of a patient of that name; return its Study Instance UID."""
    written = write_dicom_series(series, folder, uid_seed=name)
    return _rename(written, name)


def write_other(folder: Path, name: str) -> str:
    """Write a T1-weighted series, which is no DSC series; return its Study Instance UID."""
    frames = np.random.default_rng(1).integers(1, 900, (1, 12, 32, 32), dtype=np.uint16)
    paths = dicom_factory.write_classic(
        folder,
        frames,
        dicom_factory.make_affine(),
        echo_time_ms=4.0,
        ScanningSequence="SE",
        SequenceName="se2d1",
        SeriesDescription="t1 SECRET",
        SeriesInstanceUID=generate_uid(),
    )
    study = generate_uid()
    for number, path in enumerate(path for row in paths for path in row):
        dataset = pydicom.dcmread(path)
        dataset.StudyInstanceUID = study
        dataset.save_as(folder / f"{number:05d}.dcm")
        path.unlink()
    return _rename(sorted(folder.glob("*.dcm")), name)


def write_broken(folder: Path, series, name: str) -> str:
    """Write a DSC series whose images lost their pixels' ends; return its Study Instance UID."""
    written = write_dicom_series(series, folder, uid_seed=name)
    study = _rename(written, name)
    for path in written:
        dataset = pydicom.dcmread(path)
        dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 4]
        dataset.save_as(path)
    return study


def _rename(paths: list[Path], name: str) -> str:
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.PatientName, dataset.PatientID = f"SECRET^{name}", f"SECRET{name}"
        dataset.save_as(path)
    return str(dataset.StudyInstanceUID)
