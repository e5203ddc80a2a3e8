"""NIfTI headers byte by byte, as programs write them and as they should not. Uses no reader."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

FRAMES = np.arange(5 * 4 * 6 * 7, dtype=np.int16).reshape(5, 4, 6, 7)  # (T, K, J, I)
EDGES = (3.0, 2.5, 5.0)
ROWS = ((-3.0, 0, 0, 10), (0, -2.5, 0, 20), (0, 0, 5.0, -30))
"""The sform of an axial series: i to the left, j to the back, k to the top, in RAS+."""

LPS = np.array([[3.0, 0, 0, -10], [0, 2.5, 0, -20], [0, 0, 5.0, -30], [0, 0, 0, 1]])
"""The same place in LPS+."""


def header(
    dim=(4, 7, 6, 4, 5),
    edges=EDGES,
    step=1.5,
    units=2 | 8,
    codes=(1, 1),
    quaternion=(0.0, 0.0, 1.0),
    offset=(10.0, 20.0, -30.0),
    rows=ROWS,
    qfac=1.0,
    datatype=(4, 16),
    intent=0,
    magic=b"n+1\0",
    scaling=(1.0, 0.0),
    vox_offset=352.0,
    order="<",
) -> bytes:
    """Return the 348 bytes of a NIfTI-1 header; the default is a sound one of `FRAMES`."""
    dim = (*dim, *[1] * (8 - len(dim)))
    after = step if isinstance(step, tuple) else (step,)
    pixdim = (qfac, *edges, *after, *[0.0] * (4 - len(after)))
    found = bytearray(348)

    def put(at, form, *values):
        struct.pack_into(order + form, found, at, *values)

    put(0, "i", 348)
    put(40, "8h", *dim)
    put(68, "h", intent)
    put(70, "2h", *datatype)
    put(76, "8f", *pixdim)
    put(108, "f", vox_offset)
    put(112, "2f", *scaling)
    put(123, "B", units)
    put(252, "2h", *codes)
    put(256, "6f", *quaternion, *offset)
    put(280, "12f", *rows[0], *rows[1], *rows[2])
    found[344:348] = magic
    return bytes(found)


def voxels(order="<") -> bytes:
    return FRAMES.astype(f"{order}i2").tobytes()  # T, K, J, I in C order: i fastest


def write(path: Path, packed: bool | None = None, data: bytes | None = None, **fields) -> Path:
    """Write one file; `packed` by gzip or not whatever its name is."""
    content = (
        header(**fields) + b"\0" * 4 + (voxels(fields.get("order", "<")) if data is None else data)
    )
    packed = path.name.endswith(".gz") if packed is None else packed
    path.write_bytes(gzip.compress(content) if packed else content)
    return path
