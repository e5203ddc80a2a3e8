"""The overlay picture as a DICOM secondary capture, for viewers that open no segmentation."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from DSCBrainSegLib.dicom_seg.source_images import source_images
from DSCBrainSegLib.dicom_seg.write import SERIES_NUMBER_OFFSET, make_uid, require_highdicom
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.quiet import quiet_libraries


def write_overlay_capture(
    path: Path | str, overlay_png: bytes, planes: list[Plane], uid_seed: str | None = None
) -> None:
    """Write the picture into the patient's study.

    Parameters
    ----------
    path : path
    overlay_png : bytes
        From `results.overlay.draw_overlay`.
    planes : list of Plane
        The time point that was segmented.
    uid_seed : str, optional
        See `write.make_dicom_seg`.

    Raises
    ------
    SeriesError, MissingPackageError
        As `write.make_dicom_seg`.
    OSError
        The file cannot be written.
    """
    require_highdicom()
    import highdicom
    from PIL import Image

    import DSCBrainSegLib

    pixels = np.asarray(Image.open(io.BytesIO(overlay_png)).convert("RGB"))
    source = source_images(planes[:1])[0]
    with quiet_libraries():
        capture = highdicom.sc.SCImage(
            pixel_array=pixels,
            photometric_interpretation="RGB",
            bits_allocated=8,
            coordinate_system="PATIENT",
            patient_orientation=("L", "P"),
            study_instance_uid=source.StudyInstanceUID,
            series_instance_uid=make_uid(uid_seed, "overlay series"),
            sop_instance_uid=make_uid(uid_seed, "overlay"),
            series_number=SERIES_NUMBER_OFFSET * 2 + max(0, int(source.get("SeriesNumber") or 0)),
            instance_number=1,
            manufacturer="DSCBrainSeg",
            manufacturer_model_name="DSCBrainSeg",
            software_versions=DSCBrainSegLib.__version__,
            series_description="DSC brain mask, every slice",
            patient_id=source.PatientID,
            patient_name=source.PatientName,
            patient_birth_date=source.PatientBirthDate,
            patient_sex=source.PatientSex,
            accession_number=source.AccessionNumber,
            study_id=source.StudyID,
            study_date=source.StudyDate,
            study_time=source.StudyTime,
            referring_physician_name=source.ReferringPhysicianName,
        )
    if source.get("SpecificCharacterSet"):
        capture.SpecificCharacterSet = source.SpecificCharacterSet
    capture.save_as(path, enforce_file_format=True)
