"""Files of a cohort that are the old or the new ones after a kill, never half of each."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError

FILES_KEY = "files_sha256"
"""Entry of subject.json that holds the SHA-256 of each file it tells of."""

_CHUNK_BYTES = 1 << 20


def read_json(path: Path) -> dict:
    """Read a JSON object.

    Raises
    ------
    SeriesError
        The file is damaged or cannot be read.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SeriesError(f"{path} is damaged or cannot be read; restore it.") from error
    if not isinstance(values, dict):
        raise SeriesError(f"{path} is damaged: a JSON object is expected; restore it.")
    return values


def write_json(path: Path, values: dict) -> None:
    """Write a JSON object so that the file is the old or the new one, never half of it."""
    write_text(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file so that it is the old or the new one, never half of it."""
    partial = hidden_name(path.parent, path.name)
    try:
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def hidden_name(folder: Path, name: str) -> Path:
    """Return a path in `folder` that no one else uses; what a kill leaves there is hidden."""
    return folder / f".{name}-{uuid.uuid4().hex[:8]}"


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


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
