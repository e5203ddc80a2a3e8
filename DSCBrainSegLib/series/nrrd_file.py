"""NRRD files in and out, also the 4-D .seq.nrrd sequences of 3D Slicer."""

from __future__ import annotations

import gzip
import io
import math
import re
import zlib
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.image_file import LARGEST_RATIO, cut_short, is_packed
from DSCBrainSegLib.series.nifti import storable
from DSCBrainSegLib.series.nrrd_header import nrrd_affine, time_axis, time_step
from DSCBrainSegLib.series.planes import number
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.sequence_times import sequence_times
from DSCBrainSegLib.series.source import SeriesSource

_LONGEST_HEADER = 1 << 22
_BYTES = {"char": 1, "int8": 1, "short": 2, "int16": 2, "double": 8, "longlong": 8, "int64": 8}


def open_nrrd(path: Path) -> SeriesSource:
    """Open a 3-D or 4-D NRRD file (.nrrd, .nhdr, .seq.nrrd).

    The time axis is the one without a direction in space. Times come from the index values of
    Slicer's sequences, from the frame labels of its MultiVolume importer, or from that axis' step.

    Raises
    ------
    SeriesError
        The file is damaged, a colour image, or not 3-D or 4-D.
    """
    header = read_nrrd_header(path)
    warnings: list[str] = []
    axis = time_axis(path, header)
    sizes = [int(size) for size in header["sizes"]]
    count = 1 if axis is None else sizes.pop(axis)
    affine = nrrd_affine(path, header, axis, warnings)
    echo_time = _milliseconds(header, "MultiVolume.DICOM.EchoTime")
    repetition_time = _milliseconds(header, "MultiVolume.DICOM.RepetitionTime")
    step = time_step(header, axis, warnings)
    return SeriesSource(
        description="",
        frame_count=count,
        volume_shape=(sizes[2], sizes[1], sizes[0]),
        times=sequence_times(
            count,
            header.get(f"axis {axis} index values"),
            header.get("MultiVolume.FrameLabels"),
            header.get("MultiVolume.FrameIdentifyingDICOMTagUnits"),
            repetition_time,
            warnings,
            step,
        ),
        affine=affine,
        decode=_Decoder(path, axis),
        echo_time=echo_time,
        repetition_time=repetition_time or step,
        source=path,
        warnings=warnings,
    )


def read_nrrd_header(path: Path) -> dict:
    """Read the fields of an NRRD header.

    Raises
    ------
    SeriesError
        The file is damaged, or its voxels lie in many files.
    """
    header = _header_and_data(path)[0]
    if str(header.get("data file", header.get("datafile", ""))).split(" ")[0] == "LIST" or (
        "%" in str(header.get("data file", header.get("datafile", "")))
    ):
        raise SeriesError(f"{path} keeps its voxels in many files; save it as one file.")
    return header


def read_nrrd_voxels(path: Path) -> np.ndarray:
    """Read all voxels, axes as in the header, fastest first.

    Raises
    ------
    SeriesError
        The file is damaged.
    """
    import nrrd

    header, data = _header_and_data(path)
    try:
        with quiet_libraries():
            return nrrd.read_data(header, data, str(path), index_order="F")
    except Exception as error:  # pynrrd raises many kinds on a damaged file
        raise _damaged(path) from error
    finally:
        data.close()


def write_nrrd(
    path: Path | str, volume: np.ndarray, affine: np.ndarray, times: np.ndarray | None = None
) -> None:
    """Write a volume (K, J, I) or frames (T, K, J, I) as gzip-compressed NRRD in LPS+.

    Frames are written as Slicer writes a sequence: the list of frames is the fastest axis, and
    `times` (T,), in seconds, are its index values.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import nrrd

    volume = storable(volume)
    affine = np.asarray(affine, dtype=float)
    directions = affine[:3, :3].T
    header = {
        "space": "left-posterior-superior",
        "kinds": ["domain", "domain", "domain"],
        "space directions": directions,
        "space origin": affine[:3, 3],
        "encoding": "gzip",
    }
    voxels = np.transpose(volume)
    if volume.ndim == 4:
        voxels = np.moveaxis(voxels, 3, 0)
        header["kinds"] = ["list", "domain", "domain", "domain"]
        header["space directions"] = np.vstack([np.full(3, np.nan), directions])
        if times is not None:
            header["axis 0 index type"] = "numeric"
            header["axis 0 index values"] = " ".join(f"{time:g}" for time in times)
            header["MultiVolume.FrameIdentifyingDICOMTagUnits"] = "ms"
            header["MultiVolume.FrameLabels"] = ",".join(f"{time * 1000:g}" for time in times)
    nrrd.write(str(path), voxels, header, compression_level=6, index_order="F")


class _Decoder:
    """Read the file once, at the first frame that is asked for."""

    def __init__(self, path: Path, time: int | None):
        self._path, self._time = path, time
        self._frames: np.ndarray | None = None

    def __call__(self, index: int) -> np.ndarray:
        if self._frames is None:
            voxels = read_nrrd_voxels(self._path)
            if self._time is None:
                voxels = voxels[..., np.newaxis]
            self._frames = np.moveaxis(voxels, 3 if self._time is None else self._time, 3)
        with np.errstate(over="ignore", invalid="ignore"):
            return np.transpose(self._frames[..., index]).astype(np.float32)


def _header_and_data(path: Path):
    """Return the fields, and an open file that stands where the voxels start."""
    import nrrd

    file = None
    try:
        file = io.BytesIO(_unpacked(path)) if is_packed(path) else open(path, "rb")  # noqa: SIM115
        lines = []
        while (line := file.readline(_LONGEST_HEADER)).strip():
            lines.append(_readable(line.decode("utf-8", "ignore")))
        with quiet_libraries():
            header = nrrd.read_header(lines)
        sizes = [int(size) for size in header["sizes"]]
        if len(sizes) != header["dimension"] or min(sizes) < 1:
            raise ValueError("sizes do not fit the dimension")
        _refuse_too_few(path, header, sizes)
    except SeriesError:
        file.close()
        raise
    except Exception as error:  # pynrrd raises many kinds on a damaged file
        if file is not None:
            file.close()
        raise _damaged(path) from error
    return header, file


def _unpacked(path: Path) -> bytes:
    with gzip.open(path) as file:
        try:
            return file.read()
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(path) from error


def _readable(line: str) -> str:
    """Write a header line as pynrrd reads it: no spaces within vectors, no decimal commas."""
    field, colon, value = line.partition(":")
    if field in ("space directions", "space origin"):
        value = re.sub(r"\s*([(,])\s*", r"\1", value)
        value = re.sub(r"\s+\)", ")", value).replace(")(", ") (").replace("none(", "none (")
    elif field in ("spacings", "thicknesses", "axis mins", "axis maxs"):
        value = value.replace(",", ".")
    return field + colon + (" " + value.strip() if colon and not value.startswith("=") else value)


def _refuse_too_few(path: Path, header: dict, sizes: list[int]) -> None:
    """Refuse sizes that the file cannot hold before any memory is asked for."""
    kind = str(header["type"]).lower()
    least = next((size for name, size in _BYTES.items() if name in kind.replace(" ", "")), 1)
    there = path.stat().st_size
    beside = header.get("data file", header.get("datafile"))
    if beside is not None:
        other = path.parent / str(beside)
        there = other.stat().st_size if other.is_file() else math.inf
    raw = str(header["encoding"]).lower() == "raw" and not is_packed(path)
    if math.prod(sizes) * least > there * (1 if raw else LARGEST_RATIO):
        raise cut_short(path)


def _milliseconds(header: dict, name: str) -> float | None:
    value = number(str(header.get(name)).replace(",", "."))
    return value / 1000.0 if value and value > 0 else None


def _damaged(path: Path) -> SeriesError:
    return SeriesError(f"{path} is damaged or not an NRRD file; copy or convert it again.")
