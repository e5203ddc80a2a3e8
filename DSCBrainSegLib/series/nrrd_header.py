"""Axes of an NRRD header: which are space, which is time, in which units and directions.

The format: http://teem.sourceforge.net/nrrd/format.html. Beside it: ITK's images of four axes,
which name no space; the vector images of SimpleITK, whose vector is the time; 3D Slicer's
sequences.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.units import millimetres_per_unit, seconds_of

_COLOUR_KINDS = ("rgb", "color", "vector", "complex", "matrix", "quaternion", "normal", "tensor")
_TIME_KINDS = ("list", "time", "vector")
_SHORT_SPACES = {
    "lps": "left-posterior-superior",
    "ras": "right-anterior-superior",
    "las": "left-anterior-superior",
}
# Which axis of LPS+ a word of a space's name means, and in which sense.
_WORDS = {
    "left": (0, 1),
    "right": (0, -1),
    "posterior": (1, 1),
    "anterior": (1, -1),
    "superior": (2, 1),
    "inferior": (2, -1),
}
_UNIT_NAMES = {
    "mm": "mm",
    "millimeter": "mm",
    "millimetre": "mm",
    "cm": "cm",
    "m": "m",
    "meter": "m",
    "metre": "m",
    "um": "um",
    "µm": "um",
    "micron": "um",
    "micrometer": "um",
    "s": "s",
    "sec": "s",
    "second": "s",
    "seconds": "s",
    "ms": "ms",
    "msec": "ms",
    "millisecond": "ms",
    "milliseconds": "ms",
    "us": "us",
    "usec": "us",
}


def time_axis(path: Path, header: dict) -> int | None:
    """Return the axis of a 4-D image that is time; None for a 3-D image.

    It is the axis without a direction in space, or the one whose kind says so, or the last.

    Raises
    ------
    SeriesError
        The image is neither 3-D nor 4-D, or one of colours or vectors.
    """
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    kind_of_number = str(header.get("type", "")).lower()
    bytes_of_colour = any(name in kind_of_number for name in ("char", "int8"))
    if "MultiVolume.FrameLabels" in header or not bytes_of_colour:
        # SimpleITK and Slicer's MultiVolume call the list of frames a vector.
        kinds = ["list" if kind == "vector" else kind for kind in kinds]
    if "block" in kind_of_number or any(
        colour in kind for kind in kinds for colour in _COLOUR_KINDS
    ):
        raise SeriesError(f"{path} is a colour or vector image; give a 3-D or 4-D scalar image.")
    dimension = int(header["dimension"])
    directions = header.get("space directions")
    if directions is not None and len(directions) != dimension:
        raise SeriesError(f"{path} has another number of axes than directions; convert it again.")
    if dimension == 3:
        return None
    if dimension != 4:
        raise SeriesError(f"{path} has {dimension} dimensions; give a 3-D or 4-D image.")
    if directions is not None:
        without = [axis for axis, row in enumerate(directions) if not _has_direction(row)]
        if len(without) == 1:
            return without[0]
    named = [axis for axis, kind in enumerate(kinds) if kind in _TIME_KINDS]
    return named[0] if named else 3


def nrrd_affine(path: Path, header: dict, time: int | None, warnings: list[str]) -> np.ndarray:
    """Return the affine (4, 4) from index (i, j, k) to LPS+ in mm; NRRD's axes are fastest first.

    Raises
    ------
    SeriesError
        The axes span no volume.
    """
    axes = [axis for axis in range(int(header["dimension"])) if axis != time]
    directions = header.get("space directions")
    if directions is None:
        edges = [_of_axis(header.get("spacings"), axis) or 1.0 for axis in axes]
        columns = np.diag(edges)
        unit = _unit(_of_axis(header.get("units"), axes[0]))
    else:
        columns = np.array([_in_space(directions[axis]) for axis in axes]).T
        unit = _unit(_of_axis(header.get("space units"), 0))
    origin = header.get("space origin")
    origin = np.zeros(3) if origin is None else _in_space(origin)
    if not np.isfinite(origin).all():
        warnings.append("The NRRD header gives no origin; its first voxel is put at 0.")
        origin = np.zeros(3)
    affine = np.eye(4)
    affine[:3] = np.column_stack([columns, origin])
    edges = np.linalg.norm(columns, axis=0)
    if (
        not np.isfinite(affine).all()
        or not (edges > 0).all()
        or abs(np.linalg.det(columns / edges)) < 1e-3
    ):
        raise SeriesError(f"{path} has axis directions that span no volume; convert it again.")
    single = 2 if int(header["sizes"][axes[2]]) == 1 else None
    affine[:3] *= millimetres_per_unit(edges, unit, warnings, single)
    return _to_lps(header, warnings) @ affine


def time_step(header: dict, time: int | None, warnings: list[str]) -> float | None:
    """Return the seconds between time points that the time axis itself gives, or None."""
    if time is None or int(header["sizes"][time]) < 2:
        return None
    directions = header.get("space directions")
    if directions is not None and directions[time] is not None:
        row = np.asarray(directions[time], dtype=float)
        if len(row) == 4 and np.isfinite(row[3]):
            units = header.get("space units")
            return seconds_of(float(row[3]), _unit(_of_axis(units, 3)), warnings)
    step = _of_axis(header.get("spacings"), time)
    if not isinstance(step, float) or not np.isfinite(step):
        return None
    return seconds_of(step, _unit(_of_axis(header.get("units"), time)), warnings)


def _has_direction(row) -> bool:
    if row is None:
        return False
    row = np.asarray(row, dtype=float)[:3]
    return bool(np.isfinite(row).all() and row.any())


def _in_space(vector) -> np.ndarray:
    """Return the first three numbers of a vector; NaN where there is none."""
    found = np.full(3, np.nan)
    if vector is not None:
        vector = np.asarray(vector, dtype=float).ravel()[:3]
        found[: len(vector)] = vector
    return found


def _of_axis(values, axis: int):
    if values is None or axis >= len(values):
        return None
    value = values[axis]
    return value if isinstance(value, str) or value is None else float(value)


def _unit(name) -> str:
    return _UNIT_NAMES.get(str(name or "").strip().strip('"').lower(), "")


def _to_lps(header: dict, warnings: list[str]) -> np.ndarray:
    space = str(header.get("space", "")).strip().lower().removesuffix("-time")
    if len(space) == 4 and space.endswith("t"):
        space = space[:3]
    words = re.split(r"[-\s]+", _SHORT_SPACES.get(space, space))
    meant = [_WORDS.get(word) for word in words]
    if len(meant) != 3 or None in meant or {axis for axis, _ in meant} != {0, 1, 2}:
        warnings.append("The NRRD header gives no patient space; its axes are taken as LPS.")
        return np.eye(4)
    to_lps = np.zeros((4, 4))
    to_lps[3, 3] = 1
    for column, (axis, sign) in enumerate(meant):
        to_lps[axis, column] = sign
    return to_lps
