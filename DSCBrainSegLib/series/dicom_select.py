"""Which of several DICOM series is the dynamic T2*-weighted one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.dicom_join import part_words
from DSCBrainSegLib.series.dicom_parts import SeriesPart

ECHO_TIME_RANGE_S = (0.010, 0.080)  # T2*-weighted at 1.5 to 7 T
USUAL_ECHO_TIME_S = 0.030
_MANY_TIME_POINTS = 10  # a bolus passage needs more; a shorter series is a test or a reference
_FEW_TIME_POINTS = 5  # images derived from others that are fewer are maps
_LONG_ECHO_S = 0.060  # diffusion-weighted images have longer ones
_MOST_LISTED = 15  # series in a message: a screen

_COMPONENT_NAMES = {
    "P": "a phase image",
    "R": "the real part of an image",
    "I": "the imaginary part of an image",
    "F": "a computed map",
}


_DERIVED = "derived from other images"
_ONE_TIME_POINT = "it has one time point only"
_CALLED_LOCALISER = "called a localiser"
BUT_FOR_TIME = (_DERIVED, _ONE_TIME_POINT, _CALLED_LOCALISER)
"""Reasons of `judge` that do not hold against a series of more time points than were looked at."""


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
    `reason` says why it is not a dynamic T2*-weighted series ("" if it is). `echo` counts the
    `echoes` of a scan from 1.
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
    echo: int = 1
    echoes: int = 1

    @property
    def echo_text(self) -> str:
        """Echo time and number as people read them, such as "TE 30 ms, echo 2 of 3"."""
        told = [f"TE {self.echo_time * 1000:g} ms"] if self.echo_time else []
        told += [f"echo {self.echo} of {self.echoes}"] if self.echoes > 1 else []
        return ", ".join(told)

    def __str__(self) -> str:
        size = f"{self.frames} x {self.slices} x {self.rows} x {self.columns}"
        echo = f", {self.echo_text}" if self.echo_text else ""
        number = f"series {self.number} " if self.number is not None else ""
        return f"{self.selector}  {number}{self.description!r}, {size}{echo}"


def with_echo(series_uid: str | None, echo: int | None) -> str | None:
    """Return what asks `read_series` for an echo, counted from 1, of a series (None: the best)."""
    return series_uid if echo is None else f"{series_uid or ''}@echo{echo}"


def summarise(part: SeriesPart) -> SeriesSummary:
    """Return the summary of a part of a series."""
    fitness, reason = judge(part)
    frames, slices = part.shape
    repetition_time = part.volumes.repetition_time if frames else part.facts.repetition_time
    return SeriesSummary(
        uid=part.uids[0],
        selector=part.selector,
        number=part.facts.number,
        description=part.facts.description,
        modality=part.facts.modality,
        frames=frames,
        slices=slices,
        rows=part.planes[0].rows if part.planes else 0,
        columns=part.planes[0].columns if part.planes else 0,
        echo_time=part.echo_time,
        repetition_time=repetition_time,
        is_dynamic_t2star=fitness == Fitness.DYNAMIC_T2STAR,
        reason=reason,
        echo=part.echo,
        echoes=part.echoes,
    )


def judge(part: SeriesPart) -> tuple[Fitness, str]:
    """Return how well a part suits, and why not better ("" for the best).

    The images are asked first (b-values, echo time, time points), the series' name last.
    """
    facts = part.facts
    try:
        time_points = len(part.volumes.planes)
    except SeriesError as error:
        localiser = facts.localiser or facts.named == "a localiser"
        return Fitness.UNREADABLE, "a localiser" if localiser else str(error)
    if facts.modality != "MR":
        return Fitness.ONLY_BY_NAME, f"its modality is {facts.modality or 'not given'}, not MR"
    plane = part.planes[0]
    if plane.component != "M":
        return Fitness.ONLY_BY_NAME, _COMPONENT_NAMES[plane.component]
    if plane.derived and time_points < _FEW_TIME_POINTS:
        return Fitness.ONLY_BY_NAME, _DERIVED
    by_name = _by_name(part, time_points)
    if by_name:
        return Fitness.ONLY_BY_NAME, by_name
    # A series of EPI or of several time points can still be segmented, if less well.
    otherwise = Fitness.USABLE if facts.echo_planar or time_points > 1 else Fitness.ONLY_BY_NAME
    if facts.spin_echo:
        usable = facts.echo_planar and otherwise
        return usable or Fitness.ONLY_BY_NAME, "spin echo, T2- not T2*-weighted"
    if facts.labelling or (facts.named == "arterial spin labelling" and not facts.contrast_agent):
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
    if time_points == 1 and facts.named == "a localiser":
        return Fitness.ONLY_BY_NAME, _CALLED_LOCALISER
    if time_points == 1:
        return otherwise, _ONE_TIME_POINT
    return Fitness.DYNAMIC_T2STAR, ""


def _by_name(part: SeriesPart, time_points: int) -> str:
    """Return what else it is: what the images say, or a name that they bear out."""
    facts = part.facts
    if part.diffusion:
        return "diffusion-weighted"
    if facts.localiser and time_points < _MANY_TIME_POINTS:
        return "a localiser"
    long_echo = (part.echo_time or 0.0) > _LONG_ECHO_S or facts.spin_echo
    return facts.named if facts.named == "diffusion-weighted" and long_echo else ""


def choose(
    parts: list[SeriesPart], name: str, wanted: str | None, given: list | None = None
) -> tuple[SeriesPart, list[str]]:
    """Return the part to read and what to warn of.

    Parameters
    ----------
    parts : list of SeriesPart
        At least one.
    name : str
        What was opened, for messages.
    wanted : str or None
        Series Instance UID; with ``@echo2``, ``@30ms``, ``@phase`` ... behind it a part of it;
        ``@echo2`` alone for that echo of the series that is found; None to find it.
    given : list of Path, optional
        Files of the series that is meant, where they were given instead of its folder.

    Raises
    ------
    SeriesError
        Nothing suits, several suit equally, or what was asked for is not there.
    """
    uid, *words = (wanted or "").split("@")
    echo = next((int(word[4:]) for word in words if re.fullmatch(r"echo\d+", word)), None)
    words = [word for word in words if not re.fullmatch(r"echo\d+|part\d+", word)]
    candidates = parts
    if uid or words:
        candidates = [part for part in parts if _is_asked(part, uid, words)]
        exact = [part for part in candidates if part.selector == wanted]
        candidates = exact or candidates
        if not candidates:
            raise SeriesError(f"{name} holds no series {wanted}; it holds:{_lines(parts)}")
    elif given:
        own = set(given)
        candidates = [part for part in parts if own & {plane.path for plane in part.planes}]
    chosen = _best(candidates or parts, name, asked=bool(uid or words or given))
    chosen = _of_echo(parts, chosen, echo, name)
    fitness, reason = judge(chosen)
    if fitness == Fitness.UNREADABLE:
        raise SeriesError(f"Series {wanted or chosen.selector} in {name} cannot be used: {reason}.")
    warnings = _echo_warning(parts, chosen, told=bool(echo or words))
    others = len({part.scan for part in parts}) - 1
    if others and not (uid or words or given):
        number = "" if chosen.facts.number is None else f"{chosen.facts.number} "
        warnings.append(
            f"Series {number}{chosen.facts.description!r} was chosen from {others + 1} series."
        )
    return chosen, warnings


def unfit_warning(part: SeriesPart) -> list[str]:
    """Return warnings where a part that was chosen is not a plain dynamic T2*-weighted series."""
    _, reason = judge(part)
    if reason:
        return [f"This is not a usual dynamic T2*-weighted series: {reason}."]
    if part.planes[0].derived:
        return ["Image Type says that these images were derived from others; look at them."]
    if part.facts.named:
        return [f"Its name suggests that it is {part.facts.named}, its images do not."]
    return []


def _is_asked(part: SeriesPart, uid: str, words: list[str]) -> bool:
    told = {*part.tokens, *part_words(part)}
    return (not uid or uid in part.uids) and set(words) <= told


def _best(parts: list[SeriesPart], name: str, asked: bool) -> SeriesPart:
    """Return the best part of the best scan; what a person asked for is not weighed up."""
    ranked: dict[tuple, list[SeriesPart]] = {}
    for scan in dict.fromkeys(part.scan for part in parts):
        part = _best_echo([part for part in parts if part.scan == scan])
        ranked.setdefault(_rank(part), []).append(part)
    best = max(ranked)
    candidates = ranked[best]
    if asked:
        return candidates[0]
    if best[0] < Fitness.USABLE:
        raise _nothing_suits(parts, name)
    if len(candidates) > 1 and not _two_forms(candidates):
        if all(part.shape[1] == 1 for part in candidates):
            raise SeriesError(
                f"{name} holds {len(candidates)} series of one slice each that do not fit "
                "together as one; export the whole series again."
            )
        raise SeriesError(
            f"{name} holds {len(candidates)} series that suit equally well; choose one with "
            f"--series UID:{_lines(candidates)}"
        )
    return candidates[0]


def _two_forms(parts: list[SeriesPart]) -> bool:
    """Say whether the parts are one scan that an archive keeps as classic and as enhanced files."""
    forms = {part.planes[0].frame is None for part in parts}
    scans = {(part.facts.number, part.facts.study_uid, part.shape) for part in parts}
    if len(parts) != 2 or len(forms) != 2:
        return False
    same = len(scans) == 1 or parts[0].uids == parts[1].uids
    return same and np.allclose(parts[0].volumes.affine, parts[1].volumes.affine, atol=0.1)


def _rank(part: SeriesPart) -> tuple:
    fitness, _ = judge(part)
    if fitness < Fitness.USABLE:
        return (fitness,)
    time_points, slices = part.shape
    facts = part.facts
    return (
        fitness,
        slices > 1,
        time_points > 1,
        facts.perfusion,
        time_points >= _MANY_TIME_POINTS,
        not part.planes[0].derived,
        not facts.motion_corrected,
        not facts.named,
    )


def _best_echo(parts: list[SeriesPart]) -> SeriesPart:
    return max(parts, key=lambda part: (judge(part)[0], -_echo_distance(part), -part.echo))


def _echo_distance(part: SeriesPart) -> float:
    return abs((part.echo_time or 0.0) - USUAL_ECHO_TIME_S)


def _of_echo(
    parts: list[SeriesPart], chosen: SeriesPart, echo: int | None, name: str
) -> SeriesPart:
    """Return the asked echo of the scan that `chosen` is of."""
    if echo is None:
        return chosen
    found = [part for part in parts if part.scan == chosen.scan and part.echo == echo]
    if found:
        return found[0]
    if chosen.echoes < 2:
        raise SeriesError(f"The series in {name} has a single echo, so there is no echo {echo}.")
    raise SeriesError(
        f"The series in {name} has {chosen.echoes} echoes ({_echo_list(parts, chosen)}); there is "
        f"no echo {echo}."
    )


def _echo_list(parts: list[SeriesPart], chosen: SeriesPart) -> str:
    echoes = sorted(
        (part for part in parts if part.scan == chosen.scan), key=lambda part: part.echo
    )
    times = [part.echo_time for part in echoes]
    if None in times or len(set(times)) < len(times):
        return ", ".join(str(part.echo) for part in echoes)
    return ", ".join(f"{time * 1000:g} ms" for time in times if time)


def _echo_warning(parts: list[SeriesPart], chosen: SeriesPart, told: bool) -> list[str]:
    if chosen.echoes < 2:
        return []
    if chosen.echo_told_by:
        return [
            f"The series has {chosen.echoes} images of each slice at each time, which only the "
            f"{chosen.echo_told_by} tells apart; the {chosen.echo}. of them is used, --echo "
            "chooses."
        ]
    if told:
        return []
    time = f" ({chosen.echo_time * 1000:g} ms)" if chosen.echo_time else ""
    return [
        f"The series has several echoes ({_echo_list(parts, chosen)}); echo {chosen.echo}{time} is "
        "used, --echo chooses."
    ]


def _nothing_suits(parts: list[SeriesPart], name: str) -> SeriesError:
    if len(parts) == 1:
        part = parts[0]
        fitness, reason = judge(part)
        what = f"The series {part.facts.description!r} in {name}"
        if fitness == Fitness.UNREADABLE:
            return SeriesError(
                f"{what} cannot be used: {reason}; give the folder of a DSC perfusion MRI series."
            )
        return SeriesError(
            f"{what} is not a dynamic T2*-weighted series ({reason}); to use it all the same give "
            f"--series {part.selector}."
        )
    return SeriesError(
        f"{name} holds no dynamic T2*-weighted series; to use one of these all the same give "
        f"--series UID:{_lines(parts, reasons=True)}"
    )


def _lines(parts: list[SeriesPart], reasons: bool = False) -> str:
    """Return a line for each part, a screen of them at most, the best ones first."""
    ranked = sorted(parts, key=lambda part: (-judge(part)[0], -part.shape[0] * part.shape[1]))
    shown = ranked[:_MOST_LISTED]
    text = ""
    for part in sorted(shown, key=parts.index):
        fitness, reason = judge(part)
        line = str(summarise(part)) if fitness > Fitness.UNREADABLE else _plain(part)
        text += f"\n  {line}{': ' + reason if reasons and reason else ''}"
    if len(parts) > len(shown):
        text += f"\n  and {len(parts) - len(shown)} more ('dscbrainseg info' lists all)"
    return text


def _plain(part: SeriesPart) -> str:
    number = "" if part.facts.number is None else f"series {part.facts.number} "
    return f"{part.selector}  {number}{part.facts.description!r}"
