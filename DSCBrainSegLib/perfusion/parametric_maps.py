"""Maps as DICOM Parametric Maps beside the series they were made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import DSCBrainSegLib
from DSCBrainSegLib.dicom_seg.source_images import source_images
from DSCBrainSegLib.dicom_seg.write import require_highdicom
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.perfusion.maps import MAPS, PerfusionMaps
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.types import DSCSeries

SERIES_NUMBER_OFFSET = 1100
"""The maps' series stand behind the scanner's and behind the masks' in a list."""

UCUM = {
    "": ("1", "no units"),
    "mL/100 g": ("ml/(100.g)", "mL/100 g"),
    "mL/100 g/min": ("ml/(100.g)/min", "mL/100 g/min"),
    "s": ("s", "seconds"),
    "1/s": ("/s", "per second"),
}
"""Code and meaning of each unit in the Unified Code for Units of Measure."""

LONGEST_LABEL = 16


def write_parametric_maps(maps: PerfusionMaps, series: DSCSeries, folder: Path) -> None:
    """Write every map as one DICOM file, a series of its own in the study of the images.

    Values are stored as 32-bit floats in the map's unit. They are marked as research, and refer to
    the images of the first baseline time point.

    Parameters
    ----------
    maps : PerfusionMaps
    series : DSCSeries
        Read from DICOM.
    folder : Path
        Made if it does not exist.

    Raises
    ------
    SeriesError
        The series is not DICOM, or its files are gone or lack what a map refers to.
    MissingPackageError
        highdicom is not installed.
    """
    require_highdicom()
    if not series.planes:
        raise SeriesError(
            f"{series.source or 'The series'} is not DICOM, and DICOM maps refer to DICOM images; "
            "leave --dicom out or give the DICOM series."
        )
    images = source_images(series.planes[maps.passage.first])
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, values) in enumerate(maps.values.items(), start=1):
        _make(name, values, images, number).save_as(
            folder / f"{name}.dcm", enforce_file_format=True
        )


def _make(name: str, values: np.ndarray, images: list, number: int):
    from highdicom import UID, VOILUTTransformation
    from highdicom.pm import ParametricMap, RealWorldValueMapping
    from highdicom.sr.coding import CodedConcept

    info = MAPS[name]
    code, meaning = UCUM[info.unit]
    values = np.ascontiguousarray(values, np.float32)
    low, high = float(values.min()), float(values.max())
    mapping = RealWorldValueMapping(
        lut_label=name[:LONGEST_LABEL].upper(),
        lut_explanation=info.description[:64],
        unit=CodedConcept(code, "UCUM", meaning),
        value_range=(low, high),
        slope=1.0,
        intercept=0.0,
    )
    first = images[0]
    try:
        with quiet_libraries():
            made = ParametricMap(
                source_images=images,
                pixel_array=values,
                series_instance_uid=UID(),
                series_number=SERIES_NUMBER_OFFSET
                + number
                + max(0, int(first.get("SeriesNumber") or 0)),
                sop_instance_uid=UID(),
                instance_number=1,
                manufacturer="DSCBrainSeg",
                manufacturer_model_name="DSCBrainSeg",
                software_versions=DSCBrainSegLib.__version__,
                device_serial_number="none",
                contains_recognizable_visual_features=False,
                real_world_value_mappings=[mapping],
                voi_lut_transformations=[
                    VOILUTTransformation(
                        window_center=(low + high) / 2, window_width=max(high - low, 1e-3)
                    )
                ],
                content_label=name[:LONGEST_LABEL].upper().replace("-", "_"),
                content_description=f"{info.quantity}, preview, not diagnostic",
                series_description=f"DSCBrainSeg {name}, preview",
            )
    except (ValueError, TypeError, AttributeError) as error:
        raise SeriesError(
            f"DICOM maps of the series cannot be made ({error}); take the NIfTI files."
        ) from error
    # highdicom names the scanner, its station and hospital here.
    if "ContributingEquipmentSequence" in made:
        del made.ContributingEquipmentSequence
    return made
