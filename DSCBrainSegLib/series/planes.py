"""A plane: one 2-D image of one slice at one time, wherever in a file it lies.

Classic files hold one plane, mosaics and enhanced multi-frame files many. All readers turn files
into planes, so that sorting them in space and time is written once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Plane:
    """One slice at one time point, from the header only.

    Parameters
    ----------
    path : Path
        File that holds it.
    rows, columns : int
        Size of the plane itself (of the tile, for a mosaic).
    orientation : tuple of 6 float
        Direction cosines in LPS+ along a row (increasing column) and along a column.
    position : tuple of 3 float
        Centre of the first pixel in LPS+, mm.
    spacing : tuple of 2 float
        Distance between rows, then between columns, mm (order of DICOM PixelSpacing).
    frame : int or None
        0-based frame in a multi-frame file.
    tile : tuple of 2 int or None
        First row and first column of the tile in a mosaic.
    slot : int or None
        Slice index that the file itself guarantees (mosaics: the whole volume lies in one file);
        None where it follows from `position`.
    thickness, slice_spacing : float or None
        Slice thickness and distance between slices that the header claims, mm.
    slope, intercept : float
        Stored value to intensity.
    echo_time : float or None
        In seconds.
    component : str
        "M" magnitude, "P" phase, "R" real, "I" imaginary, "F" field map or another computed map.
    derived : bool
        Computed from other images, says Image Type (0008,0008).
    sop_uid : str
        SOP Instance UID of the file.
    instance, temporal_position, acquisition : int or None
        Instance Number, Temporal Position Identifier or Index, Acquisition Number.
    source_instance : int or None
        Instance Number of the classic file that an enhanced frame was converted from.
    echo_number, run, phase : int or None
        Echo Number (0018,0086); GE Raw Data Run Number (0019,10A2); Philips Phase Number
        (2001,1008).
    dimension : tuple of int
        Dimension Index Values (0020,9157) of an enhanced frame.
    location : float or None
        Slice Location (0020,1041), or the position in the stack that an enhanced frame claims.
    b_value : float or None
        Diffusion weighting, s/mm2.
    clocks : dict of str to float
        Times in seconds, each on a clock of its own: see `frame_times`.
    """

    path: Path
    rows: int
    columns: int
    orientation: tuple
    position: tuple
    spacing: tuple
    frame: int | None = None
    tile: tuple | None = None
    slot: int | None = None
    thickness: float | None = None
    slice_spacing: float | None = None
    slope: float = 1.0
    intercept: float = 0.0
    echo_time: float | None = None
    component: str = "M"
    derived: bool = False
    sop_uid: str = ""
    instance: int | None = None
    temporal_position: int | None = None
    acquisition: int | None = None
    source_instance: int | None = None
    echo_number: int | None = None
    run: int | None = None
    phase: int | None = None
    dimension: tuple = ()
    location: float | None = None
    b_value: float | None = None
    clocks: dict = field(default_factory=dict)


def number(value) -> float | None:
    """Return a header value as a finite float, the first one of several, or None."""
    value = _first(value)
    try:
        result = _float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def _float(value) -> float:
    """Return a number, also one that a program of another country wrote with a comma."""
    return float(value.replace(",", ".") if isinstance(value, str) else value)


def integer(value) -> int | None:
    """Return a header value as int, or None."""
    result = number(value)
    return None if result is None else int(result)


def numbers(value, count: int) -> tuple | None:
    """Return a header value as a tuple of `count` finite floats, or None."""
    try:
        result = tuple(_float(item) for item in value)
    except (TypeError, ValueError):
        return None
    if len(result) != count or not all(math.isfinite(item) for item in result):
        return None
    return result


def text(value) -> str:
    """Return a header value as one stripped line of text."""
    value = _first(value)
    return "" if value is None else " ".join(str(value).split())


def words(value) -> tuple:
    """Return a multi-valued header text as upper-case words."""
    if value is None:
        return ()
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        value = [value]
    return tuple(str(item).strip().upper() for item in value)


def private(dataset, group: int, creator: str, element: int):
    """Return a private element's value, or None.

    The block that a private creator reserved may have any number (DICOM part 5, section 7.8), and
    archives move it; `element` is the offset inside the block.
    """
    return PrivateElements(dataset).get(group, creator, element)


class PrivateElements:
    """The private elements of a dataset, found by their creator; see `private`."""

    def __init__(self, dataset):
        self._dataset = dataset
        self._blocks: dict[int, list[int]] = {}
        for tag in dataset.keys():  # noqa: SIM118 - iterating a Dataset converts its values
            group, element = tag >> 16, tag & 0xFFFF
            if group & 1 and 0x10 <= element <= 0xFF:
                self._blocks.setdefault(group, []).append(element)

    def get(self, group: int, creator: str, element: int):
        """Return the value of an element of a creator's block, or None."""
        for block in self._blocks.get(group, ()):
            if not text(self._dataset[group, block].value).upper().startswith(creator.upper()):
                continue
            found = self._dataset.get((group, block * 0x100 + element))
            if found is not None:
                return found.value
        return None


def day_seconds(value) -> float | None:
    """Return a DICOM time (HHMMSS.FFFFFF) as seconds since midnight, or None."""
    value = text(value).replace(":", "").replace(",", ".")
    try:
        hours, minutes, seconds = int(value[:2]), int(value[2:4] or 0), float(value[4:] or 0)
    except ValueError:
        return None
    return hours * 3600.0 + minutes * 60.0 + seconds


def datetime_seconds(value) -> float | None:
    """Return a DICOM date-time (YYYYMMDDHHMMSS.FFFFFF&ZZXX) as seconds on one clock, or None."""
    value = text(value)
    for sign in "+-":
        value = value.split(sign)[0]
    days = date_days(value[:8])
    seconds = day_seconds(value[8:])
    return None if days is None or seconds is None else days * 86400.0 + seconds


def dated_seconds(date, time) -> float | None:
    """Return a DICOM date and time as seconds on one clock, or None without a time."""
    seconds = day_seconds(time)
    if seconds is None:
        return None
    return (date_days(date) or 0) * 86400.0 + seconds


def date_days(value) -> int | None:
    """Return a DICOM date (YYYYMMDD) as a day number, or None."""
    from datetime import date

    value = text(value).replace(".", "").replace("-", "")
    try:
        day = date(int(value[:4]), int(value[4:6]), int(value[6:8]))
        # Counted from 2000, so that seconds keep their microseconds in a float.
        return (day - date(2000, 1, 1)).days
    except ValueError:
        return None


def _first(value):
    if value is None or isinstance(value, str | bytes):
        return value
    try:
        return value[0] if len(value) else None
    except TypeError:
        return value
