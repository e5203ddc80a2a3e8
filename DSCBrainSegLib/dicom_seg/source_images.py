"""The images that a DICOM SEG refers to, slice by slice.

A SEG of a dynamic series must refer to the one time point that was segmented: with every time point
each position occurs many times, and viewers and libraries refuse it ("positions not unique"). Each
slice is therefore handed on as a single image, also where it is a tile of a mosaic or a frame of a
multi-frame file; which frame it was is put into the reference afterwards (`write`).
"""

from __future__ import annotations

import copy
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.quiet import quiet_libraries

_SEXES = ("M", "F", "O", "")
_REQUIRED = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("AccessionNumber", "StudyID", "StudyDate", "StudyTime", "ReferringPhysicianName"),
)
"""Attributes of every SEG that may be empty but not absent."""


def source_images(planes: list[Plane]) -> list:
    """Return one dataset without pixels for each slice of a time point.

    Parameters
    ----------
    planes : list of Plane
        One time point, in order of slice.

    Returns
    -------
    list of pydicom.Dataset
        Patient and study as in the first file; position, orientation and size of each plane.

    Raises
    ------
    SeriesError
        The file is gone, or lacks the study or series it belongs to.
    """
    shared = _shared(_read_header(planes[0].path), planes[0])
    return [_slice(shared, plane) for plane in planes]


def frame_of_reference(header) -> str:
    """Return the UID of the space the images lie in.

    Where an anonymiser took it away, one is derived from the series, so that all masks of a series
    lie in the same space.
    """
    from pydicom.uid import generate_uid

    given = str(header.get("FrameOfReferenceUID") or "")
    series = str(header.SeriesInstanceUID)
    return given or generate_uid(entropy_srcs=[series, "frame of reference"])


def _read_header(path: Path):
    import pydicom

    try:
        with quiet_libraries():
            header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
            header.remove_private_tags()
            header.decode()
    except OSError as error:
        raise SeriesError(
            f"The DICOM files of the series in {path.parent} cannot be read again "
            f"({error.strerror or error}); a DICOM SEG refers to them."
        ) from error
    missing = [
        name
        for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
        if not header.get(name)
    ]
    if missing:
        raise SeriesError(
            f"The DICOM files of the series in {path.parent} lack {', '.join(missing)}, to which a "
            "DICOM SEG refers; export the series again, or write the mask as NIfTI or NRRD."
        )
    return header


def _shared(header, first: Plane):
    """Return what all slices have in common: patient, study, orientation and size."""
    from pydicom.dataset import Dataset
    from pydicom.uid import MRImageStorage
    from pydicom.valuerep import format_number_as_ds

    image = Dataset()
    for element in header:
        # The library takes from here what belongs to patient and study.
        if element.VR != "SQ" or element.tag.group in (0x0010, 0x0012):
            image.add(element)
    for name in _REQUIRED:
        if name not in image or image[name].value is None:
            setattr(image, name, "")
    if str(image.PatientSex) not in _SEXES:
        image.PatientSex = ""
    for keyword in ("NumberOfFrames", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if keyword in image:
            delattr(image, keyword)
    image.SOPClassUID = MRImageStorage  # one slice; the reference gets the file's own class
    image.Modality = "MR"
    image.FrameOfReferenceUID = frame_of_reference(header)
    image.PositionReferenceIndicator = str(header.get("PositionReferenceIndicator") or "")
    image.Rows, image.Columns = first.rows, first.columns
    # Scanners round it differently from slice to slice; a volume has one orientation.
    image.ImageOrientationPatient = _decimals(first.orientation)
    image.PixelSpacing = _decimals(first.spacing)
    image.SliceThickness = format_number_as_ds(float(first.thickness or first.slice_spacing or 1.0))
    return image


def _slice(shared, plane: Plane):
    image = copy.deepcopy(shared)
    image.SOPInstanceUID = plane.sop_uid
    image.ImagePositionPatient = _decimals(plane.position)
    return image


def _decimals(values) -> list[str]:
    from pydicom.valuerep import format_number_as_ds

    return [format_number_as_ds(float(value)) for value in values]
