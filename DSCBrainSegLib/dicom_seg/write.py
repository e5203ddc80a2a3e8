"""Write a mask as a DICOM SEG beside the images it was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.dicom_seg.origin import ALGORITHM_TYPES, MaskOrigin
from DSCBrainSegLib.dicom_seg.source_images import source_images
from DSCBrainSegLib.errors import ConfigurationError, MissingPackageError, SeriesError
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.quiet import quiet_libraries

FORMATS = ("dcm-seg", "dcm-labelmap")
"""Binary segmentation, which every viewer reads, and the newer label map segmentation."""

SERIES_NUMBER_OFFSET = 1000
"""The SEG's series stands behind the scanner's in a list: series 7 gives 1007."""


def require_highdicom() -> None:
    """Raise `MissingPackageError` if highdicom is not installed."""
    try:
        import highdicom  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            'DICOM SEG needs highdicom; install it with: pip install "DSCBrainSegLib[dicom-seg]".'
        ) from error


def write_dicom_seg(
    path: Path | str,
    mask: np.ndarray,
    planes: list[Plane],
    origin: MaskOrigin,
    *,
    labelmap: bool = False,
    uid_seed: str | None = None,
) -> None:
    """Write a mask of one time point as a DICOM SEG file; parameters as in `make_dicom_seg`.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    segmentation = make_dicom_seg(mask, planes, origin, labelmap=labelmap, uid_seed=uid_seed)
    segmentation.save_as(path, enforce_file_format=True)


def make_dicom_seg(
    mask: np.ndarray,
    planes: list[Plane],
    origin: MaskOrigin,
    *,
    labelmap: bool = False,
    uid_seed: str | None = None,
):
    """Return a mask of one time point as a DICOM SEG.

    It belongs to the patient and study of the images, refers to the images of this time point
    alone, and names the brain by its SNOMED CT code.

    Parameters
    ----------
    mask : ndarray of bool, shape (K, J, I)
        Brain on the series' own voxels.
    planes : list of Plane
        The K slices of the time point (`DSCSeries.planes`).
    origin : MaskOrigin
        Who or what made the mask.
    labelmap : bool
        Label Map Segmentation (Supplement 243) instead of a binary one.
    uid_seed : str, optional
        Makes series and instance UID the same for the same seed, so that an archive that gets the
        object twice keeps it once; random by default.

    Returns
    -------
    highdicom.seg.Segmentation

    Raises
    ------
    ConfigurationError
        The series is not DICOM, or the mask has another shape.
    SeriesError
        The DICOM files are gone, or lack what a SEG refers to.
    MissingPackageError
        highdicom is not installed.
    """
    mask = _checked(mask, planes)
    require_highdicom()
    from highdicom.seg import Segmentation

    import DSCBrainSegLib

    images = source_images(planes)
    first = images[0]
    try:
        with quiet_libraries():
            segmentation = Segmentation(
                source_images=images,
                pixel_array=mask.astype(np.uint8),
                segmentation_type="LABELMAP" if labelmap else "BINARY",
                segment_descriptions=[_describe(first, origin)],
                series_instance_uid=make_uid(uid_seed, "series"),
                series_number=SERIES_NUMBER_OFFSET + max(0, int(first.get("SeriesNumber") or 0)),
                sop_instance_uid=make_uid(uid_seed, "instance"),
                instance_number=1,
                manufacturer="DSCBrainSeg",
                manufacturer_model_name="DSCBrainSeg",
                software_versions=DSCBrainSegLib.__version__,
                device_serial_number="none",
                content_label="BRAIN",
                content_description=origin.content_description,
                series_description=origin.series_description,
                content_creator_name=origin.creator or None,
                specific_character_set=None,  # it refuses several at once; set below
            )
    except (ValueError, TypeError, AttributeError) as error:
        raise SeriesError(
            f"A DICOM SEG of the series in {planes[0].path.parent} cannot be made ({error}); write "
            "the mask as NIfTI or NRRD."
        ) from error
    # highdicom names the scanner, its station and hospital here.
    if "ContributingEquipmentSequence" in segmentation:
        del segmentation.ContributingEquipmentSequence
    characters = first.get("SpecificCharacterSet")
    if not origin.creator.isascii():
        characters = "ISO_IR 192"
    if characters:
        segmentation.SpecificCharacterSet = characters
    _refer_to_files(segmentation, planes)
    return segmentation


def _checked(mask: np.ndarray, planes: list[Plane]) -> np.ndarray:
    if not planes:
        raise ConfigurationError(
            "A DICOM SEG refers to DICOM images, and the series is not DICOM; write the mask as "
            "nii.gz or nrrd."
        )
    mask = np.asarray(mask) != 0
    shape = (len(planes), planes[0].rows, planes[0].columns)
    if mask.shape != shape:
        raise ConfigurationError(
            f"The mask has {mask.shape} voxels (slices, rows, columns) and the series {shape}; "
            "give a mask on the grid of the series."
        )
    return mask


def _describe(image, origin: MaskOrigin):
    from highdicom.seg import SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    # The same brain, whoever outlines it again: the series' UID makes the tracking UID.
    tracking = generate_uid(entropy_srcs=[str(image.SeriesInstanceUID), "brain"])
    return SegmentDescription(
        segment_number=1,
        segment_label="Brain",
        segmented_property_category=codes.SCT.AnatomicalStructure,
        segmented_property_type=codes.SCT.Brain,
        algorithm_type=ALGORITHM_TYPES[origin.kind],
        algorithm_identification=origin.algorithm(),
        tracking_uid=tracking,
        tracking_id="Brain",
    )


def make_uid(seed: str | None, part: str) -> str:
    """Return the UID that belongs to a part of an object of that seed; a random one for None."""
    from pydicom.uid import generate_uid

    return generate_uid(entropy_srcs=[f"{seed}|{part}"] if seed else None)


def _refer_to_files(segmentation, planes: list[Plane]) -> None:
    """Name the files' own class, the frame of a multi-frame file, and every file once."""
    import pydicom
    from pydicom.tag import Tag
    from pydicom.uid import MRImageStorage

    header = pydicom.dcmread(planes[0].path, specific_tags=[Tag("SOPClassUID")], force=True)
    sop_class = str(header.get("SOPClassUID") or MRImageStorage)
    by_position = {_key(plane.position): plane for plane in planes}
    groups = segmentation.PerFrameFunctionalGroupsSequence
    for group in groups:
        position = group.PlanePositionSequence[0].ImagePositionPatient
        plane = by_position[_key(position)]
        for derivation in group.DerivationImageSequence:
            for reference in derivation.SourceImageSequence:
                reference.ReferencedSOPClassUID = sop_class
                if plane.frame is not None:
                    reference.ReferencedFrameNumber = plane.frame + 1
    for sequence in (
        segmentation.get("SourceImageSequence", []),
        segmentation.ReferencedSeriesSequence[0].ReferencedInstanceSequence,
    ):
        once = {item.ReferencedSOPInstanceUID: item for item in sequence}
        for item in once.values():
            item.ReferencedSOPClassUID = sop_class
        sequence[:] = list(once.values())


def _key(position) -> tuple[float, ...]:
    return tuple(round(float(value), 3) for value in position)
