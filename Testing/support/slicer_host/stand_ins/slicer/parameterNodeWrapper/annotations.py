"""What stands in ``Annotated[...]``: defaults, limits, how a number is shown."""

import typing
from dataclasses import dataclass


class Validator:
    """Checks a value before it is stored."""

    def validate(self, value):
        raise NotImplementedError


@dataclass
class Default:
    value: object


@dataclass
class Decimals:
    value: int


@dataclass
class SingleStep:
    value: float


class NotNone(Validator):
    def validate(self, value):
        if value is None:
            raise ValueError("a value is needed, got None")


@dataclass
class IsInstance(Validator):
    classtype: object

    def validate(self, value):
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"expected {self.classtype}, got {value!r}")


@dataclass
class WithinRange(Validator):
    minimum: float
    maximum: float

    def validate(self, value):
        if value < self.minimum or value > self.maximum:
            raise ValueError(f"expected {self.minimum} to {self.maximum}, got {value}")


@dataclass
class Minimum(Validator):
    minimum: float

    def validate(self, value):
        if value < self.minimum:
            raise ValueError(f"expected {self.minimum} or more, got {value}")


@dataclass
class Maximum(Validator):
    maximum: float

    def validate(self, value):
        if value > self.maximum:
            raise ValueError(f"expected {self.maximum} or less, got {value}")


@dataclass
class Choice(Validator):
    choices: list

    def validate(self, value):
        if value not in self.choices:
            raise ValueError(f"expected one of {self.choices}, got {value!r}")


@dataclass
class Exclude(Validator):
    excludedValues: list

    def validate(self, value):
        if value in self.excludedValues:
            raise ValueError(f"{value!r} is not allowed")


def split(annotated):
    """Return the bare type and the tuple of its annotations."""
    if typing.get_origin(annotated) is typing.Annotated:
        bare, *notes = typing.get_args(annotated)
        return bare, tuple(notes)
    return annotated, ()


def first(notes, kind):
    """Return the first annotation of that kind, or None."""
    return next((note for note in notes if isinstance(note, kind)), None)
