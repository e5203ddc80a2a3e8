"""Which planes belong to the same time point, also where no header tag says so."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.planes import Plane

# Part of the table that a header tag may leave empty or take twice and still be believed. Without
# a tag, counting files hides holes: it moves later images up.
_BELIEVED_COST = 0.4
_MOST_NAMED = 5  # incomplete time points named one by one in the warnings


def remove_copies(planes: list[Plane], warnings: list[str]) -> list[Plane]:
    """Return `planes` without second copies of the same image.

    A copy has the same SOP Instance UID, or was given a new one by an archive but agrees in slice,
    instance number, temporal position and every time.
    """
    seen, kept, copies = set(), [], 0
    for plane in planes:
        identity = (plane.sop_uid, plane.frame, plane.tile)
        content = (
            plane.slot,
            plane.instance,
            plane.frame,
            plane.temporal_position,
            plane.acquisition,
            tuple(sorted(plane.clocks.items())),
        )
        known = (plane.sop_uid and identity in seen) or (
            plane.instance is not None and content in seen
        )
        seen |= {identity, content}
        if known:
            copies += 1
        else:
            kept.append(plane)
    if copies:
        files = len({plane.path for plane in planes}) - len({plane.path for plane in kept})
        warnings.append(f"{files or copies} files are second copies of an image and were left out.")
    return kept


def arrange(
    planes: list[Plane], slots: int, announced: int | None, warnings: list[str]
) -> tuple[list[list[Plane]], list[int]]:
    """Sort planes into complete time points.

    Every way in which a scanner may number time is tried, header tags before counting files; the
    one that leaves the fewest holes and clashes in the table of time points x slices is taken (the
    first of equals).

    Parameters
    ----------
    planes : list of Plane
        With `slot` set.
    slots : int
        Number of slices K.
    announced : int or None
        Number Of Temporal Positions (0020,0105).
    warnings : list of str
        Gets a sentence for what is missing, duplicated or left out.

    Returns
    -------
    volumes : list of list of Plane
        For each complete time point, in order, its K planes in order of slice.
    numbers : list of int
        0-based number of each among all time points that were found.

    Raises
    ------
    SeriesError
        No time point is complete.
    """
    name, values = _best_key(planes, slots, announced)
    table: dict = defaultdict(dict)
    clashes: Counter = Counter()
    order: dict = defaultdict(list)
    for plane, value in zip(planes, values, strict=True):
        if plane.slot in table[value]:
            clashes[value] += 1
            continue
        table[value][plane.slot] = plane
        order[value].append(_order(plane))
    found = sorted(table, key=lambda value: (value, min(order[value])))
    if name == "temporal position":
        _report_absent(found, warnings)
    for number, value in enumerate(found):
        if clashes[value]:
            warnings.append(
                f"Time point {number + 1} has {clashes[value]} slices twice; the first of each was "
                "used."
            )
    volumes, numbers = _complete(found, table, slots, warnings)
    if announced and announced > len(found):
        warnings.append(f"The header announces {announced} time points, {len(found)} were found.")
    return volumes, numbers


def _best_key(planes, slots, announced) -> tuple[str, list]:
    """Return the name of the best numbering of time and its value for each plane."""
    tags = [
        ("temporal position", [plane.temporal_position for plane in planes]),
        ("acquisition number", [plane.acquisition for plane in planes]),
    ]
    for clock in ("offset", "acquisition", "dynamic", "trigger", "content"):
        tags.append((clock, [plane.clocks.get(clock) for plane in planes]))
    tags = [(name, values) for name, values in tags if None not in values]
    costs = [_cost(planes, values, slots) for _, values in tags]
    if costs and min(costs) <= _BELIEVED_COST * len(planes):
        return tags[costs.index(min(costs))]
    counts = [*_instance_counts(planes, slots, announced), ("order", _rank_in_slot(planes))]
    return min(counts, key=lambda item: _cost(planes, item[1], slots))


def _instance_counts(planes, slots, announced) -> list[tuple[str, list]]:
    """Return time points as Instance Number (0020,0013) gives them, by volume or by slice."""
    if any(plane.instance is None or plane.frame is not None for plane in planes):
        return []
    length = max(Counter(plane.slot for plane in planes).values())
    numbers = np.array([plane.instance for plane in planes])
    found = []
    for first in (numbers.min(), 1):
        found.append(("instance by volume", ((numbers - first) // slots).tolist()))
        for count in {length, announced or length}:
            found.append(("instance by slice", ((numbers - first) % count).tolist()))
    return found


def _rank_in_slot(planes: list[Plane]) -> list[int]:
    """Number the planes of each slice in order of time."""
    ranks: dict[int, int] = {}
    count: Counter = Counter()
    for index in sorted(range(len(planes)), key=lambda index: _order(planes[index])):
        ranks[index] = count[planes[index].slot]
        count[planes[index].slot] += 1
    return [ranks[index] for index in range(len(planes))]


def _order(plane: Plane) -> tuple:
    return (
        plane.clocks.get("acquisition", 0.0),
        plane.acquisition or 0,
        plane.instance or 0,
        plane.frame or 0,
        plane.path.name,
    )


def _cost(planes: list[Plane], values: list, slots: int) -> int:
    """Count the holes and clashes of a table of time points x slices."""
    cells = {(value, plane.slot) for value, plane in zip(values, planes, strict=True)}
    clashes = len(planes) - len(cells)
    holes = len(set(values)) * slots - len(cells)
    return clashes + holes


def _report_absent(found: list[int], warnings: list[str]) -> None:
    absent = sorted(set(range(found[0], found[-1] + 1)) - set(found))
    if absent:
        warnings.append(f"Temporal positions {_listing(absent)} have no images at all.")


def _complete(found, table, slots, warnings) -> tuple[list[list[Plane]], list[int]]:
    volumes, numbers, incomplete = [], [], []
    for number, value in enumerate(found):
        missing = [slot + 1 for slot in range(slots) if slot not in table[value]]
        if missing:
            incomplete.append((number + 1, missing))
        else:
            volumes.append([table[value][slot] for slot in range(slots)])
            numbers.append(number)
    if not volumes:
        number, missing = min(incomplete, key=lambda item: len(item[1]))
        raise SeriesError(
            f"none of its {len(found)} time points has all {slots} slices (time point {number} "
            f"lacks {_slices(missing)}); add the missing files"
        )
    for number, missing in incomplete[:_MOST_NAMED]:
        warnings.append(f"Time point {number} lacks {_slices(missing)}; it was left out.")
    if len(incomplete) > _MOST_NAMED:
        more = [number for number, _ in incomplete[_MOST_NAMED:]]
        warnings.append(f"Time points {_listing(more)} are incomplete too and were left out.")
    if incomplete:
        warnings.append("In all results time points are counted without those left out.")
    return volumes, numbers


def _slices(missing: list[int]) -> str:
    return f"slice{'s' if len(missing) > 1 else ''} {_listing(missing)}"


def _listing(items: list[int], most: int = 8) -> str:
    """Return "3", "3 and 7", "3, 5 and 7" or "3, 5, 7 ... (12 in all)"."""
    words = [str(item) for item in items]
    if len(words) > most:
        return f"{', '.join(words[:most])} ... ({len(words)} in all)"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
