"""Split the subjects of a cohort into training, validation and test, reproducibly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError

PARTS = ("train", "validation", "test")

PAPER_FRACTIONS = (0.68, 0.12, 0.20)
"""Alkhimova & Diumin 2022; of 32 subjects that makes 22, 4 and 6."""


@dataclass(frozen=True)
class Split:
    """Which subject is in which part.

    Parameters
    ----------
    seed : int
    fractions : tuple of float
        Of persons in training, validation and test.
    parts : dict of str to tuple of str
        Subject names by part, sorted.
    """

    seed: int
    fractions: tuple[float, float, float]
    parts: dict[str, tuple[str, ...]]

    def part_of(self, subject: str) -> str | None:
        """Return the part a subject is in, None if it came after the split."""
        return next((part for part, names in self.parts.items() if subject in names), None)

    def unsplit(self, subjects: Iterable[str]) -> list[str]:
        """Return those of `subjects` that came after the split."""
        return [name for name in subjects if self.part_of(name) is None]

    def to_dict(self) -> dict:
        """Return the split as plain JSON types."""
        parts = {part: list(names) for part, names in self.parts.items()}
        return {"seed": self.seed, "fractions": list(self.fractions), "parts": parts}

    @classmethod
    def from_dict(cls, values: dict) -> Split:
        """Build from `to_dict`'s output.

        Raises
        ------
        KeyError, TypeError, ValueError
            The values are not those of a split.
        """
        return cls(
            int(values["seed"]),
            tuple(float(fraction) for fraction in values["fractions"]),
            {part: tuple(values["parts"][part]) for part in PARTS},
        )


def draw_split(
    persons: Mapping[str, str],
    seed: int,
    fractions: tuple[float, float, float] = PAPER_FRACTIONS,
) -> Split:
    """Draw a split by person: all scans of a person land in the same part.

    Parameters
    ----------
    persons : mapping of str to str
        For each subject name the person it belongs to.
    seed : int
        The same subjects and seed give the same split, whatever their order.
    fractions : tuple of float
        Of persons in training, validation and test; they add up to 1. Every part gets at least one
        person.

    Raises
    ------
    ConfigurationError
        There are fewer than three persons, or the fractions or the seed are unusable.
    """
    people = sorted(set(persons.values()))
    if seed < 0:
        raise ConfigurationError(f"The seed of a split must be 0 or more, got {seed}.")
    if len(fractions) != 3 or min(fractions) <= 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ConfigurationError(
            f"The fractions of a split must be three positive numbers that add up to 1, got "
            f"{', '.join(format(fraction, 'g') for fraction in fractions)}."
        )
    if len(people) < len(PARTS):
        raise ConfigurationError(
            f"Splitting needs at least three persons, but the cohort has {len(people)}."
        )
    people = list(np.random.default_rng(seed).permutation(people))
    counts = _counts(len(people), fractions)
    parts, start = {}, 0
    for part, count in zip(PARTS, counts, strict=True):
        chosen = set(people[start : start + count])
        parts[part] = tuple(sorted(name for name in persons if persons[name] in chosen))
        start += count
    return Split(seed, tuple(fractions), parts)


def _counts(total: int, fractions: tuple[float, ...]) -> list[int]:
    """Round to whole persons with the right sum: the largest remainders are rounded up."""
    exact = np.array(fractions) * total
    counts = np.floor(exact).astype(int)
    for index in np.argsort(counts - exact, kind="stable")[: total - counts.sum()]:
        counts[index] += 1
    while counts.min() < 1:
        counts[counts.argmin()] += 1
        counts[counts.argmax()] -= 1
    return counts.tolist()
