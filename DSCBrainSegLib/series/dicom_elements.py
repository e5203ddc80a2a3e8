"""Look through whole headers for the element that tells echoes or time points apart.

Every vendor has private elements of its own, and archives move or keep only some of them. Rather
than a list of them, the search takes any element whose values fit the images. It reads all headers
again, so it is left to series in which no known tag tells.
"""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict

import numpy as np

from DSCBrainSegLib.series.copies import remove_copies
from DSCBrainSegLib.series.planes import Plane, number
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.time_keys import TimeKey

_MOST_ECHOES = 12
_DIMENSION_INDEX_VALUES = 0x00209157
_LONGEST_UNKNOWN = 16  # bytes
_ORDERED_VR = {"DS", "IS", "FL", "FD", "SL", "SS", "UL", "US", "TM", "DT"}
_TEXT_VR = {"CS", "LO", "SH", "ST", "LT"}
_SKIPPED_GROUPS = {0x0002, 0x0010, 0x0028, 0x7FE0}  # file, patient, pixels
# Place and counters, which differ from image to image anyway, and the series' number.
_SKIPPED_TAGS = {0x00200011, 0x00200013, 0x00200032, 0x00201041, 0x00080018}


def other_time_keys(planes: list[Plane]) -> list[TimeKey]:
    """Return the elements with a number or a time that may number the time points.

    A list of one file for each plane is needed: multi-frame files keep their private elements in
    places of their own.
    """
    keys = []
    for tag, values in _elements(planes, _ORDERED_VR).items():
        values = [number(value) for value in values]
        if None not in values and 1 < len(set(values)) < len(planes):
            keys.append(TimeKey(_name(tag), values))
    return keys


def hidden_echoes(planes: list[Plane], announced: int | None) -> tuple[list[int], str] | None:
    """Return which of several images of the same place and time each plane is, 0-based, and what
    says so; None if there is one image for each place and time, or nothing tells them apart.

    Parameters
    ----------
    planes : list of Plane
        Of one series, size, echo time and kind.
    announced : int or None
        Number Of Temporal Positions (0020,0105).
    """
    cells, several = _images_of_a_cell(planes, announced)
    if not several or len(remove_copies(planes, [])) < len(planes):
        return None
    best = None
    for tag, values in _elements(planes, _ORDERED_VR | _TEXT_VR).items():
        kinds = _recurring(values, cells, several)
        if kinds is None:
            kinds = _ranks_of_runs(tag, planes, cells, several)
        # The lowest tag of those that agree is the standard's, or the vendor's own.
        if kinds is not None and (best is None or tag < best[0]):
            best = (tag, kinds)
    if best is None:
        return None
    return best[1], _name(best[0])


def _name(tag: int) -> str:
    return f"element ({tag >> 16 & 0xFFFF:04x},{tag & 0xFFFF:04x})"


def _images_of_a_cell(planes: list[Plane], announced: int | None) -> tuple[list, int]:
    """Return place and time of each plane, and how many images all places and times have."""
    places = [tuple(round(value, 1) for value in plane.position) for plane in planes]
    keys = [[plane.temporal_position for plane in planes]]
    keys += [[plane.clocks.get(clock) for plane in planes] for clock in ("acquisition", "trigger")]
    for values in keys:
        if None in values or len(set(values)) < 2:
            continue
        cells = list(zip(places, values, strict=True))
        counts = set(Counter(cells).values())
        if len(counts) == 1 and 2 <= min(counts) <= _MOST_ECHOES:
            return cells, counts.pop()
    counts = set(Counter(places).values())
    if announced and announced > 1 and len(counts) == 1:
        images = counts.pop()
        if images % announced == 0 and 2 <= images // announced <= _MOST_ECHOES:
            return places, images // announced
    return places, 0


def _recurring(values: list, cells: list, several: int) -> list[int] | None:
    """Return the rank of each value if every cell has the same `several` values as often."""
    try:
        known = sorted(set(values))
    except TypeError:
        return None
    if len(known) != several:
        return None
    found: dict = defaultdict(Counter)
    for cell, value in zip(cells, values, strict=True):
        found[cell][value] += 1
    for counts in found.values():
        if len(counts) != several or len(set(counts.values())) != 1:
            return None
    return [known.index(value) for value in values]


def _ranks_of_runs(tag: int, planes: list[Plane], cells: list, several: int) -> list[int] | None:
    """Return the order of GE's run numbers in each cell: they count on from echo to echo."""
    runs = [plane.run for plane in planes]
    if tag >> 16 != 0x0019 or tag & 0xFF != 0xA2 or None in runs:
        return None
    found: dict = defaultdict(list)
    for cell, run in zip(cells, runs, strict=True):
        found[cell].append(run)
    if any(len(set(each)) != several or len(each) != several for each in found.values()):
        return None
    return [sorted(found[cell]).index(run) for cell, run in zip(cells, runs, strict=True)]


def _elements(planes: list[Plane], kinds: set[str]) -> dict[int, list]:
    """Return the values of every element that all files have, by tag, one for each plane."""
    import pydicom

    paths = list(dict.fromkeys(plane.path for plane in planes))
    if any(plane.frame is not None for plane in planes):
        return _dimensions(planes)
    found: dict[int, dict] = {}
    with quiet_libraries():
        for done, path in enumerate(paths):
            with contextlib.suppress(Exception):  # a damaged header just tells nothing
                dataset = pydicom.dcmread(path, stop_before_pixels=True, force=True)
                values = {int(e.tag): _plain(e) for e in dataset if _counts(e, kinds)}
                found = {tag: found.get(tag, {}) for tag in values if not done or tag in found}
                for tag in found:
                    found[tag][path] = values[tag]
    complete = {tag: values for tag, values in found.items() if len(values) == len(paths)}
    return {
        tag: [values[plane.path] for plane in planes]
        for tag, values in complete.items()
        if len({str(value) for value in values.values()}) > 1
    }


def _dimensions(planes: list[Plane]) -> dict[int, list]:
    """Return the Dimension Index Values of frames, each column under a number above all tags."""
    lengths = {len(plane.dimension) for plane in planes}
    if len(lengths) > 1:
        return {}
    return {
        _DIMENSION_INDEX_VALUES + (column << 32): [plane.dimension[column] for plane in planes]
        for column in range(lengths.pop())
    }


def _counts(element, kinds: set[str]) -> bool:
    if element.tag.group in _SKIPPED_GROUPS or int(element.tag) in _SKIPPED_TAGS:
        return False
    value = element.value
    if element.VR == "UN":
        return isinstance(value, bytes) and 0 < len(value) <= _LONGEST_UNKNOWN
    single = isinstance(value, str | int | float | np.number) and value != ""
    return element.VR in kinds and single


def _plain(element):
    """Return an element's value; archives turn private ones into bytes of an unknown kind."""
    value = element.value
    if not isinstance(value, bytes):
        return value
    text = value.strip(b"\x00 ")
    if text and all(32 <= byte < 127 for byte in text):
        found = number(text.decode("ascii"))
        return text.decode("ascii") if found is None else found
    return int.from_bytes(value, "little")
