"""Mosaic files: all slices of a volume as tiles of one 2-D image (Siemens mosaic, UIH grid)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.csa_header import csa_numbers, parse_csa_header
from DSCBrainSegLib.series.geometry import slice_normal
from DSCBrainSegLib.series.planes import (
    Plane,
    datetime_seconds,
    day_seconds,
    integer,
    numbers,
    private,
    words,
)

SIEMENS_CSA = "SIEMENS CSA HEADER"
SIEMENS_MR = "SIEMENS MR HEADER"
UIH_IMAGE = "IMAGE PRIVATE HEADER"


def is_mosaic(dataset) -> bool:
    """Say whether a classic file is a Siemens mosaic or a UIH grid."""
    kind = words(dataset.get("ImageType"))
    return "MOSAIC" in kind or ("VFRAME" in kind and bool(_uih_slices(dataset)))


def siemens_planes(dataset, whole: Plane) -> list[Plane]:
    """Return the planes of a Siemens mosaic, in order of slice.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Header of the file.
    whole : Plane
        The mosaic as if it were one big slice.

    Raises
    ------
    SeriesError
        The private header that says how many slices there are was removed, or nothing tells how far
        apart they are.
    """
    csa = parse_csa_header(private(dataset, 0x29, SIEMENS_CSA, 0x10) or b"")
    count = int((csa_numbers(csa, "NumberOfImagesInMosaic") or [0])[0])
    count = count or integer(private(dataset, 0x19, SIEMENS_MR, 0x0A)) or 0
    if count < 1:
        raise SeriesError(
            "it is a Siemens mosaic whose private header was removed, so the number of slices is "
            "unknown; export it again with private tags or convert it to NIfTI at the scanner"
        )
    across = math.ceil(math.sqrt(count))
    rows, columns = whole.rows // across, whole.columns // across
    row, column = np.reshape(np.asarray(whole.orientation, dtype=float), (2, 3))
    # ImagePositionPatient is that of a slice as large as the mosaic, around the same centre.
    corner = (
        np.asarray(whole.position)
        + row * whole.spacing[1] * (whole.columns - columns) / 2
        + column * whole.spacing[0] * (whole.rows - rows) / 2
    )
    normal = np.array(csa_numbers(csa, "SliceNormalVector"))
    if normal.shape != (3,):
        normal = slice_normal(whole.orientation)
    spacing = whole.slice_spacing or whole.thickness
    if not spacing:
        raise SeriesError("the header lacks the distance between slices (SpacingBetweenSlices)")
    step = normal * spacing
    positions = [tuple(corner + step * index) for index in range(count)]
    return _tiles(whole, positions, rows, columns, across)


def siemens_warnings(dataset, plane: Plane) -> list[str]:
    """Say what had to be assumed about where the slices of a Siemens mosaic lie.

    `plane` is one of the file's; a UIH grid, which gives each slice's position, draws no warning.
    """
    if _uih_slices(dataset):
        return []
    warnings = []
    csa = parse_csa_header(private(dataset, 0x29, SIEMENS_CSA, 0x10) or b"")
    if len(csa_numbers(csa, "SliceNormalVector")) != 3:
        warnings.append(
            "The private header that says which way the mosaic's slices run was removed: the head "
            "may be upside down."
        )
    if not plane.slice_spacing:
        warnings.append(
            "The header does not give the distance between the mosaic's slices; their thickness, "
            f"{plane.thickness:g} mm, is taken, and volumes are too small if there are gaps."
        )
    return warnings


def siemens_slice_times(dataset, planes: list[Plane]) -> list[float]:
    """Return the time of each slice of a mosaic in seconds after the first; empty if not stored.

    `planes` are those of the file, in order of slice.
    """
    csa = parse_csa_header(private(dataset, 0x29, SIEMENS_CSA, 0x10) or b"")
    times = csa_numbers(csa, "MosaicRefAcqTimes")
    if not times:
        times = _all_numbers(private(dataset, 0x19, SIEMENS_MR, 0x29))
    if len(times) != len(planes):
        return []
    tiles = [plane.tile or (0, 0) for plane in planes]
    by_tile = dict(zip(sorted(tiles), times, strict=True))
    return [round((by_tile[tile] - min(times)) / 1000.0, 6) for tile in tiles]


def uih_planes(dataset, whole: Plane) -> list[Plane]:
    """Return the planes of a UIH grid, whose private sequence gives each slice's position."""
    items = _uih_slices(dataset)
    count = len(items)
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    rows, columns = whole.rows // down, whole.columns // across
    positions = [numbers(item.get("ImagePositionPatient"), 3) for item in items]
    if None in positions:
        raise SeriesError("it is a UIH grid whose private slice positions were removed")
    planes = _tiles(whole, positions, rows, columns, across)
    clock = _uih_clock(items)
    if clock:
        planes = [replace(plane, clocks={**plane.clocks, **clock}) for plane in planes]
    return planes


def _all_numbers(value) -> list[float]:
    try:
        return [float(item) for item in value]
    except (TypeError, ValueError):
        return []


def _uih_slices(dataset) -> list:
    return list(private(dataset, 0x65, UIH_IMAGE, 0x51) or [])


def _uih_clock(items: list) -> dict[str, float]:
    """Return the volume's acquisition time, which UIH stores only for each slice of the grid."""
    found = [
        datetime_seconds(item.get("AcquisitionDateTime"))
        or day_seconds(item.get("AcquisitionTime"))
        for item in items
    ]
    times = [time for time in found if time is not None]
    return {"acquisition": min(times)} if times else {}


def _tiles(whole: Plane, positions: list, rows: int, columns: int, across: int) -> list[Plane]:
    heights = np.array(positions) @ slice_normal(whole.orientation)
    return [
        replace(
            whole,
            rows=rows,
            columns=columns,
            position=tuple(float(value) for value in positions[index]),
            tile=(index // across * rows, index % across * columns),
            slot=slot,
        )
        for slot, index in enumerate(np.argsort(heights, kind="stable").tolist())
    ]
