"""Find in a module's source what PySide6 accepts and PythonQt does not."""

from __future__ import annotations

import ast
import enum
import sys
from pathlib import Path

from .errors import PythonQtError


def check_source(path: Path) -> None:
    """Raise PythonQtError for scoped enums (``qt.Qt.AlignmentFlag.AlignLeft``) in a file."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"), str(path))
    wrong = []
    for node in ast.walk(tree):
        names = _dotted(node)
        if len(names) == 4 and names[0] == "qt":
            owner = getattr(getattr(sys.modules["qt"], names[1], None), names[2], None)
            if isinstance(owner, type) and issubclass(owner, enum.Enum):
                wrong.append(f"line {node.lineno}: {'.'.join(names)}, write {_short(names)}")
    if wrong:
        raise PythonQtError(f"{path}: PythonQt has no scoped enums; " + "; ".join(wrong))


def _dotted(node) -> list[str]:
    names = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def _short(names: list[str]) -> str:
    return ".".join((names[0], names[1], names[3]))
