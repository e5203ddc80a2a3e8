"""Join what one scan was torn into, and find the echoes that belong together.

Scanners (Canon: a Series Instance UID for each slice; Siemens XA: two for one run), archives and
anonymisers (a UID for each file) tear scans apart. What agrees in study, description, sequence,
size, direction and frame of reference is tried together and kept together if the whole is one
even table of time points and slices, at an even pace.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from DSCBrainSegLib.series.dicom_parts import SeriesPart, read_parts, split_echoes
from DSCBrainSegLib.series.dicom_scan import Scan
from DSCBrainSegLib.series.layout import same_orientation
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.time_keys import natural

_MOST_FAULTS = 0.1  # part of the images that may be missing or too many in what was joined
_LARGEST_GAP = 2.5  # largest step between joined time points, in units of the usual one
_PACE_S = (0.05, 20.0)  # of time points in series of different numbers
_SAME_PLACE_MM = 0.1
_MANY_FILES = 8  # with a series number each, which then says nothing
_COMPONENTS = {"M": "magnitude", "P": "phase", "R": "real", "I": "imaginary", "F": "map"}


def find_parts(scan: Scan) -> list[SeriesPart]:
    """Sort scanned images into the parts of scans, in order of series number and echo."""
    with quiet_libraries():
        parts = _join(read_parts(scan))
        _number_echoes(parts)
    _name_parts(parts)
    return sorted(
        parts,
        key=lambda part: (
            part.facts.number or 0,
            natural(part.uids[0]),
            part.echo,
            part.echo_time or 0.0,
            part.tokens,
        ),
    )


def _join(parts: list[SeriesPart]) -> list[SeriesPart]:
    groups: dict = defaultdict(list)
    for part in parts:
        groups[_signature(part)].append(part)
    joined = []
    for group in groups.values():
        if len(group) == 1:
            joined += group
            continue
        by_number = defaultdict(list)
        for part in group:
            by_number[part.facts.number].append(part)
        if _a_number_for_each_file(group, len(by_number)):
            joined += _join_group(group, same_number=True)
            continue
        found = []
        for same in by_number.values():
            found += _join_group(same, same_number=True)
        joined += _join_group(found, same_number=False) if len(by_number) > 1 else found
    return joined


def _a_number_for_each_file(parts: list[SeriesPart], numbers: int) -> bool:
    """Say whether an anonymiser numbered files as series: many, each of one image."""
    return numbers == len(parts) >= _MANY_FILES and all(len(part.planes) == 1 for part in parts)


def _signature(part: SeriesPart) -> tuple:
    facts = part.facts
    if not part.planes:
        return ("unreadable", id(part))
    plane = part.planes[0]
    return (
        *(facts.modality, facts.manufacturer, facts.model, facts.description),
        *(facts.sequence_name, plane.rows, plane.columns, plane.component, plane.derived),
        *(plane.frame is None, plane.tile is None),
        tuple(round(value, 2) for value in plane.spacing),
        tuple(round(value) for value in plane.orientation),
        None if plane.thickness is None else round(plane.thickness, 1),
    )


def _join_group(parts: list[SeriesPart], same_number: bool) -> list[SeriesPart]:
    """Return `parts` with those joined that are one scan."""
    found: list[SeriesPart] = []
    for group in _same_references(parts):
        for near in _same_direction(group):
            found += _joined(near, same_number)
    return found


def _same_references(parts: list[SeriesPart]) -> list[list[SeriesPart]]:
    """Split by study and frame of reference, unless an anonymiser gave each file its own."""
    for name in ("study_uid", "frame_of_reference_uid"):
        values = {getattr(part.facts, name) for part in parts} - {""}
        if 1 < len(values) < max(len(parts), 3):
            groups = defaultdict(list)
            for part in parts:
                groups[getattr(part.facts, name)].append(part)
            return [each for group in groups.values() for each in _same_references(group)]
    return [parts]


def _same_direction(parts: list[SeriesPart]) -> list[list[SeriesPart]]:
    groups: list[list[SeriesPart]] = []
    for part in parts:
        orientation = part.planes[0].orientation
        for group in groups:
            if same_orientation(orientation, group[0].planes[0].orientation):
                group.append(part)
                break
        else:
            groups.append([part])
    return groups


def _joined(parts: list[SeriesPart], same_number: bool) -> list[SeriesPart]:
    if len(parts) < 2 or len({(tuple(part.uids), part.facts.number) for part in parts}) < 2:
        return parts
    whole = _union(parts)
    if whole and all(_is_one_scan(parts, each, same_number) for each in whole):
        return whole
    by_time = _at_gaps(parts)
    if len(by_time) < 2:
        return parts
    return [each for group in by_time for each in _joined(group, same_number)]


def _union(parts: list[SeriesPart]) -> list[SeriesPart]:
    """Return all images of `parts` as one part, or one for each echo."""
    parts = sorted(parts, key=lambda part: natural(part.uids[0]))
    planes = [plane for part in parts for plane in part.planes]
    members = {id(plane): part for part in parts for plane in part.planes}
    uids = list(dict.fromkeys(uid for part in parts for uid in part.uids))
    made = []
    for echo, told_by in split_echoes(planes, parts[0].facts.time_points_announced):
        first = members[id(echo[0])]
        own = set(map(id, echo))
        used = [uid for uid in uids if _has(parts, uid, own)]
        warnings = list(dict.fromkeys(text for part in parts for text in part.warnings))
        part = SeriesPart(first.facts, echo, uids=used, echo_told_by=told_by, warnings=warnings)
        part.slice_times = first.slice_times
        numbers = sorted({p.facts.number for p in parts if p.facts.number is not None})
        if len(used) > 1 or len(numbers) > 1:
            part.warnings.append(_note(used, numbers))
        made.append(part)
    return made


def _has(parts: list[SeriesPart], uid: str, planes: set[int]) -> bool:
    return any(uid in part.uids and planes & set(map(id, part.planes)) for part in parts)


def _note(uids: list[str], numbers: list[int]) -> str:
    what = f"The images of {len(uids)} Series Instance UIDs" if len(uids) > 1 else "The images"
    if len(numbers) > 1:
        what += f" and {len(numbers)} series numbers"
    return f"{what} were joined into one series, since description, place and time agree."


def _is_one_scan(parts: list[SeriesPart], whole: SeriesPart, same_number: bool) -> bool:
    count, slices = whole.shape
    if not count:
        return False
    volumes = whole.volumes
    if volumes.cost > _MOST_FAULTS * len(whole.planes):
        return False
    shapes = [part.shape for part in parts]
    if count == 1 and all(shape == (1, slices) for shape in shapes):
        return True  # second copies of one volume
    if not same_number and not volumes.timed:
        return False
    guessed = volumes.key in ("file names", "the order of frames")
    if any(shape[1] < slices for shape in shapes):
        return same_number or not guessed
    if _copies(parts, whole):
        return same_number
    if guessed:
        return same_number and all(shape[0] == 1 for shape in shapes)
    steps = np.diff(volumes.times)
    if not len(steps) or steps.min() <= 0:
        return False
    within = [np.diff(part.volumes.times) for part in parts if part.shape[0] > 1]
    usual = float(np.median(np.concatenate(within) if within else steps))
    if steps.max() > _LARGEST_GAP * usual:
        return False
    if same_number:
        return True
    # Another number is another scan unless the pace of an EPI series goes on.
    return count >= 3 and _PACE_S[0] <= usual <= _PACE_S[1] and steps.max() <= 1.5 * usual


def _copies(parts: list[SeriesPart], whole: SeriesPart) -> bool:
    """Say whether every part is the whole: the series was exported several times."""
    return all(part.shape == whole.shape for part in parts)


def _at_gaps(parts: list[SeriesPart]) -> list[list[SeriesPart]]:
    """Split parts where the scanner paused."""
    starts = [_start(part) for part in parts]
    if None in starts:
        return [parts]
    order = np.argsort(starts, kind="stable")
    gaps = np.diff(np.array(starts)[order])
    usual = float(np.median(gaps[gaps > 0])) if np.any(gaps > 0) else 0.0
    pauses = gaps > max(_PACE_S[1], 5 * usual)
    if not pauses.any():
        return [parts]
    groups = np.split(order, np.flatnonzero(pauses) + 1)
    return [[parts[index] for index in group] for group in groups]


def _start(part: SeriesPart) -> float | None:
    for clock in ("acquisition", "content"):
        times = [plane.clocks[clock] for plane in part.planes if clock in plane.clocks]
        if times:
            return min(times)
    return None


def _number_echoes(parts: list[SeriesPart]) -> None:
    """Number the echoes of each scan, be they in one series or in one for each echo."""
    families: list[list[SeriesPart]] = []
    for part in parts:
        for family in families:
            if _echoes_of_one_scan(part, family[0]):
                family.append(part)
                break
        else:
            families.append([part])
    for scan, family in enumerate(families):
        times = [part.echo_time for part in family]
        told = None not in times and len(set(times)) == len(times)
        if told:
            family.sort(key=lambda part: part.echo_time or 0.0)
        for number, part in enumerate(family, start=1):
            part.scan, part.echo, part.echoes = scan, number, len(family)
            if len(family) > 1:
                part.echo_word = f"{part.echo_time * 1000:g}ms" if told else f"echo{number}"


def _echoes_of_one_scan(one: SeriesPart, other: SeriesPart) -> bool:
    if not one.planes or not other.planes or one.shape != other.shape or not one.shape[0]:
        return False
    first, second = one.planes[0], other.planes[0]
    if (first.component, first.derived, first.rows, first.columns, first.frame is None) != (
        *(second.component, second.derived, second.rows, second.columns),
        second.frame is None,
    ):
        return False
    if np.abs(one.volumes.affine - other.volumes.affine).max() > _SAME_PLACE_MM:
        return False
    if set(one.uids) & set(other.uids) and one.facts.number == other.facts.number:
        return True
    # A series for each echo: other echo times at the same moments.
    if one.facts.study_uid != other.facts.study_uid or one.shape[0] < 2:
        return False
    if one.echo_time is None or other.echo_time is None:
        return False
    step = float(np.median(np.diff(one.volumes.times)))
    if not 0.001 < abs(one.echo_time - other.echo_time) < step:
        return False
    first_start, second_start = _start(one), _start(other)
    if first_start is None or second_start is None:
        return one.facts.number == other.facts.number
    return abs(first_start - second_start) < step


def _name_parts(parts: list[SeriesPart]) -> None:
    """Give parts that share a UID what tells them apart, so that each has a selector of its own."""
    by_uid = defaultdict(list)
    for part in parts:
        by_uid[part.uids[0]].append(part)
    for same in by_uid.values():
        if len(same) < 2:
            continue
        words = [part_words(part) for part in same]
        chosen: list[tuple[str, ...]] = [() for _ in same]
        for column in range(len(words[0])):
            if len(set(chosen)) == len(same):
                break
            if len({each[column] for each in words}) > 1:
                added = [each[column] for each in words]
                chosen = [
                    (*old, new) if new else old for old, new in zip(chosen, added, strict=True)
                ]
        for number, (part, tokens) in enumerate(zip(same, chosen, strict=True), start=1):
            part.tokens = tokens if chosen.count(tokens) == 1 else (*tokens, f"part{number}")


def part_words(part: SeriesPart) -> tuple[str, ...]:
    """Return what a part may be asked for by: echo, kind, series number, size, form, direction."""
    if not part.planes:
        return ("", "", "", "", "", "", "")
    plane = part.planes[0]
    normal = np.abs(np.cross(plane.orientation[:3], plane.orientation[3:]))
    return (
        part.echo_word,
        _COMPONENTS[plane.component],
        "derived" if plane.derived else "",
        f"series{part.facts.number}" if part.facts.number is not None else "",
        f"{plane.columns}x{plane.rows}",
        "classic" if plane.frame is None else "enhanced",
        ("sagittal", "coronal", "axial")[int(np.argmax(normal))],
    )
