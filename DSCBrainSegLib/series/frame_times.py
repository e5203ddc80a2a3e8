"""The time of each time point in seconds, from whichever clock of the header can be trusted.

Clocks of a plane (`Plane.clocks`), in order of trust:

- ``offset``: Temporal Position Time Offset (0020,930D), enhanced files.
- ``acquisition``: Acquisition Date/Time (0008,0022/0032/002A), Frame Acquisition DateTime
  (0018,9074). Siemens, Philips and UIH write it for each time point; GE writes the same for all.
- ``dynamic``: Philips dynamic scan begin time (2005,10A0).
- ``trigger``: Trigger Time (0018,1060), which GE counts through the run for each slice.
- ``timer``: GE RTIA timer (0021,105E).
- ``reference``: Frame Reference DateTime (0018,9151).
- ``content``: Content Time (0008,0033); Siemens writes the time of reconstruction, so it counts
  only where it keeps the pace of the repetition time.

A clock that is slower or faster than any EPI can be is not believed.
"""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.series.planes import Plane

_TRUSTED = ("offset", "acquisition", "dynamic", "trigger")
_CHECKED = ("timer", "reference", "content")
_SAME_PACE = 0.1  # relative difference from the repetition time that a checked clock may have
_SHORTEST_STEP_S = 0.05  # EPI of several slices takes longer
_LONGEST_STEP_S = 20.0
_SHORTEST_REPETITION_S = 0.01  # PRESTO repeats every 15 to 30 ms
_MOST_KNOWN = 0.8  # part of the time points that must have a clock's time
_DAY_S = 86400.0


def past_midnight(planes: list[Plane]) -> None:
    """Let the clocks of one scan run on past midnight, where the date is missing or stands still.

    A scan takes no half a day: where a clock's values leave a gap of 12 hours, those before the gap
    are of the next day.
    """
    for name in {name for plane in planes for name in plane.clocks}:
        values = sorted({plane.clocks[name] for plane in planes if name in plane.clocks})
        if values[-1] - values[0] <= _DAY_S / 2 or values[-1] - values[0] >= _DAY_S:
            continue
        widest = int(np.argmax(np.diff(values)))
        if values[widest + 1] - values[widest] <= _DAY_S / 2:
            continue
        for plane in planes:
            if plane.clocks.get(name, values[-1]) <= values[widest]:
                plane.clocks[name] += _DAY_S


def plausible_repetition_time(claimed: float | None, warnings: list[str]) -> float | None:
    """Return a repetition time in seconds that a series of EPI volumes can have, or None.

    Parameters
    ----------
    claimed : float or None
        What the header says, in seconds.
    warnings : list of str
        Gets a sentence where it cannot be.
    """
    if claimed is None or claimed >= _SHORTEST_REPETITION_S:
        return claimed
    if _SHORTEST_STEP_S <= claimed * 1000.0 <= _LONGEST_STEP_S:
        warnings.append(
            f"A repetition time of {claimed * 1000.0:g} ms cannot be; it was taken as "
            f"{claimed * 1000.0:g} s."
        )
        return claimed * 1000.0
    warnings.append(f"A repetition time of {claimed * 1000.0:g} ms cannot be; it is not used.")
    return None


def frame_times(
    volumes: list[list[Plane]],
    numbers: list[int],
    repetition_time: float | None,
    warnings: list[str],
) -> tuple[np.ndarray, bool]:
    """Return the time (T,) of each time point in seconds after the first, and if a clock told it.

    Parameters
    ----------
    volumes : list of list of Plane
        Complete time points in order. The time of one is that of its earliest slice.
    numbers : list of int
        Number of each time point in the whole series, which leaves gaps where one was left out.
    repetition_time : float or None
        In seconds.
    warnings : list of str
        Gets a sentence where times had to be assumed.
    """
    if len(volumes) == 1:
        return np.zeros(1), True
    coarse = None
    for name in (*_TRUSTED, *_CHECKED):
        times = _clock_times(volumes, numbers, name)
        if times is None or np.any(np.diff(times) <= 0):
            continue
        pace = float(np.median(np.diff(times) / np.diff(numbers)))
        if pace < _SHORTEST_STEP_S:
            continue
        if name in _CHECKED and (
            not repetition_time or abs(pace / repetition_time - 1) > _SAME_PACE
        ):
            continue
        if _whole_seconds(times, repetition_time):
            # GE's Acquisition Time has no fraction: good enough only if nothing finer is there.
            coarse = times if coarse is None else coarse
            continue
        return _checked_gaps(times, numbers, warnings), True
    steps = np.array(numbers, dtype=float) - numbers[0]
    if coarse is not None:
        # Whole seconds that agree with the repetition time are its rounded multiples.
        if repetition_time and np.abs(steps * repetition_time - coarse).max() <= 1.0:
            return steps * repetition_time, True
        return _checked_gaps(coarse, numbers, warnings), True
    if repetition_time:
        warnings.append(
            "The header gives no usable time of each time point; repetition time "
            f"({repetition_time:g} s) x number of the time point is used."
        )
        return steps * repetition_time, False
    warnings.append(
        "The header gives neither times nor a repetition time; 1 s between time points is assumed."
    )
    return steps, False


def _clock_times(volumes, numbers, name: str) -> np.ndarray | None:
    """Return the clock's time of each volume; a few that lack it lie evenly between the others."""
    earliest = np.full(len(volumes), np.nan)
    for index, planes in enumerate(volumes):
        values = [plane.clocks[name] for plane in planes if name in plane.clocks]
        if values:
            earliest[index] = min(values)
    known = np.isfinite(earliest)
    if known.sum() < max(2, _MOST_KNOWN * len(volumes)):
        return None
    if not known.all():
        steps = np.array(numbers, dtype=float)
        pace, start = np.polyfit(steps[known], earliest[known], 1)
        earliest[~known] = np.interp(steps, steps[known], earliest[known])[~known]
        outside = (steps < steps[known].min()) | (steps > steps[known].max())
        earliest[outside] = start + pace * steps[outside]
    return np.round(earliest - earliest[0], 6)


def _whole_seconds(times: np.ndarray, repetition_time: float | None) -> bool:
    whole = bool(np.all(times == np.round(times)))
    return whole and not (repetition_time and float(repetition_time).is_integer())


def _checked_gaps(times: np.ndarray, numbers: list[int], warnings: list[str]) -> np.ndarray:
    steps = np.diff(times) / np.diff(numbers)
    usual = float(np.median(steps))
    worst = int(np.argmax(steps))
    if steps[worst] > 1.5 * usual:
        warnings.append(
            f"{steps[worst]:.2f} s lie between time points {numbers[worst] + 1} and "
            f"{numbers[worst + 1] + 1}, {usual:.2f} s elsewhere."
        )
    if usual > _LONGEST_STEP_S:
        warnings.append(f"{usual:.1f} s lie between time points, too long to follow a bolus.")
    return times
