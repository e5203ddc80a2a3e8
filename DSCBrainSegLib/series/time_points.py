"""Which planes belong to the same time point, and in which order the time points come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.layout import Layout, Places, check_turns
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.time_keys import (
    TimeKey,
    clock_ranks,
    frame_keys,
    instance_keys,
    moved_counts,
    name_keys,
    tag_keys,
)

# Part of the table that a header tag may leave empty or take twice and still be believed. Without
# a tag, counting files hides holes: it moves later images up.
_BELIEVED_COST = 0.4
_MISSING = 0.05  # part of the images that may be missing from volumes of a size that is guessed
_MOST_NAMED = 5  # incomplete time points named one by one in the warnings
_GUESSED = ("file names", "the order of frames")
_ORDERING_CLOCKS = ("offset", "acquisition", "dynamic")


@dataclass(frozen=True)
class TimePoints:
    """Planes sorted into complete time points.

    Parameters
    ----------
    volumes : list of list of Plane
        For each complete time point, in order, its K planes in order of slice.
    numbers : list of int
        0-based number of each among all time points that were found.
    key : str
        What numbered them: "temporal position", "acquisition", "file names" ...
    cost : int
        Images that are missing or too many.
    """

    volumes: list[list[Plane]]
    numbers: list[int]
    key: str
    cost: int


def arrange(
    planes: list[Plane],
    announced: int | None,
    warnings: list[str],
    other_keys: Callable[[list[Plane]], list[TimeKey]] = lambda planes: [],
) -> TimePoints:
    """Sort planes into complete time points.

    Every way in which a scanner may number time is tried, header tags before counting files; the
    one that leaves the fewest holes and clashes in the table of time points x slices is taken (the
    first of equals). Slices are numbered along their normal, whatever their numbers say, and
    within each time point where the scanner moved them between time points.

    Parameters
    ----------
    planes : list of Plane
        Get their `slot` set.
    announced : int or None
        Number Of Temporal Positions (0020,0105).
    warnings : list of str
        Gets a sentence for what is missing, duplicated, left out or guessed.
    other_keys : callable
        Looks for more ways to number time where neither the known tags nor instance numbers do.

    Raises
    ------
    SeriesError
        No time point is complete, or the slices are of several orientations or all at one place.
    """
    check_turns(planes)
    places = Places(planes)
    _check_one_place(planes, places, announced)
    key, layout = _best(planes, places, announced, other_keys)
    _check_told_apart(planes, key, layout, announced)
    order, disagrees = _order_by_clock(planes, layout, key)
    if disagrees:
        warnings.append(
            f"The {key.name} and the acquisition times put the time points in different orders; "
            "the times are taken."
        )
    if key.name in _GUESSED and layout.times.max() > 0:
        warnings.append(
            f"No tag of the header tells which time point came first; {key.name} decided it, so "
            "check the signal over time."
        )
    elif key.name.startswith("element"):
        warnings.append(f"Only the {key.name} tells the order of the time points; it was taken.")
    table, clashes = _table(planes, layout, order)
    if key.name == "temporal position":
        _report_absent(sorted(set(key.values)), warnings)
    for number, count in sorted(clashes.items()):
        warnings.append(
            f"Time point {number + 1} has {count} slices twice; the first of each was used."
        )
    volumes, numbers = _complete(table, layout.slices, warnings)
    if announced and announced > len(table):
        warnings.append(f"The header announces {announced} time points, {len(table)} were found.")
    return TimePoints(volumes, numbers, key.name, layout.cost)


def _check_one_place(planes: list[Plane], places: Places, announced: int | None) -> None:
    """Refuse several slices that all claim one position: nothing tells which is which."""
    if places.slices > 1 or not places.comparable or len(planes) == 1:
        return
    locations = {round(plane.location or 0.0, 1) for plane in planes}
    counts = Counter(plane.temporal_position for plane in planes).values()
    several = len(locations) > 1 or (len(counts) > 1 and min(counts) > 1)
    if announced and announced > 1 and len(planes) % announced == 0:
        several |= len(planes) > announced
    if several:
        raise SeriesError(
            "all its slices claim to lie at one place (ImagePositionPatient), so which is which "
            "cannot be told; export it again from the scanner"
        )


def _check_told_apart(planes, key: TimeKey, layout: Layout, announced: int | None) -> None:
    """Refuse several images of each slice and time that nothing but a count tells apart."""
    positions = Counter(plane.temporal_position for plane in planes)
    if announced is None or len(positions) != announced or announced < 2:
        return
    several = layout.times.max() + 1
    counted = key.name in (*_GUESSED, "instance number") or layout.cost > 0
    if counted and len(set(positions.values())) == 1 and several % announced == 0:
        times = int(several // announced)
        images = min(positions.values()) // layout.slices
        if times > 1 or images > 1:
            raise SeriesError(
                f"each slice is there {max(times, images)} times at each of its {announced} time "
                "points, and nothing in the header tells the images apart (several echoes, or "
                "magnitude and phase?); export them as series of their own"
            )


def _best(planes, places: Places, announced, other_keys) -> tuple[TimeKey, Layout]:
    """Return the numbering of time that fits best, and its table."""
    believed = _BELIEVED_COST * len(planes)
    found = _cheapest(tag_keys(planes), places)
    if found and found[1].cost <= believed:
        return found
    slots = places.common([0] * len(planes)).slots
    counted = []
    if places.comparable:
        counted = instance_keys(planes, slots, places.slices, announced)
        # The order on a clock is evidence, but hides lost images, which instance numbers show.
        counted += clock_ranks(planes, slots)
    found = _cheapest(counted, places, moving=False)
    if found and found[1].cost == 0 and not places.dense:
        return found
    moved = _moved(planes, places, by_name=False)
    if moved:
        return moved
    searched = _cheapest(other_keys(planes), places)
    if searched and searched[1].cost == 0:
        return searched
    if found and found[1].cost <= believed:
        return found
    guessed = frame_keys(planes, slots) or name_keys(planes, slots, places.slices, announced)
    moved = _moved(planes, places, by_name=True)
    if moved and (places.dense or not places.comparable):
        return moved
    candidates = [*counted, *guessed] if places.comparable else guessed
    return _cheapest(candidates, places, moving=False) or _nothing(guessed[-1], places)


def _moved(planes, places: Places, by_name: bool) -> tuple[TimeKey, Layout] | None:
    """Return volumes counted through the series whose slices moved, where none is incomplete."""
    best = None
    for key in moved_counts(planes, by_name):
        own = places.own(key.values)
        if own and own.cost <= _MISSING * len(planes) and (not best or own.cost < best[1].cost):
            best = (key, own)
    return best


def _nothing(key: TimeKey, places: Places) -> tuple[TimeKey, Layout]:
    if not places.comparable:
        raise SeriesError("its slices have several orientations (a localiser?)")
    return key, places.common(key.values)


def _cheapest(
    keys: list[TimeKey], places: Places, moving: bool = True
) -> tuple[TimeKey, Layout] | None:
    """Return the key whose table has the fewest faults; the same places in all times go first.

    Not so where all places together are denser than the slices of one stack. `moving` tries places
    of their own for each time point, too.
    """
    best, best_rank = None, None
    dense = places.count if places.dense else 0
    layouts = [places.common(key.values) for key in keys] if places.comparable else []
    for number, (key, layout) in enumerate(zip(keys, layouts, strict=False)):
        rank = (layout.cost + dense, False, 0, number)
        if best_rank is None or rank < best_rank:
            best, best_rank = (key, layout), rank
    if not moving or (best_rank is not None and best_rank[0] == 0):
        return best
    for number, key in enumerate(keys):
        layout = places.own(key.values)
        if layout is None:
            continue
        rank = (layout.cost, True, -layout.slices, number)
        if best_rank is None or rank < best_rank:
            best, best_rank = (key, layout), rank
    return best


def _order_by_clock(planes, layout: Layout, key: TimeKey) -> tuple[np.ndarray, bool]:
    """Return the time points in order, and whether a clock contradicts the key's order.

    A clock counts where it tells all time points apart: the spans of their images do not overlap.
    """
    count = int(layout.times.max()) + 1
    same = np.arange(count)
    if key.name in _ORDERING_CLOCKS:
        return same, False
    for name in _ORDERING_CLOCKS:
        values = [plane.clocks.get(name) for plane in planes]
        if None in values:
            continue
        first, last = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(first, layout.times, values)
        np.maximum.at(last, layout.times, values)
        order = np.argsort(first, kind="stable")
        if np.all(last[order][:-1] < first[order][1:]):
            return order, bool(np.any(order != same)) and key.name not in _GUESSED
    return same, False


def _table(planes, layout: Layout, order: np.ndarray) -> tuple[list[dict], Counter]:
    """Return the planes of each time point by slice, and how many found their cell taken."""
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    table: list[dict] = [{} for _ in order]
    clashes: Counter = Counter()
    for plane, time, slot in zip(planes, place[layout.times], layout.slots, strict=True):
        plane.slot = int(slot)
        if plane.slot in table[time]:
            clashes[int(time)] += 1
        else:
            table[time][plane.slot] = plane
    return table, clashes


def _report_absent(found: list[int], warnings: list[str]) -> None:
    absent = sorted(set(range(found[0], found[-1] + 1)) - set(found))
    if absent:
        warnings.append(f"Temporal positions {_listing(absent)} have no images at all.")


def _complete(table, slots, warnings) -> tuple[list[list[Plane]], list[int]]:
    volumes, numbers, incomplete = [], [], []
    for number, slices in enumerate(table):
        missing = [slot + 1 for slot in range(slots) if slot not in slices]
        if missing:
            incomplete.append((number + 1, missing))
        else:
            volumes.append([slices[slot] for slot in range(slots)])
            numbers.append(number)
    if not volumes:
        number, missing = min(incomplete, key=lambda item: len(item[1]))
        raise SeriesError(
            f"none of its {len(table)} time points has all {slots} slices (time point {number} "
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
