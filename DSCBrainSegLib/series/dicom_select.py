"""Which of several DICOM series is the dynamic T2*-weighted one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.dicom_parts import SeriesPart

ECHO_TIME_RANGE_S = (0.010, 0.080)  # T2*-weighted at 1.5 to 7 T
USUAL_ECHO_TIME_S = 0.030
_MANY_TIME_POINTS = 10  # a bolus passage needs more; a shorter series is a test or a reference

_COMPONENT_NAMES = {
    "P": "a phase image",
    "R": "the real part of an image",
    "I": "the imaginary part of an image",
    "F": "a computed map",
}


class Fitness(IntEnum):
    """How well a series suits the task."""

    UNREADABLE = 0
    ONLY_BY_NAME = 1
    USABLE = 2
    DYNAMIC_T2STAR = 3


@dataclass(frozen=True)
class SeriesSummary:
    """One line about a series, for a person who has to choose.

    Echo and repetition time in seconds; `selector` is what `series_uid` of `read_series` accepts;
    `reason` says why it is not a dynamic T2*-weighted series ("" if it is).
    """

    uid: str
    selector: str
    number: int | None
    description: str
    modality: str
    frames: int
    slices: int
    rows: int
    columns: int
    echo_time: float | None
    repetition_time: float | None
    is_dynamic_t2star: bool
    reason: str

    def __str__(self) -> str:
        size = f"{self.frames} x {self.slices} x {self.rows} x {self.columns}"
        echo = f", TE {self.echo_time * 1000:g} ms" if self.echo_time else ""
        number = f"series {self.number} " if self.number is not None else ""
        return f"{self.selector}  {number}{self.description!r}, {size}{echo}"


def summarise(part: SeriesPart) -> SeriesSummary:
    """Return the summary of a part of a series."""
    fitness, reason = judge(part)
    frames = slices = 0
    if fitness > Fitness.UNREADABLE:
        frames, slices = len(part.volumes.planes), len(part.volumes.planes[0])
    return SeriesSummary(
        uid=part.facts.series_uid,
        selector=part.selector,
        number=part.facts.number,
        description=part.facts.description,
        modality=part.facts.modality,
        frames=frames,
        slices=slices,
        rows=part.planes[0].rows if part.planes else 0,
        columns=part.planes[0].columns if part.planes else 0,
        echo_time=part.echo_time,
        repetition_time=part.facts.repetition_time,
        is_dynamic_t2star=fitness == Fitness.DYNAMIC_T2STAR,
        reason=reason,
    )


def judge(part: SeriesPart) -> tuple[Fitness, str]:
    """Return how well a part suits, and why not better ("" for the best)."""
    facts = part.facts
    if facts.modality != "MR":
        return Fitness.UNREADABLE, f"its modality is {facts.modality or 'not given'}, not MR"
    try:
        time_points = len(part.volumes.planes)
    except SeriesError as error:
        return Fitness.UNREADABLE, "a localiser" if facts.localiser else str(error)
    if facts.localiser:
        return Fitness.ONLY_BY_NAME, "a localiser"
    plane = part.planes[0]
    if plane.component != "M":
        return Fitness.ONLY_BY_NAME, _COMPONENT_NAMES[plane.component]
    if plane.derived:
        return Fitness.ONLY_BY_NAME, "derived from other images"
    if facts.diffusion:
        return Fitness.ONLY_BY_NAME, "diffusion-weighted"
    # A series of EPI or of several time points can still be segmented, if less well.
    otherwise = Fitness.USABLE if facts.echo_planar or time_points > 1 else Fitness.ONLY_BY_NAME
    if facts.spin_echo:
        usable = facts.echo_planar and otherwise
        return usable or Fitness.ONLY_BY_NAME, "spin echo, T2- not T2*-weighted"
    if facts.labelling:
        return otherwise, "arterial spin labelling"
    if part.echo_time is None:
        return otherwise, "its echo time is not given"
    low, high = ECHO_TIME_RANGE_S
    if not low <= part.echo_time <= high:
        usable = facts.echo_planar and otherwise
        return (
            usable or Fitness.ONLY_BY_NAME,
            f"echo time {part.echo_time * 1000:g} ms, not {low * 1000:g} to {high * 1000:g} ms",
        )
    if time_points == 1:
        return otherwise, "it has one time point only"
    return Fitness.DYNAMIC_T2STAR, ""


def choose(
    parts: list[SeriesPart], name: str, series_uid: str | None
) -> tuple[SeriesPart, list[str]]:
    """Return the part to read and what to warn of.

    Parameters
    ----------
    parts : list of SeriesPart
        At least one.
    name : str
        What was opened, for messages.
    series_uid : str or None
        Series Instance UID, or ``UID@30ms`` for one echo of it; None to find it.

    Raises
    ------
    SeriesError
        Nothing suits, several suit equally, or the asked series is not there.
    """
    if series_uid:
        chosen = _asked(parts, name, series_uid)
        return chosen, _echo_warning(parts, chosen, series_uid)
    ranked: dict[tuple, list[SeriesPart]] = {}
    for uid in {part.facts.series_uid for part in parts}:
        part = _best_echo([part for part in parts if part.facts.series_uid == uid])
        ranked.setdefault(_rank(part), []).append(part)
    best = max(ranked)
    candidates = ranked[best]
    if best[0] < Fitness.USABLE:
        raise _nothing_suits(parts, name)
    if len(candidates) > 1:
        candidates.sort(key=lambda part: (part.facts.number or 0, part.facts.series_uid))
        lines = "".join(f"\n  {summarise(part)}" for part in candidates)
        raise SeriesError(
            f"{name} holds {len(candidates)} series that suit equally well; choose one with "
            f"--series UID:{lines}"
        )
    chosen = candidates[0]
    warnings = _echo_warning(parts, chosen, None)
    others = len({part.facts.series_uid for part in parts}) - 1
    if others:
        warnings.append(
            f"Series {chosen.facts.number} {chosen.facts.description!r} was chosen from "
            f"{others + 1} series."
        )
    return chosen, warnings


def unfit_warning(part: SeriesPart) -> list[str]:
    """Return a warning where a part that was chosen is not a dynamic T2*-weighted series."""
    _, reason = judge(part)
    return [f"This is not a usual dynamic T2*-weighted series: {reason}."] if reason else []


def _rank(part: SeriesPart) -> tuple:
    fitness, _ = judge(part)
    if fitness < Fitness.USABLE:
        return (fitness,)
    time_points = len(part.volumes.planes)
    facts = part.facts
    return (
        fitness,
        time_points > 1,
        facts.perfusion,
        time_points >= _MANY_TIME_POINTS,
        not facts.motion_corrected,
    )


def _best_echo(parts: list[SeriesPart]) -> SeriesPart:
    return max(parts, key=lambda part: (judge(part)[0], -_echo_distance(part)))


def _echo_distance(part: SeriesPart) -> float:
    return abs((part.echo_time or 0.0) - USUAL_ECHO_TIME_S)


def _asked(parts: list[SeriesPart], name: str, series_uid: str) -> SeriesPart:
    found = [part for part in parts if series_uid in (part.selector, part.facts.series_uid)]
    if not found:
        lines = "".join(f"\n  {summarise(part)}" for part in parts)
        raise SeriesError(f"{name} holds no series {series_uid}; it holds:{lines}")
    chosen = _best_echo(found)
    fitness, reason = judge(chosen)
    if fitness == Fitness.UNREADABLE:
        raise SeriesError(f"Series {series_uid} in {name} cannot be used: {reason}.")
    return chosen


def _echo_warning(parts: list[SeriesPart], chosen: SeriesPart, series_uid: str | None) -> list[str]:
    if chosen.echoes < 2 or series_uid == chosen.selector:
        return []
    same = [part for part in parts if part.facts.series_uid == chosen.facts.series_uid]
    listed = ", ".join(sorted({part.selector.split("@")[-1] for part in same}))
    used = f"{chosen.echo_time * 1000:g} ms" if chosen.echo_time else "one"
    return [
        f"The series has several echoes ({listed}); {used} is used, --series UID@...ms chooses."
    ]


def _nothing_suits(parts: list[SeriesPart], name: str) -> SeriesError:
    judged = [(part, *judge(part)) for part in parts]
    readable = [part for part, fitness, _ in judged if fitness > Fitness.UNREADABLE]
    if len(judged) == 1:
        part, fitness, reason = judged[0]
        what = f"The series {part.facts.description!r} in {name}"
        if fitness == Fitness.UNREADABLE:
            return SeriesError(
                f"{what} cannot be used: {reason}; give the folder of a DSC perfusion MRI series."
            )
        return SeriesError(
            f"{what} is not a dynamic T2*-weighted series ({reason}); to use it all the same give "
            f"--series {part.selector}."
        )
    lines = "".join(
        f"\n  {summarise(part)}: {reason}" if part in readable else f"\n  {_plain(part)}: {reason}"
        for part, _, reason in judged
    )
    return SeriesError(
        f"{name} holds no dynamic T2*-weighted series; to use one of these all the same give "
        f"--series UID:{lines}"
    )


def _plain(part: SeriesPart) -> str:
    return f"{part.selector}  series {part.facts.number} {part.facts.description!r}"
