"""What an image file is, by its first bytes: names lie, and gzip is gzip under any name."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError

NIFTI_SUFFIXES = (".nii", ".hdr", ".img")
NRRD_SUFFIXES = (".nrrd", ".nhdr")

MAGIC_BYTES = 544
"""Enough for the header of NIfTI-2, the longest one."""

LARGEST_RATIO = 1040
"""Deflate cannot pack better than 1032 to 1."""

_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 20


def has_image_name(path: Path) -> bool:
    """Say whether a file is called as NIfTI, Analyze or NRRD files are, packed or not."""
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(NIFTI_SUFFIXES + NRRD_SUFFIXES)


def is_packed(path: Path) -> bool:
    """Say whether a file is compressed by gzip.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    with open(path, "rb") as file:
        return file.read(2) == _GZIP


def first_bytes(path: Path, count: int = MAGIC_BYTES) -> bytes:
    """Return the first bytes of a file, unpacked; fewer where it is short or damaged.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    with open(path, "rb") as file:
        start = file.read(2)
        file.seek(0)
        if start != _GZIP:
            return file.read(count)
        found = b""
        with gzip.open(file) as unpacked:
            try:
                while len(found) < count and (more := unpacked.read(count - len(found))):
                    found += more
            except (OSError, EOFError, zlib.error):
                pass
        return found


def image_kind(path: Path) -> str:
    """Return "nifti", "nrrd", "dicom" or "" by what is in a file.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    start = first_bytes(path)
    if start[128:132] == b"DICM":
        return "dicom"
    if start[:4] == b"NRRD":
        return "nrrd"
    return "nifti" if header_length(start) else ""


def header_length(start: bytes) -> int:
    """Return 348 (NIfTI-1, Analyze) or 540 (NIfTI-2), or 0 for anything else."""
    for length, order in ((348, "little"), (348, "big"), (540, "little"), (540, "big")):
        if len(start) >= length and int.from_bytes(start[:4], order) == length:
            return length
    return 0


def unpack(path: Path, offset: int, size: int) -> bytes:
    """Unpack `size` bytes from `offset` on, and read on to the end, where the checksum is.

    Raises
    ------
    SeriesError
        The file is cut short.
    OSError, EOFError, zlib.error
        It is damaged.
    """
    if offset + size > LARGEST_RATIO * path.stat().st_size:
        raise cut_short(path)
    with gzip.open(path) as file:
        if offset:
            file.seek(offset)
        found = file.read(size)
        while file.read(_BLOCK):
            pass
    if len(found) < size:
        raise cut_short(path)
    return found


def cut_short(path: Path) -> SeriesError:
    """Return the error for a file with fewer voxels than its header promises."""
    return SeriesError(
        f"{path} is damaged or cut short: it holds fewer voxels than its header says; copy or "
        "convert it again."
    )
