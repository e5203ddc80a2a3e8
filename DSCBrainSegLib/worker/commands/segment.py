"""One case of the worker: the fields of a request in, a mask file and its figures out."""

from __future__ import annotations

import time
from pathlib import Path
from types import NoneType

from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled
from DSCBrainSegLib.results.write import MASK_NAMES, write_mask_file
from DSCBrainSegLib.series.exchange import SUFFIX, read_exchange
from DSCBrainSegLib.series.types import DSCSeries

FIELDS: dict[str, tuple[type, ...]] = {
    "input": (str, list),
    "output": (str,),
    "method": (str,),
    "frame": (int, str, NoneType),
    "weights": (str, NoneType),
    "bolus": (bool,),
    "series_uid": (str, NoneType),
    "affine": (list, NoneType),
    "format": (str,),
    "overwrite": (bool,),
    "overlay": (bool,),
    "uid_seed": (str,),
}
"""Fields of a ``segment`` request with their types."""

MASK_FORMATS = (*MASK_NAMES, "npy")


def segment_case(fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
    """Segment the series a request names and write the mask.

    Parameters
    ----------
    fields : dict
        See `FIELDS` and docs/worker.md; types are checked already.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    dict
        ``mask_file`` (path) and all of `results.facts.collect_facts`.

    Raises
    ------
    DSCBrainSegError
        As `pipeline.segment_series`, or the mask cannot be written.
    """
    from DSCBrainSegLib.files import output_folder, refuse_existing
    from DSCBrainSegLib.methods import get_method
    from DSCBrainSegLib.pipeline import segment_series
    from DSCBrainSegLib.results.facts import collect_facts

    target, name, overwrite = _output(fields)
    refuse_existing(target, [name], overwrite)
    source = _source(fields)
    frame = fields.get("frame")
    if isinstance(frame, bool) or (isinstance(frame, str) and frame != "auto"):
        raise ConfigurationError(f"frame is a time point counted from 0 or 'auto', not {frame!r}.")
    if isinstance(source, DSCSeries) and isinstance(frame, int):
        frame = _position(source, frame)
    method = get_method(fields.get("method", "network"))
    check_cancelled(cancelled)
    result = segment_series(
        source,
        method.name,
        frame=frame,
        weights=fields.get("weights"),
        series_uid=fields.get("series_uid"),
        progress=progress,
        cancelled=cancelled,
        bolus=fields.get("bolus", True),
    )
    check_cancelled(cancelled)
    progress(1, 1, "Writing the mask")
    start = time.perf_counter()
    with output_folder(target, overwrite) as work:
        _write_mask(work, result, fields.get("format", "nrrd"), fields.get("uid_seed"))
        if fields.get("overlay"):
            _write_overlay(work, result, fields.get("uid_seed"))
        check_cancelled(cancelled)
    facts = collect_facts(result)
    facts["timings_s"]["write mask"] = round(time.perf_counter() - start, 4)
    facts["frame"]["index"] = facts["frame"]["number"] - 1
    if fields.get("affine") is not None:
        facts["frame"]["time_s"] = None  # A .npy file holds no times.
    return {"mask_file": str(target / name), **facts}


def _output(fields: dict) -> tuple[Path, str, bool]:
    """Return folder, file name and whether it may be replaced."""
    if not fields.get("output"):
        raise ConfigurationError("The request names no output folder for the mask.")
    mask_format = fields.get("format", "nrrd")
    if mask_format not in MASK_FORMATS:
        raise ConfigurationError(
            f"Masks are written as {', '.join(MASK_FORMATS)}, not as {mask_format!r}."
        )
    name = MASK_NAMES.get(mask_format, f"mask.{mask_format}")
    return Path(fields["output"]).absolute(), name, fields.get("overwrite", False)


def _source(fields: dict) -> Path | list[Path] | DSCSeries:
    """Return what the pipeline reads: a path, files, or the series of a .npz or .npy file."""
    named, affine = fields.get("input"), fields.get("affine")
    if not named:
        raise ConfigurationError("The request names no input.")
    if isinstance(named, list):
        if not all(isinstance(item, str) for item in named):
            raise ConfigurationError("The input is a path or a list of paths.")
        return [Path(item) for item in named]
    path = Path(named)
    if path.suffix.lower() == ".npy":
        return _read_array(path, affine)
    if affine is not None:
        raise ConfigurationError(f"{path} has its own geometry; leave affine out.")
    return read_exchange(path) if path.suffix.lower() == SUFFIX else path


def _position(series: DSCSeries, frame: int) -> int:
    """Return where a time point of the whole series lies among the frames that came."""
    found = [at for at, index in enumerate(series.frame_indices) if index == frame]
    if not found:
        raise ConfigurationError(
            f"Time point {frame + 1} is not among those in {series.source.name}; choose one of "
            f"{', '.join(str(index + 1) for index in series.frame_indices)}."
        )
    return found[0]


def _read_array(path: Path, affine: list | None) -> DSCSeries:
    """Read a .npy file, (K, J, I) or (T, K, J, I), on an affine from (i, j, k, 1) to LPS+ mm."""
    import numpy as np

    try:
        matrix = np.array(affine, dtype=float)
    except (TypeError, ValueError):
        matrix = np.empty(0)
    if matrix.shape != (4, 4):
        raise ConfigurationError(
            "A .npy file needs its affine: 4 rows of 4 numbers from (i, j, k, 1) to LPS+ in mm."
        )
    if not path.exists():
        raise SeriesError(f"{path} does not exist; check the path.")
    try:
        frames = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SeriesError(f"{path} is damaged or not a .npy file; write it again.") from error
    if frames.ndim == 3:
        frames = frames[np.newaxis]
    if frames.ndim != 4 or frames.dtype.kind not in "iuf" or frames.size == 0:
        raise SeriesError(
            f"{path} holds {frames.dtype} of shape {frames.shape}; "
            "give numbers of shape (K, J, I) or (T, K, J, I)."
        )
    return DSCSeries(frames=frames, times=np.arange(len(frames)), affine=matrix, source=path)


def _write_mask(folder: Path, result, mask_format: str, uid_seed: str | None) -> None:
    if mask_format == "npy":
        import numpy as np

        np.save(folder / "mask.npy", result.mask.astype(np.uint8))
        return
    write_mask_file(folder, result, mask_format, uid_seed)


def _write_overlay(folder: Path, result, uid_seed: str | None) -> None:
    """Write the overlay picture as a DICOM secondary capture."""
    from DSCBrainSegLib.dicom_seg.overlay_capture import write_overlay_capture
    from DSCBrainSegLib.results.overlay import draw_overlay

    if not result.series.planes:
        raise ConfigurationError("An overlay for an archive needs a DICOM series.")
    to_check = {found.slice for found in result.quality.slices_to_check} if result.quality else ()
    picture = draw_overlay(result.image, result.mask, result.series.affine, to_check)
    write_overlay_capture(folder / "overlay.dcm", picture, result.series.planes[0], uid_seed)
