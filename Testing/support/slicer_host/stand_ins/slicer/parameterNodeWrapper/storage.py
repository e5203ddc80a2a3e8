"""How a value of each type lies in a ``vtkMRMLScriptedModuleNode``."""

import collections.abc
import enum
import pathlib
import typing

import slicer

from .annotations import IsInstance, NotNone, Validator, split

_PATHS = (pathlib.Path, pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePath)


class Storage:
    """Reads and writes one type; `name` is the parameter's name in the node."""

    cached = True

    def __init__(self, kind, validators):
        self.kind = kind
        self.validators = [*self.own_validators(), *validators]

    def own_validators(self):
        return [NotNone(), IsInstance(self.kind)]

    def check(self, value):
        for validator in self.validators:
            validator.validate(value)

    def write(self, node, name, value):
        self.check(value)
        with slicer.util.NodeModify(node):
            self.put(node, name, value)

    def has(self, node, name):
        return bool(node.HasParameter(name))

    def default(self):
        return self.kind()

    def put(self, node, name, value):
        node.SetParameter(name, str(value))

    def read(self, node, name):
        return self.kind(node.GetParameter(name))

    def remove(self, node, name):
        node.UnsetParameter(name)


class NumberStorage(Storage):
    def own_validators(self):
        return [NotNone(), IsInstance((int, float) if self.kind is float else int)]


class BoolStorage(Storage):
    def put(self, node, name, value):
        node.SetParameter(name, "True" if value else "False")

    def read(self, node, name):
        return node.GetParameter(name) == "True"


class EnumStorage(Storage):
    def default(self):
        return next(iter(self.kind))

    def put(self, node, name, value):
        node.SetParameter(name, value.name)

    def read(self, node, name):
        return self.kind[node.GetParameter(name)]


class NodeStorage(Storage):
    def own_validators(self):
        return [IsInstance(self.kind)]

    def default(self):
        return None

    def put(self, node, name, value):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, node, name):
        return node.GetNodeReference(name)

    def remove(self, node, name):
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class ListStorage(Storage):
    def __init__(self, kind, validators):
        super().__init__(kind, validators)
        self.element = storage_for(*typing.get_args(kind))

    def own_validators(self):
        return [NotNone(), IsInstance((list, StoredList))]

    def check(self, value):
        super().check(value)
        for item in value:
            self.element.check(item)

    def default(self):
        return []

    def has(self, node, name):
        return bool(node.HasParameter(f"{name}.len"))

    def put(self, node, name, value):
        before = int(node.GetParameter(f"{name}.len") or 0)
        items = list(value)
        for index in range(len(items), before):
            self.element.remove(node, f"{name}.{index}")
        node.SetParameter(f"{name}.len", str(len(items)))
        for index, item in enumerate(items):
            self.element.put(node, f"{name}.{index}", item)

    def read(self, node, name):
        count = int(node.GetParameter(f"{name}.len") or 0)
        items = [self.element.read(node, f"{name}.{index}") for index in range(count)]
        return StoredList(items, lambda changed: self.write(node, name, changed))

    def remove(self, node, name):
        for index in range(int(node.GetParameter(f"{name}.len") or 0)):
            self.element.remove(node, f"{name}.{index}")
        node.UnsetParameter(f"{name}.len")


class StoredList(collections.abc.MutableSequence):
    """A list whose changes reach the node at once."""

    def __init__(self, items, save):
        self._items, self._save = items, save

    def _change(self, change):
        changed = list(self._items)
        change(changed)
        self._save(changed)
        self._items = changed

    def __getitem__(self, index):
        return self._items[index]

    def __setitem__(self, index, value):
        self._change(lambda items: items.__setitem__(index, value))

    def __delitem__(self, index):
        self._change(lambda items: items.__delitem__(index))

    def insert(self, index, value):
        self._change(lambda items: items.insert(index, value))

    def __len__(self):
        return len(self._items)

    def __eq__(self, other):
        return self._items == (other._items if isinstance(other, StoredList) else other)

    def __repr__(self):
        return f"StoredList({self._items})"


def storage_for(annotated):
    """Return the storage of a possibly annotated type; TypeError if there is none."""
    kind, notes = split(annotated)
    validators = [note for note in notes if isinstance(note, Validator)]
    if kind is bool:
        return BoolStorage(kind, validators)
    if kind in (int, float):
        return NumberStorage(kind, validators)
    if kind is str or kind in _PATHS:
        return Storage(kind, validators)
    if typing.get_origin(kind) is list:
        return ListStorage(kind, validators)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return EnumStorage(kind, validators)
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return NodeStorage(kind, validators)
    if getattr(kind, "_isParameterPack", False):
        from .pack import PackStorage

        return PackStorage(kind, validators)
    raise TypeError(f"the stand-in parameterNodeWrapper cannot store {kind}")
