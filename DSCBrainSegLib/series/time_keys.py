"""Every way in which a header, a counter or a file's name may number the time points."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.series.planes import Plane

CLOCKS = ("offset", "acquisition", "dynamic", "trigger", "content")
"""Clocks that may have one value for each time point, in order of trust."""

_ROUND_NUMBERS = (100, 1000, 10000)
_MOST_GROUPS = 64  # numbers of slices that are tried where nothing tells it


@dataclass(frozen=True)
class TimeKey:
    """One way of numbering time: planes with the same value belong to the same time point.

    Parameters
    ----------
    name : str
        For messages: "temporal position", "file names" ...
    values : list
        One for each plane, in the order of time.
    """

    name: str
    values: list


def tag_keys(planes: list[Plane]) -> list[TimeKey]:
    """Return the header's tags that may number time points, the most trusted first."""
    keys = [
        TimeKey("temporal position", [plane.temporal_position for plane in planes]),
        TimeKey("acquisition number", [plane.acquisition for plane in planes]),
    ]
    keys += [TimeKey(name, [plane.clocks.get(name) for plane in planes]) for name in CLOCKS]
    lengths = {len(plane.dimension) for plane in planes}
    if len(lengths) == 1:
        # The sequence that says what the numbers mean is wrong in some files (Philips 11): a
        # number that is the time fills the table, any other does not.
        for column in range(lengths.pop()):
            values = [plane.dimension[column] for plane in planes]
            keys.append(TimeKey("dimension index", values))
    if all(plane.frame is not None for plane in planes):
        keys.append(TimeKey("instance number of the file", [plane.instance for plane in planes]))
    keys.append(TimeKey("run number", [plane.run for plane in planes]))
    keys.append(TimeKey("phase number", [plane.phase for plane in planes]))
    keys = [key for key in keys if None not in key.values]
    numbered = {key.name: key.values for key in keys}
    if {"temporal position", "acquisition number"} <= set(numbered):
        # Temporal positions may start again with each acquisition.
        pairs = zip(numbered["acquisition number"], numbered["temporal position"], strict=True)
        ranks = {pair: rank for rank, pair in enumerate(sorted(set(pairs)))}
        pairs = zip(numbered["acquisition number"], numbered["temporal position"], strict=True)
        keys.append(TimeKey("acquisition number", [ranks[pair] for pair in pairs]))
    return keys


def clock_ranks(planes: list[Plane], slots: np.ndarray) -> list[TimeKey]:
    """Return the order of the images of each slice on a clock that runs on from slice to slice."""
    keys = []
    for name in ("acquisition", "dynamic", "trigger", "timer", "reference"):
        values = [plane.clocks.get(name) for plane in planes]
        if None in values or not _distinct(values, slots):
            continue
        ranks = _rank_in_slot(values, slots)
        if _in_blocks(values, ranks):  # an anonymiser's random times do not
            keys.append(TimeKey(name, ranks))
    return keys


def instance_keys(
    planes: list[Plane], slots: np.ndarray, slices: int, announced: int | None
) -> list[TimeKey]:
    """Return time points as Instance Number (0020,0013) gives them, by volume or by slice."""
    numbers = [plane.instance if plane.frame is None else plane.source_instance for plane in planes]
    if None in numbers:
        return []
    keys = running_keys("instance number", numbers, slots, slices, announced)
    # Volumes may start at round numbers: 101, 102, ... 201, 202, ...
    keys += [
        TimeKey("instance number", [number // step for number in numbers])
        for step in _ROUND_NUMBERS
    ]
    if _distinct(numbers, slots):
        ranks = _rank_in_slot(numbers, slots)
        # Numbers that run neither through volumes nor through slices (Philips) tell nothing.
        if _in_blocks(numbers, ranks) or _in_blocks(numbers, slots.tolist()):
            keys.append(TimeKey("instance number", ranks))
    return keys


def frame_keys(planes: list[Plane], slots: np.ndarray) -> list[TimeKey]:
    """Return the order of frames in multi-frame files, which the standard gives no meaning."""
    if any(plane.frame is None for plane in planes):
        return []
    return [TimeKey("the order of frames", _rank_in_slot(_in_files(planes), slots))]


def name_keys(
    planes: list[Plane], slots: np.ndarray, slices: int, announced: int | None
) -> list[TimeKey]:
    """Return what the names of files tell: the numbers in them, and their natural order."""
    keys = []
    fields = [_number_fields(plane) for plane in planes]
    if len({len(each) for each in fields}) == 1 and fields[0]:
        for column in range(len(fields[0])):
            keys.append(TimeKey("file names", [each[column] for each in fields]))
        last = [each[-1] for each in fields]
        if len(set(last)) == len({plane.path for plane in planes}):
            keys += running_keys("file names", last, slots, slices, announced)
    folders = sorted({plane.path.parent for plane in planes}, key=lambda path: natural(str(path)))
    if len(folders) > 1:
        ranks = {folder: rank for rank, folder in enumerate(folders)}
        keys.append(TimeKey("file names", [ranks[plane.path.parent] for plane in planes]))
    keys.append(TimeKey("file names", _rank_in_slot(_in_files(planes), slots)))
    return keys


def running_keys(name, numbers, slots, slices, announced) -> list[TimeKey]:
    """Return the time points of images counted through a series, by volume or by slice."""
    length = max(Counter(slots.tolist()).values())
    numbers = np.array(numbers)
    keys = []
    for first in dict.fromkeys((int(numbers.min()), 1)):
        keys.append(TimeKey(name, ((numbers - first) // slices).tolist()))
        for count in dict.fromkeys((length, announced or length)):
            keys.append(TimeKey(name, ((numbers - first) % count).tolist()))
    return keys


def moved_counts(planes: list[Plane], by_name: bool) -> list[TimeKey]:
    """Return volumes of any size counted through the series, where the slices moved.

    They are counted by instance number or, if asked, by name. The largest size comes first: half a
    volume is a stack, too.
    """
    if by_name:
        name, numbers = "file names", _in_files(planes)
    else:
        name, numbers = "instance number", [plane.instance for plane in planes]
        if None in numbers or len(set(numbers)) < len(planes):
            return []
    counted = np.array(numbers) - min(numbers)
    span = int(counted.max()) + 1
    sizes = [size for size in range(span // 2, 1, -1) if span % size == 0]
    sizes = sizes[-_MOST_GROUPS:]
    by_volume = [TimeKey(name, (counted // size).tolist()) for size in sizes]
    return by_volume + [TimeKey(name, (counted % (span // size)).tolist()) for size in sizes]


def natural(name: str) -> tuple:
    """Return what sorts names as people count: MR.2 before MR.10."""
    parts = re.split(r"([0-9]+)", name.lower())
    return tuple((int(part), part) if part.isdecimal() else (-1, part) for part in parts)


def _in_files(planes: list[Plane]) -> list[int]:
    """Number the planes in the natural order of their files, then of the frames in them."""
    keys = [(natural(str(plane.path)), plane.frame or 0) for plane in planes]
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    return [ranks[key] for key in keys]


def _number_fields(plane: Plane) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", plane.path.name)]


def _distinct(values: list, slots: np.ndarray) -> bool:
    return len(set(zip(values, slots.tolist(), strict=True))) == len(values)


def _in_blocks(numbers: list, groups: list) -> bool:
    """Say whether the numbers or times of one group end before those of another begin."""
    spans: dict = {}
    for number, group in zip(numbers, groups, strict=True):
        low, high = spans.get(group, (number, number))
        spans[group] = [min(low, number), max(high, number)]
    ordered = sorted(spans.values())
    return all(one[1] < other[0] for one, other in itertools.pairwise(ordered))


def _rank_in_slot(values: list, slots: np.ndarray) -> list[int]:
    ranks = [0] * len(values)
    count: dict[int, int] = defaultdict(int)
    for index in sorted(range(len(values)), key=lambda index: values[index]):
        ranks[index] = count[slots[index]]
        count[slots[index]] += 1
    return ranks
