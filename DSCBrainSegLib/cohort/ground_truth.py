"""Who drew a ground truth, from what, and who confirmed it."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone

from DSCBrainSegLib.errors import ConfigurationError

TO_DRAW, DRAWN, CONFIRMED = STATES = ("to draw", "drawn", "confirmed")

SIMULATION = "simulation"
"""Reader of exact truth, which needs no second one."""


@dataclass(frozen=True)
class GroundTruth:
    """The history of one drawn mask. The source paper has one expert draw and another confirm.

    Parameters
    ----------
    reader : str
        Who drew it; empty while nobody has. ``simulation`` for exact simulated truth.
    drawn_at : str
        When, in ISO 8601 with time zone.
    seeded_from : str
        Name of the method whose mask was the start; ``simulation`` for exact truth; empty if drawn
        from nothing.
    confirmed_by : str
        The second reader; empty until then.
    confirmed_at : str
        When, in ISO 8601 with time zone.
    """

    reader: str = ""
    drawn_at: str = ""
    seeded_from: str = ""
    confirmed_by: str = ""
    confirmed_at: str = ""

    @property
    def state(self) -> str:
        """One of `STATES`."""
        if self.confirmed_by:
            return CONFIRMED
        return DRAWN if self.reader else TO_DRAW

    def to_dict(self) -> dict[str, str]:
        """Return the fields as plain JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> GroundTruth:
        """Build from `to_dict`'s output; what is missing is empty, what is unknown left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: str(value or "") for key, value in values.items() if key in known})


def draw(reader: str, seeded_from: str = "", at: str | None = None) -> GroundTruth:
    """Record that `reader` drew the mask; an earlier confirmation does not hold for it.

    Raises
    ------
    ConfigurationError
        The reader has no name.
    """
    if not reader.strip():
        raise ConfigurationError("A ground truth needs the name of its reader.")
    return GroundTruth(reader.strip(), at or now(), seeded_from)


def redraw(before: GroundTruth, reader: str) -> GroundTruth:
    """Record that `reader` drew on what was there; of exact truth that remains the start.

    Raises
    ------
    ConfigurationError
        The reader has no name.
    """
    return draw(reader, SIMULATION if before.reader == SIMULATION else before.seeded_from)


def confirm(ground_truth: GroundTruth, reader: str, at: str | None = None) -> GroundTruth:
    """Record that a second reader agrees.

    Raises
    ------
    ConfigurationError
        Nothing is drawn yet, the second reader has no name, or is the one who drew it.
    """
    name = reader.strip()
    if not ground_truth.reader:
        raise ConfigurationError("There is no ground truth to confirm yet; draw it first.")
    if not name:
        raise ConfigurationError("Confirming needs the name of the second reader.")
    if same_reader(name, ground_truth.reader):
        raise ConfigurationError(
            f"{name} drew this ground truth; it takes another reader to confirm it."
        )
    return replace(ground_truth, confirmed_by=name, confirmed_at=at or now())


def same_reader(first: str, second: str) -> bool:
    """Say whether two names mean the same reader: case, accents' coding and spaces do not count."""
    first, second = (
        " ".join(unicodedata.normalize("NFC", name).casefold().split()) for name in (first, second)
    )
    return first == second


def now() -> str:
    """Return the present time in ISO 8601 with time zone, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
