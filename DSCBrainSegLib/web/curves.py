"""Signal over time as an SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 1000.0, 100.0
"""Of the picture's own units; the page stretches it."""


_OUTLINE = 'fill="none" stroke-width="1.8" vector-effect="non-scaling-stroke"'


@dataclass(frozen=True)
class Curve:
    """One line of the picture.

    Parameters
    ----------
    name : str
        Its class in the picture.
    values : ndarray, shape (T,)
        Intensities; NaN where there is none.
    colour : str
        As CSS names it.
    """

    name: str
    values: np.ndarray
    colour: str


def intensity_range(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return the lowest and the highest value of all curves; 0 and 1 if there are none."""
    values = np.concatenate([np.zeros(0), *(curve.values for curve in curves)])
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return low, max(high, low + 1e-3)


def draw_curves(times: np.ndarray, now: float, curves: Sequence[Curve]) -> str:
    """Draw curves over time with a line at the time point that is shown.

    Parameters
    ----------
    times : ndarray, shape (T,)
        Seconds, rising.
    now : float
        Seconds.
    curves : sequence of Curve

    Returns
    -------
    str
        SVG that stretches to the place it is given.
    """
    low, high = intensity_range(curves)
    span = float(np.ptp(times)) or 1.0

    def across(time: float) -> float:
        return WIDTH * (time - float(times[0])) / span

    parts = []
    for curve in curves:
        if curve.values.size != times.size or not np.isfinite(curve.values).all():
            continue
        heights = HEIGHT * (1 - (curve.values - low) / (high - low))
        points = " ".join(
            f"{across(time):.1f},{height:.1f}" for time, height in zip(times, heights, strict=True)
        )
        parts.append(
            f'<polyline class="{curve.name}" points="{points}" stroke="{curve.colour}" {_OUTLINE}/>'
        )
    x = across(now)
    parts.append(f'<path d="M{x:.1f} -4V{HEIGHT + 4:.0f}" stroke="#aaa" {_OUTLINE}/>')
    return (
        f'<svg viewBox="0 -4 {WIDTH:.0f} {HEIGHT + 8:.0f}" preserveAspectRatio="none" '
        f'style="width: 100%; height: 100%; background: #111;">{"".join(parts)}</svg>'
    )
