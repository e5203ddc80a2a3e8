"""Header and voxels of a NIfTI or Analyze file, in one file or in two, packed or not."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.image_file import (
    LARGEST_RATIO,
    cut_short,
    first_bytes,
    header_length,
    is_packed,
    unpack,
)
from DSCBrainSegLib.series.nifti_forms import UNITS, NiftiForms

_ONE_FILE = (b"n+1\x00", b"n+2\x00")
_TWO_FILES = (b"ni1\x00", b"ni2\x00")
_TIME_UNITS = {8: "s", 16: "ms", 24: "us"}
_DISPLACEMENT = 1006  # NIFTI_INTENT_DISPVECT


@dataclass
class NiftiFile:
    """A NIfTI file whose header was read.

    Parameters
    ----------
    path : Path
        The file that was asked for.
    voxel_path : Path
        The file that holds the voxels: the same, or the .img beside a .hdr.
    offset : int
        First byte of the voxels, in the unpacked file.
    shape : tuple of 4 int
        (I, J, K, T).
    dtype : dtype
    slope, intercept : float
        Stored value to intensity; 1 and 0 where the header gives none.
    edges : tuple of 3 float
        Voxel edges along i, j, k in `unit`.
    unit : str
        Unit of space, a key of `units.MM_PER_UNIT`, or "".
    step : float
        Between time points, in `time_unit`; 0 where the header gives none.
    time_unit : str
        A key of `units.SECONDS_PER_UNIT`, or "".
    forms : NiftiForms or None
        None for Analyze.
    """

    path: Path
    voxel_path: Path
    offset: int
    shape: tuple[int, int, int, int]
    dtype: np.dtype
    slope: float
    intercept: float
    edges: tuple
    unit: str
    step: float
    time_unit: str
    forms: NiftiForms | None
    _unpacked: bytes | None = field(default=None, repr=False)

    def decode(self, index: int) -> np.ndarray:
        """Read time point `index` as float32 (K, J, I).

        Raises
        ------
        SeriesError
            The file is damaged.
        """
        count = math.prod(self.shape[:3])
        size = count * self.dtype.itemsize
        try:
            data = self._bytes(index * size, size)
        except (OSError, EOFError, ValueError, MemoryError, OverflowError, zlib.error) as error:
            raise damaged(self.path) from error
        voxels = np.frombuffer(data, self.dtype, count)
        if self.slope != 1 or self.intercept != 0:
            voxels = voxels * self.slope + self.intercept
        with np.errstate(over="ignore", invalid="ignore"):
            voxels = voxels.astype(np.float32)
        return voxels.reshape(self.shape[2::-1])

    def _bytes(self, start: int, size: int) -> bytes:
        if is_packed(self.voxel_path):
            # A packed file has to be read from its start: once, for all frames.
            if self._unpacked is None:
                self._unpacked = unpack(self.voxel_path, self.offset, self.size)
            return self._unpacked[start : start + size]
        with open(self.voxel_path, "rb") as file:
            file.seek(self.offset + start)
            data = file.read(size)
        if len(data) < size:
            raise cut_short(self.path)
        return data

    @property
    def size(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_nifti_header(path: Path) -> NiftiFile:
    """Read the header of a NIfTI-1, NIfTI-2 or Analyze file.

    Raises
    ------
    SeriesError
        The file is damaged, a colour image, or not 3-D or 4-D.
    """
    header_path = _header_path(path)
    try:
        start = first_bytes(header_path)
    except OSError as error:
        raise damaged(path) from error
    length = header_length(start)
    if not length:
        raise damaged(path)
    header = _nibabel_header(start, length)
    magic = bytes(start[344:348] if length == 348 else start[4:8])
    in_two = magic in _TWO_FILES or (magic not in _ONE_FILE and header_path != path)
    in_two = in_two or (magic not in _ONE_FILE and path.name.lower().endswith((".hdr", ".img")))
    is_nifti = magic in _ONE_FILE + _TWO_FILES
    if not is_nifti and not in_two:
        raise damaged(path)
    voxel_path = _voxel_path(header_path, path) if in_two else path
    shape, time_axis = _shape(path, header)
    if int(header["intent_code"]) == _DISPLACEMENT and is_nifti:
        raise SeriesError(f"{path} is a field of displacements; give the magnitude images.")
    slope, intercept = _scaling(header)
    zooms = [float(step) for step in header["pixdim"]]
    units = int(header["xyzt_units"]) if is_nifti else 0
    forms = NiftiForms.from_header(header) if is_nifti else None
    edges = tuple(abs(edge) if np.isfinite(edge) and edge else 1.0 for edge in zooms[1:4])
    found = NiftiFile(
        path=path,
        voxel_path=voxel_path,
        offset=_offset(path, header, 0 if in_two else length),
        shape=shape,
        dtype=_dtype(path, header),
        slope=slope,
        intercept=intercept,
        edges=edges,
        unit=UNITS.get(units & 0x07, ""),
        step=zooms[time_axis + 1],
        time_unit=_TIME_UNITS.get(units & 0x38, ""),
        forms=forms,
    )
    # Time points before the cut can be used.
    least = found.offset + found.size // shape[3]
    if voxel_path.stat().st_size * (LARGEST_RATIO if is_packed(voxel_path) else 1) < least:
        raise cut_short(path)
    return found


def damaged(path: Path) -> SeriesError:
    """Return the error for a file that no header can be read of."""
    return SeriesError(f"{path} is damaged or not a NIfTI file; copy or convert it again.")


def _nibabel_header(start: bytes, length: int):
    import nibabel

    kind = nibabel.Nifti1Header if length == 348 else nibabel.Nifti2Header
    order = "<" if int.from_bytes(start[:4], "little") == length else ">"
    return kind(start[:length], endianness=order, check=False)


def _header_path(path: Path) -> Path:
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith(".img"):
        return path
    return _partner(path, ".hdr") or path


def _voxel_path(header_path: Path, path: Path) -> Path:
    found = _partner(header_path, ".img")
    if found is None:
        raise SeriesError(
            f"{path} is the header of a pair of files, and the .img file with its voxels is not "
            "beside it; copy both."
        )
    return found


def _partner(path: Path, suffix: str) -> Path | None:
    """Return the other file of a .hdr/.img pair, whatever its case and packing."""
    packing = path.name[len(path.name.lower().removesuffix(".gz")) :]
    stem = path.name[: len(path.name) - len(packing) - len(suffix)]
    for end in (suffix, suffix.upper(), f"{suffix}.gz"):
        if (found := path.with_name(stem + end)).is_file():
            return found
    return None


def _dtype(path: Path, header) -> np.dtype:
    from nibabel.spatialimages import HeaderDataError

    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError) as error:
        raise damaged(path) from error
    if dtype.names or dtype.kind not in "iuf":
        raise SeriesError(f"{path} is a colour or complex image; give the magnitude images.")
    if not dtype.itemsize:
        raise damaged(path)
    return dtype


def _shape(path: Path, header) -> tuple[tuple[int, int, int, int], int]:
    """Return (I, J, K, T) and which axis is time: 3, or 4 where the file keeps it in its fifth."""
    dimensions = [int(count) for count in header["dim"]]
    count = dimensions[0]
    shape = dimensions[1 : count + 1] if 1 <= count <= 7 else []
    while len(shape) > 3 and shape[-1] == 1:
        shape.pop()
    given = tuple(shape)
    axis = 3
    if len(shape) == 5 and shape[3] == 1:
        # ITK's programs and vtk keep the numbers of a voxel, here its time points, in axis 5.
        shape, axis = [*shape[:3], shape[4]], 4
    if shape and min(shape) < 1:
        raise damaged(path)
    if not 2 <= len(shape) <= 4:
        raise SeriesError(f"{path} has {len(given)} dimensions {given}; give a 3-D or 4-D image.")
    i, j, k, t = [*shape, 1, 1][:4] if len(shape) < 4 else shape
    return (i, j, k, t), axis


def _scaling(header) -> tuple[float, float]:
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0:
        return 1.0, 0.0
    return slope, intercept if np.isfinite(intercept) else 0.0


def _offset(path: Path, header, least: int) -> int:
    offset = float(header["vox_offset"])
    if not np.isfinite(offset) or not 0 <= offset < 2**40:
        raise damaged(path)
    # Some programs leave 0 in a single file, whose voxels then follow the header and its 4 bytes.
    return int(offset) if offset >= least else least + 4 if least else 0
