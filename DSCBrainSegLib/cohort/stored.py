"""Files of a cohort that are the old or the new ones after a kill, never half of each."""

from __future__ import annotations

import os
from pathlib import Path

FILES_KEY = "files_sha256"
"""Entry of subject.json that holds the SHA-256 of each file it tells of."""


def waiting_file(folder: Path, name: str, sha256: str) -> Path:
    """Return where a file waits for the subject.json that tells of it."""
    stem, suffix = name.split(".", 1)
    return folder / f".{stem}-{sha256[:16]}.{suffix}"


def current_file(folder: Path, facts: dict, name: str) -> Path:
    """Return the file that subject.json tells of, also where a kill kept it from its place.

    Parameters
    ----------
    folder : Path
        Of the subject.
    facts : dict
        What its subject.json holds.
    name : str
        The file's usual name.
    """
    sha256 = stored_sha256(facts, name)
    waiting = waiting_file(folder, name, sha256) if sha256 else None
    return waiting if waiting is not None and waiting.is_file() else folder / name


def stored_sha256(facts: dict, name: str) -> str:
    """Return the SHA-256 that subject.json holds for a file; "" if it holds none."""
    return str((facts.get(FILES_KEY) or {}).get(name) or "")


def put_in_place(folder: Path, facts: dict) -> None:
    """Give the files that subject.json tells of their usual names."""
    for name in facts.get(FILES_KEY) or {}:
        current = current_file(folder, facts, name)
        if current.name != name:
            os.replace(current, folder / name)
