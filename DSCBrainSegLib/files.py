"""Files that are the old or the new ones after a kill, and results not overwritten unasked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from DSCBrainSegLib.errors import OutputError, SeriesError

_CHUNK_BYTES = 1 << 20


@contextmanager
def output_folder(target: Path, overwrite: bool = False) -> Iterator[Path]:
    """Fill a temporary folder and put its files into `target` only if all went well.

    The temporary folder lies beside or inside `target`, on the same file system, so that each
    file's last step is a rename. Files in `target` that the work does not write stay as they are.

    Parameters
    ----------
    target : Path
        Folder that will hold the results; made if it does not exist.
    overwrite : bool
        Replace files that exist already. Otherwise an existing file of the same name is an error
        and nothing is changed.

    Yields
    ------
    Path
        The temporary folder to write into.

    Raises
    ------
    OutputError
        `target` cannot be written, the disk is full, or a result exists and `overwrite` is False.
    """
    target = Path(target)
    made = None
    try:
        made = _make_folder(target)
        work = Path(tempfile.mkdtemp(prefix=".dscbrainseg-", dir=target))
    except OSError as error:
        _remove_empty(made, target)
        raise _output_error(target, error) from error
    try:
        try:
            yield work
            _move_all(work, target, overwrite)
        except OSError as error:
            raise _output_error(target, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        _remove_empty(made, target)


def refuse_existing(target: Path, names: list[str], overwrite: bool) -> None:
    """Raise `OutputError` if any of `names` exists in `target` and may not be overwritten."""
    existing = [name for name in names if (Path(target) / name).exists()]
    if existing and not overwrite:
        raise OutputError(
            f"{target} already holds {', '.join(existing)}; choose another folder or allow "
            "overwriting (--overwrite)."
        )


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


def _make_folder(target: Path) -> Path | None:
    """Make `target` and return the topmost folder that had to be made."""
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file, not a folder; choose another output folder.")
    missing = [path for path in (target, *target.parents) if not path.exists()]
    target.mkdir(parents=True, exist_ok=True)
    return missing[-1] if missing else None


def _remove_empty(topmost: Path | None, target: Path) -> None:
    """Remove the folders made for `target` again if nothing came into them."""
    if topmost is None:
        return
    for path in (target, *target.parents):
        try:
            path.rmdir()
        except OSError:
            return
        if path == topmost:
            return


def _move_all(work: Path, target: Path, overwrite: bool) -> None:
    sources = sorted(path for path in work.rglob("*") if path.is_file())
    refuse_existing(target, [str(path.relative_to(work)) for path in sources], overwrite)
    for source in sources:
        destination = target / source.relative_to(work)
        destination.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, destination)


def _output_error(target: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(
        f"Cannot write to {target}: {reason}; "
        "choose a folder that can be written and has free space."
    )
