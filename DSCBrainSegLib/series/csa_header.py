"""Siemens CSA image header (0029,1010): the part that mosaics need.

The header is a little-endian table of named tags, each with a list of text items. It starts with
"SV10" in its second version; the first version (before syngo B) starts with the number of tags.
Layout as described by nibabel's documentation, "Siemens format DICOM with CSA header".
"""

from __future__ import annotations

import struct

_NAME_BYTES = 64
_TAG_BYTES = 84
_ITEM_BYTES = 16
_LARGEST_TAG_COUNT = 1000  # a real header has about 100


def parse_csa_header(data: bytes) -> dict[str, list[str]]:
    """Return the tags of a CSA header as name -> list of non-empty text items.

    Parameters
    ----------
    data : bytes
        Value of (0029,1010) CSA Image Header Info.

    Returns
    -------
    dict
        Empty where the bytes are not a CSA header (removed or rewritten by an anonymiser).
    """
    try:
        return _parse(bytes(data))
    except (struct.error, ValueError, UnicodeDecodeError):
        return {}


def csa_numbers(header: dict[str, list[str]], name: str) -> list[float]:
    """Return the items of tag `name` as floats; empty if the tag is absent or not numeric."""
    try:
        return [float(item) for item in header.get(name, [])]
    except ValueError:
        return []


def _parse(data: bytes) -> dict[str, list[str]]:
    version_2 = data[:4] == b"SV10"
    offset = 8 if version_2 else 0
    tag_count, _ = struct.unpack_from("<2I", data, offset)
    if not 0 < tag_count <= _LARGEST_TAG_COUNT:
        raise ValueError("not a CSA header")
    offset += 8
    tags = {}
    size_offset = None
    for _ in range(tag_count):
        name = _text(data[offset : offset + _NAME_BYTES])
        item_count = struct.unpack_from("<i", data, offset + _NAME_BYTES + 12)[0]
        if size_offset is None:
            size_offset = item_count
        offset += _TAG_BYTES
        items = []
        for _ in range(item_count):
            sizes = struct.unpack_from("<4i", data, offset)
            offset += _ITEM_BYTES
            # The first version adds the very first tag's number of items to every size.
            size = sizes[1] if version_2 else sizes[0] - size_offset
            if size < 0 or offset + size > len(data):
                raise ValueError("an item runs past the end")
            item = _text(data[offset : offset + size])
            if item:
                items.append(item)
            offset += (size + 3) // 4 * 4
        tags[name] = items
    return tags


def _text(data: bytes) -> str:
    return data.split(b"\x00", 1)[0].decode("latin-1").strip()
