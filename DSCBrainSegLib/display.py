"""One colour for each method, the same in figures, plots and Slicer."""

from __future__ import annotations

from collections.abc import Iterable

Colour = tuple[int, int, int]
"""Red, green, blue from 0 to 255."""

REFERENCE_COLOUR: Colour = (240, 228, 66)

# After Okabe and Ito's palette for colour-blind eyes, brightened to stand out on grey images; none
# is near the yellow of the reference.
METHOD_COLOURS: dict[str, Colour] = {
    "network": (86, 180, 233),
    "otsu": (230, 95, 20),
    "otsu-post": (160, 125, 255),
    "aabl": (235, 115, 185),
    "cusum": (0, 178, 130),
}

SPARE_COLOURS: tuple[Colour, ...] = (
    (80, 120, 235),
    (190, 130, 80),
    (140, 190, 60),
    (150, 150, 150),
)
"""For methods that have no colour of their own, in the order they come."""


def method_colours(names: Iterable[str]) -> dict[str, Colour]:
    """Give each method its colour.

    Parameters
    ----------
    names : iterable of str
        Methods in the order they are shown; a method without a colour of its own takes the next
        spare one.

    Returns
    -------
    dict of str to tuple of int
        RGB from 0 to 255.
    """
    colours: dict[str, Colour] = {}
    spare = 0
    for name in names:
        if name in METHOD_COLOURS:
            colours[name] = METHOD_COLOURS[name]
        elif name not in colours:
            colours[name] = SPARE_COLOURS[spare % len(SPARE_COLOURS)]
            spare += 1
    return colours


def as_fractions(colour: Colour) -> tuple[float, float, float]:
    """Return a colour with parts from 0 to 1, as matplotlib and MRML want it."""
    red, green, blue = colour
    return red / 255, green / 255, blue / 255
