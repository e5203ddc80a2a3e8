"""A series in one .npz file for another process: frames, times, frame numbers and geometry.

It needs NumPy only, loses nothing, and is written frame by frame, so that a user interface stays
alive and no second copy of a long series lies in memory.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.series.source import SeriesSource
from DSCBrainSegLib.series.types import DSCSeries

SUFFIX = ".npz"


def write_exchange(
    path: Path, source: SeriesSource, frames: Sequence[int] | None = None
) -> Iterator[int]:
    """Write a series, one frame at each step of the iteration.

    Parameters
    ----------
    path : Path
        Ends in ``.npz``; whole once the iteration is over.
    source : SeriesSource
    frames : sequence of int, optional
        One time point counted from 0, or several; all by default.

    Yields
    ------
    int
        Frames written so far.

    Raises
    ------
    SeriesError
        A frame does not exist or cannot be read; a single one holds no image.
    OutputError
        The file cannot be written.
    """
    indices = list(range(source.frame_count)) if frames is None else list(frames)
    single = source.read(indices) if len(indices) == 1 else None
    facts = {
        "times": np.asarray(source.times, float)[indices],
        "frame_indices": np.array(indices, int),
        "frame_count": np.array(source.frame_count),
        "affine": np.asarray(source.affine, float),
        "echo_time": _number(source.echo_time),
        "repetition_time": _number(source.repetition_time),
    }
    header = {
        "descr": np.lib.format.dtype_to_descr(np.dtype(np.float32)),
        "fortran_order": False,
        "shape": (len(indices), *source.volume_shape),
    }
    try:
        with zipfile.ZipFile(path, "w") as archive:
            for name, value in facts.items():
                with archive.open(f"{name}.npy", "w") as entry:
                    np.lib.format.write_array(entry, value, allow_pickle=False)
            with archive.open("frames.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array_header_1_0(entry, header)
                for done, index in enumerate(indices, 1):
                    volume = single.frames[0] if single else np.nan_to_num(source.decode(index))
                    entry.write(np.ascontiguousarray(volume, np.float32).tobytes())
                    yield done
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror or error}; free space in the temporary folder."
        ) from error


def read_exchange(path: Path) -> DSCSeries:
    """Read what `write_exchange` wrote.

    Raises
    ------
    SeriesError
        The file is missing, damaged or holds something else.
    """
    if not Path(path).exists():
        raise SeriesError(f"{path} does not exist; check the path.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            series = DSCSeries(
                frames=stored["frames"],
                times=stored["times"],
                affine=stored["affine"],
                echo_time=_or_none(stored["echo_time"]),
                repetition_time=_or_none(stored["repetition_time"]),
                frame_indices=stored["frame_indices"],
                frame_count=int(stored["frame_count"]),
                source=Path(path),
            )
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise SeriesError(f"{path} is damaged or holds no series; write it again.") from error
    if series.frame_indices.shape != series.times.shape or series.frames.dtype.kind not in "iuf":
        raise SeriesError(f"{path} is damaged or holds no series; write it again.")
    return series


def _number(value: float | None) -> np.ndarray:
    return np.array(np.nan if value is None else value, float)


def _or_none(value: np.ndarray) -> float | None:
    return None if np.isnan(value) else float(value)
