"""How much a user must install to have a method: its packages, and all that these require."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from DSCBrainSegLib.methods import NetworkMethod, SegmentationMethod
from DSCBrainSegLib.methods.external.tools import ExternalTool

LIBRARY = "DSCBrainSegLib"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)[\"']")


def install_megabytes(method: SegmentationMethod) -> float:
    """Return the size on disk of all that a method needs beside Python itself.

    Packages that are not installed here count nothing; compiled Python files are left out.

    Parameters
    ----------
    method : SegmentationMethod

    Returns
    -------
    float
        MB (10^6 bytes); NaN if the method's own package is not installed.
    """
    external = isinstance(method, ExternalTool)
    names = method.packages if isinstance(method, ExternalTool) else (LIBRARY,)
    weights = method.weights_file if isinstance(method, NetworkMethod) else None
    try:
        required = requirements(names[0])
    except metadata.PackageNotFoundError:
        return float("nan")
    if not external:
        size = _library_bytes() + (weights.stat().st_size if weights else 0)
        return (size + _closure_bytes(required)) / 1e6
    if len(names) == 1:
        return _closure_bytes(names) / 1e6
    # A tool that names all it needs is installed without what it requires.
    return (_own_bytes(metadata.distribution(names[0])) + _closure_bytes(names[1:])) / 1e6


def requirements(distribution: str, extra: str = "") -> list[str]:
    """Return the names of what an installed distribution requires, with one of its extras.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        It is not installed.
    """
    found = []
    for line in metadata.distribution(distribution).requires or []:
        wanted = _EXTRA.search(line)
        if wanted is None or wanted[1] == extra:
            found += _NAME.findall(line)[:1]
    return found


def _closure_bytes(names: Sequence[str]) -> int:
    """Bytes of distributions and of all that they require."""
    waiting, seen, total = list(names), set(), 0
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in seen:
            continue
        seen.add(key)
        try:
            total += _own_bytes(metadata.distribution(name))
            waiting += requirements(name)
        except metadata.PackageNotFoundError:  # for another platform, or left out on purpose
            continue
    return total


def _own_bytes(distribution: metadata.Distribution) -> int:
    paths = (Path(file.locate()) for file in distribution.files or [])
    return sum(
        path.stat().st_size for path in paths if "__pycache__" not in path.parts and path.is_file()
    )


def _library_bytes() -> int:
    import DSCBrainSegLib

    root = Path(DSCBrainSegLib.__file__).parent
    return sum(
        path.stat().st_size
        for path in root.rglob("*")
        if path.is_file() and not {"__pycache__", "Resources"} & set(path.parts)
    )
