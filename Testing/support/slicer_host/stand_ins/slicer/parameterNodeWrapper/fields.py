"""The typed fields of a wrapper or pack class."""

import copy
import typing

from .annotations import Default, first, split
from .storage import storage_for


class Field:
    """Name, type as written, storage and default of one field."""

    def __init__(self, owner, name, annotated):
        self.name, self.annotated = name, annotated
        self.storage = storage_for(annotated)
        given = first(split(annotated)[1], Default)
        if name in owner.__dict__:
            self._default = owner.__dict__[name]
        else:
            self._default = given.value if given is not None else self.storage.default()
        self.storage.check(self._default)

    def default(self):
        return copy.copy(self._default)


def fields_of(owner):
    """Return {name: Field} in the order of the class body."""
    hints = typing.get_type_hints(owner, include_extras=True)
    return {name: Field(owner, name, annotated) for name, annotated in hints.items()}


def find(fields, dotted):
    """Return the field of ``pack.field`` or ``field`` in `fields`; ValueError if there is none."""
    top, _, rest = dotted.partition(".")
    if top not in fields:
        raise ValueError(f"there is no parameter {dotted}; there are {', '.join(fields)}")
    if not rest:
        return fields[top]
    kind = split(fields[top].annotated)[0]
    if not getattr(kind, "_isParameterPack", False):
        raise ValueError(f"{top} is no parameter pack, so there is no {dotted}")
    return find(kind.allParameters, rest)
