"""``@parameterPack``: several values under one name."""

from .annotations import split
from .fields import fields_of, find
from .storage import Storage


def parameterPack(cls=None):
    """Make a class of typed fields into a pack, usable as a type of a wrapper's field."""
    if cls is None:
        return parameterPack
    fields = fields_of(cls)
    if not fields:
        raise ValueError(f"{cls.__name__} has no typed fields")
    for name, field in fields.items():
        setattr(cls, name, _value(field))
    cls.allParameters, cls._isParameterPack = fields, True
    cls.__init__, cls.__eq__, cls.__repr__ = _init, _equal, _text
    cls.__hash__ = None
    cls.getValue, cls.setValue = _get_value, _set_value
    cls.dataType = staticmethod(lambda name: find(fields, name).annotated)
    return cls


def isParameterPack(thing):
    return getattr(thing, "_isParameterPack", False)


def nestedParameterNames(pack):
    """Return the dotted names of the plain values in a pack."""
    names = []
    for name, field in (pack if isParameterPack(pack) else split(pack)[0]).allParameters.items():
        kind = split(field.annotated)[0]
        inner = nestedParameterNames(kind) if isParameterPack(kind) else [""]
        names += [f"{name}.{part}" if part else name for part in inner]
    return names


class PackStorage(Storage):
    cached = False

    def has(self, node, name):
        key, field = next(iter(self.kind.allParameters.items()))
        return field.storage.has(node, f"{name}.{key}")

    def put(self, node, name, value):
        for key, field in self.kind.allParameters.items():
            field.storage.put(node, f"{name}.{key}", getattr(value, key))

    def read(self, node, name):
        """Return a pack whose changes reach the node at once."""
        pack = self.kind()
        for key, field in self.kind.allParameters.items():
            pack._values[key] = field.storage.read(node, f"{name}.{key}")
        pack._place = (node, name)
        return pack

    def remove(self, node, name):
        for key, field in self.kind.allParameters.items():
            field.storage.remove(node, f"{name}.{key}")


def _value(field):
    def write(self, value):
        field.storage.check(value)
        self._values[field.name] = value
        if self._place is not None:
            node, name = self._place
            field.storage.write(node, f"{name}.{field.name}", value)

    return property(lambda self: self._values[field.name], write)


def _init(self, *args, **values):
    fields = self.allParameters
    if len(args) > len(fields):
        raise TypeError(f"{type(self).__name__} takes {len(fields)} values, got {len(args)}")
    given = dict(zip(fields, args, strict=False))
    for name in values:
        if name not in fields or name in given:
            raise TypeError(f"{type(self).__name__} got an unexpected or second {name}")
    self._place, self._values = None, {name: f.default() for name, f in fields.items()}
    for name, value in {**given, **values}.items():
        setattr(self, name, value)


def _equal(self, other):
    return isParameterPack(other) and self._values == other._values


def _text(self):
    return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._values.items())})"


def _get_value(self, dotted):
    find(self.allParameters, dotted)
    top, _, rest = dotted.partition(".")
    value = getattr(self, top)
    return value.getValue(rest) if rest else value


def _set_value(self, dotted, value):
    find(self.allParameters, dotted)
    top, _, rest = dotted.partition(".")
    if rest:
        getattr(self, top).setValue(rest, value)
    else:
        setattr(self, top, value)
