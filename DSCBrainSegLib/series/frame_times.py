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
"""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.series.planes import Plane

_TRUSTED = ("offset", "acquisition", "dynamic", "trigger")
_CHECKED = ("timer", "reference", "content")
_SAME_PACE = 0.1  # relative difference from the repetition time that a checked clock may have
_DAY_S = 86400.0


def frame_times(
    volumes: list[list[Plane]],
    numbers: list[int],
    repetition_time: float | None,
    warnings: list[str],
) -> np.ndarray:
    """Return the time (T,) of each time point in seconds after the first.

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
        return np.zeros(1)
    coarse = None
    for name in (*_TRUSTED, *_CHECKED):
        times = _clock_times(volumes, name)
        if times is None or np.any(np.diff(times) <= 0):
            continue
        pace = float(np.median(np.diff(times) / np.diff(numbers)))
        if name in _CHECKED and (
            not repetition_time or abs(pace / repetition_time - 1) > _SAME_PACE
        ):
            continue
        if _whole_seconds(times, repetition_time):
            # GE's Acquisition Time has no fraction: good enough only if nothing finer is there.
            coarse = times if coarse is None else coarse
            continue
        return _checked_gaps(times, numbers, warnings)
    if coarse is not None:
        return _checked_gaps(coarse, numbers, warnings)
    steps = np.array(numbers, dtype=float) - numbers[0]
    if repetition_time:
        warnings.append(
            "The header gives no usable time of each time point; repetition time "
            f"({repetition_time:g} s) x number of the time point is used."
        )
        return steps * repetition_time
    warnings.append(
        "The header gives neither times nor a repetition time; 1 s between time points is assumed."
    )
    return steps


def _clock_times(volumes, name: str) -> np.ndarray | None:
    earliest = []
    for planes in volumes:
        values = [plane.clocks[name] for plane in planes if name in plane.clocks]
        if not values:
            return None
        earliest.append(min(values))
    times = np.array(earliest)
    # Times without a date start again at midnight.
    drops = np.diff(times, prepend=times[0]) < -_DAY_S / 2
    times = times + np.cumsum(drops) * _DAY_S
    return np.round(times - times[0], 6)


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
    return times
