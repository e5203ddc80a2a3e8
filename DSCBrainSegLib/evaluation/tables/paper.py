"""The source paper's own rows of Table 1, and whether a row agrees with itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

PAPER = (
    "Alkhimova and Diumin 2022, “Deep learning-based neural network for regions of interest "
    "retrieval in T2*-weighted brain perfusion MRI”, Table 1"
)

FIGURES = ("dice", "sensitivity", "specificity", "accuracy")
"""Columns of Table 1."""


@dataclass(frozen=True)
class Printed:
    """A figure as it is printed: what was rounded away is unknown.

    Parameters
    ----------
    mean, sd : str
        Decimal digits; the SD is empty where it is not known.
    """

    mean: str
    sd: str = ""

    @property
    def value(self) -> float:
        """The printed mean."""
        return float(self.mean)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value that is printed like this."""
        half = 0.5 * 10.0 ** -len(self.mean.partition(".")[2])
        return self.value - half, self.value + half

    def __str__(self) -> str:
        return f"{self.mean} ± {self.sd}" if self.sd else self.mean


@dataclass(frozen=True)
class Row:
    """Four figures of one method; None where a figure is not known.

    Parameters
    ----------
    method : str
        Our name of the method.
    dice, sensitivity, specificity, accuracy : Printed or None
    """

    method: str
    dice: Printed | None = None
    sensitivity: Printed | None = None
    specificity: Printed | None = None
    accuracy: Printed | None = None

    def figure(self, key: str) -> Printed | None:
        """Return the figure of that name."""
        return getattr(self, key)


PAPER_ROWS = (
    Row("otsu", Printed("0.870"), Printed("0.845"), Printed("0.965")),
    Row("aabl", Printed("0.9508"), Printed("0.9204"), Printed("0.9830"), Printed("0.9712")),
    Row(
        "cusum",
        Printed("0.9586", "0.034"),
        Printed("0.9713", "0.046"),
        Printed("0.9706", "0.031"),
        Printed("0.9781", "0.011"),
    ),
    Row("network", Printed("0.9726"), Printed("0.9514"), Printed("0.9983"), Printed("0.9864")),
)
"""As far as they are known here; Otsu's to three digits, its accuracy and most SDs are not."""


def paper_row(method: str) -> Row | None:
    """Return the paper's row of a method; ``network:NAME`` is a network, too."""
    name = "network" if method.startswith("network:") else method
    return next((row for row in PAPER_ROWS if row.method == name), None)


@dataclass(frozen=True)
class Consistency:
    """What accuracy = p sensitivity + (1 - p) specificity says of a row; p is the part of brain.

    Ranges are what rounding leaves open.

    Parameters
    ----------
    fraction : tuple of float or None
        Range of p; None if a figure is missing or sensitivity and specificity are alike.
    dice : tuple of float or None
        Range of the Dice coefficient that follows; None without a p from 0 to 1.
    fraction_from_dice : tuple of float or None
        Range of p that the printed Dice coefficient asks for.
    agrees : bool or None
        The printed Dice coefficient lies in `dice`; None if that cannot be told.
    """

    fraction: tuple[float, float] | None = None
    dice: tuple[float, float] | None = None
    fraction_from_dice: tuple[float, float] | None = None
    agrees: bool | None = None


def check_row(row: Row) -> Consistency:
    """Check whether the figures of a row can all be of the same pixels.

    With a part p of brain among all pixels, accuracy is p sensitivity + (1 - p) specificity, and
    Dice is 2 p sensitivity / (p sensitivity + p + (1 - p)(1 - specificity)). The first gives p,
    the second the Dice coefficient. It holds for pixels that are pooled; means over volumes or
    slices keep to it as far as p varies little or not together with the errors.
    """
    if not (row.sensitivity and row.specificity):
        return Consistency()
    from_dice = _fraction_from_dice(row)
    if not row.accuracy:
        return Consistency(fraction_from_dice=from_dice)
    corners = list(product(row.sensitivity.limits, row.specificity.limits, row.accuracy.limits))
    gaps = [sensitivity - specificity for sensitivity, specificity, _ in corners]
    if min(gaps) <= 0 <= max(gaps):
        return Consistency(fraction_from_dice=from_dice)
    fractions = [(accuracy - spec) / (sens - spec) for sens, spec, accuracy in corners]
    fraction = min(fractions), max(fractions)
    if fraction[1] < 0 or fraction[0] > 1:
        return Consistency(fraction, None, from_dice, agrees=False)
    possible = [
        _dice(min(max(p, 0.0), 1.0), sens, spec)
        for p, (sens, spec, _) in zip(fractions, corners, strict=True)
    ]
    dice = min(possible), max(possible)
    agrees = None
    if row.dice:
        low, high = row.dice.limits
        agrees = dice[0] <= high and low <= dice[1]
    return Consistency(fraction, dice, from_dice, agrees)


def inconsistent_methods(rows: Iterable[Row]) -> list[str]:
    """Return the methods whose rows do not agree with themselves."""
    return [row.method for row in rows if check_row(row).agrees is False]


def _dice(fraction: float, sensitivity: float, specificity: float) -> float:
    found = fraction * sensitivity
    total = found + fraction + (1 - fraction) * (1 - specificity)
    return 2 * found / total if total else 1.0


def _fraction_from_dice(row: Row) -> tuple[float, float] | None:
    """Range of p whose Dice is the printed one; None if there is no such p from 0 to 1."""
    if not row.dice:
        return None
    fractions = []
    for dice, sensitivity, specificity in product(
        row.dice.limits, row.sensitivity.limits, row.specificity.limits
    ):
        false_positives = dice * (1 - specificity)
        remainder = 2 * sensitivity - dice * sensitivity - dice + false_positives
        if remainder > 0 and 0 <= false_positives <= remainder:
            fractions.append(false_positives / remainder)
    return (min(fractions), max(fractions)) if fractions else None
