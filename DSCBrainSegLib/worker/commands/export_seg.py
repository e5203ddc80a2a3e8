"""The worker's command ``export_seg``: a mask file, edited or drawn, as a DICOM SEG."""

from __future__ import annotations

from pathlib import Path
from types import NoneType

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback

FIELDS: dict[str, tuple[type, ...]] = {
    "mask": (str,),
    "input": (str, list),
    "output": (str,),
    "made": (str,),
    "method": (str, NoneType),
    "frame": (int, NoneType),
    "series_uid": (str, NoneType),
    "creator": (str,),
    "labelmap": (bool,),
    "overwrite": (bool,),
}
"""Fields of an ``export_seg`` request with their types."""


def export_seg(fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
    """Write a mask file as a DICOM SEG; see docs/worker.md for the fields.

    Returns
    -------
    dict
        ``seg_file`` (path), ``sop_instance_uid``, ``frame`` (counted from 0).

    Raises
    ------
    DSCBrainSegError
        As `dicom_seg.export.export_dicom_seg`.
    """
    from DSCBrainSegLib.dicom_seg.export import export_dicom_seg

    for name, what in (("mask", "mask"), ("input", "series"), ("output", "file to write")):
        if not fields.get(name):
            raise ConfigurationError(f"The request names no {what}.")
    named = fields["input"]
    if isinstance(named, list) and not all(isinstance(item, str) for item in named):
        raise ConfigurationError("The input is a path or a list of paths.")
    written = export_dicom_seg(
        fields["mask"],
        [Path(item) for item in named] if isinstance(named, list) else Path(named),
        fields["output"],
        kind=fields.get("made", "edited"),
        method=fields.get("method"),
        frame=fields.get("frame"),
        series_uid=fields.get("series_uid"),
        creator=fields.get("creator", ""),
        labelmap=fields.get("labelmap", False),
        overwrite=fields.get("overwrite", False),
        progress=progress,
        cancelled=cancelled,
    )
    return {
        "seg_file": str(written.path),
        "sop_instance_uid": written.sop_instance_uid,
        "frame": written.frame,
    }
