"""How things are shown everywhere: one colour for each method, one way to begin a figure."""

from __future__ import annotations

import io
from collections.abc import Iterable

from DSCBrainSegLib.errors import MissingPackageError

DPI = 220
"""Of figures that may be printed."""

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


def require_matplotlib() -> None:
    """Raise `MissingPackageError` if matplotlib cannot be imported."""
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            'matplotlib is not installed; run: pip install "DSCBrainSegLib[evaluate]".'
        ) from error


def new_figure(
    size_inches: tuple[float, float], dpi: int = DPI, layout: str | None = "constrained"
):
    """Begin a white matplotlib figure that no window shows.

    Parameters
    ----------
    size_inches : tuple of float
        Width and height.
    dpi : int
        Pixels of the PNG per inch.
    layout : str or None
        matplotlib's layout engine.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=size_inches, dpi=dpi, facecolor="white", layout=layout)


def to_png(figure) -> bytes:
    """Return a matplotlib figure as a PNG file."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()
