"""Uncompressed pixels of a classic file, read straight from where they lie.

A series is more than a thousand small files, and most of the time that pydicom takes for one goes
into its header, which is known already. Whatever is not plain is left to pydicom.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

LARGEST_BYTES = 16 * 2**20
"""A larger file is not one image (a mosaic of 16 bits takes 1-5 MB)."""

_EXPLICIT, _IMPLICIT = b"1.2.840.10008.1.2.1", b"1.2.840.10008.1.2"
_SYNTAX = b"\x02\x00\x10\x00UI"
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_FRAMES = b"\x28\x00\x08\x00"
_SAMPLES, _ROWS, _COLUMNS, _ALLOCATED, _STORED, _SIGNED = (
    b"\x28\x00" + element.to_bytes(2, "little")
    for element in (0x0002, 0x0010, 0x0011, 0x0100, 0x0101, 0x0103)
)


def plain_image(path: Path) -> np.ndarray | None:
    """Read the stored values of a file with one uncompressed 16-bit grey image.

    Nothing is assumed: each element that says how the pixels are stored must be found in the file's
    header exactly once.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of uint16 or int16, shape (rows, columns), or None
        None for any other file, be it whole or damaged.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    path = Path(path)
    if path.stat().st_size > LARGEST_BYTES:
        return None
    data = path.read_bytes()
    syntax = _transfer_syntax(data)
    if syntax not in (_EXPLICIT, _IMPLICIT):
        return None
    explicit = syntax == _EXPLICIT
    # The length of the element follows its tag, in explicit files with the kind of value between.
    before_number = b"US\x02\x00" if explicit else b"\x02\x00\x00\x00"
    before_length = b"OW\x00\x00" if explicit else b""

    def number(tag: bytes, end: int | None = None) -> int | None:
        wanted = tag + before_number
        at = data.find(wanted, 0, end)
        if at < 0 or data.find(wanted, at + 1, end) >= 0:
            return None
        return int.from_bytes(data[at + 8 : at + 10], "little")

    rows, columns = number(_ROWS), number(_COLUMNS)
    if not rows or not columns:
        return None
    size = 2 * rows * columns
    wanted = _PIXEL_DATA + before_length + size.to_bytes(4, "little")
    header = data.find(wanted)
    start = header + len(wanted)
    if header < 0 or start + size > len(data) or data.find(wanted, header + 1) >= 0:
        return None
    stored, signed = number(_STORED, header), number(_SIGNED, header)
    if (number(_SAMPLES, header), number(_ALLOCATED, header)) != (1, 16):
        return None
    if signed not in (0, 1) or not stored or stored > 16 or data.find(_FRAMES, 0, header) >= 0:
        return None
    image = np.frombuffer(data, "<i2" if signed else "<u2", rows * columns, start)
    if stored < 16:  # the other bits mean nothing
        image = (image << (16 - stored)) >> (16 - stored)
    return image.reshape(rows, columns)


def _transfer_syntax(data: bytes) -> bytes | None:
    """Transfer Syntax UID of the meta information; None for a file without."""
    at = data.find(_SYNTAX, 132, 1024)
    if data[128:132] != b"DICM" or at < 0:
        return None
    value = at + len(_SYNTAX) + 2
    length = int.from_bytes(data[value - 2 : value], "little")
    return data[value : value + length].rstrip(b"\x00 ")
