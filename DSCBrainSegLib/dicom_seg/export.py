"""Make a DICOM SEG of a mask file, for example of one that was edited."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.dicom_seg.origin import MaskOrigin
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    never_cancelled,
    no_progress,
)

FACTS_NAME = "segment.json"


@dataclass(frozen=True)
class ExportedSeg:
    """What was written: the file, its SOP Instance UID, and the time point counted from 0."""

    path: Path
    sop_instance_uid: str
    frame: int


def export_dicom_seg(
    mask: str | Path,
    series: str | Path | list[Path],
    output: str | Path,
    *,
    kind: str = "edited",
    method: str | None = None,
    frame: int | None = None,
    series_uid: str | None = None,
    creator: str = "",
    labelmap: bool = False,
    overwrite: bool = False,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> ExportedSeg:
    """Write a mask file as a DICOM SEG of the series it lies on.

    Parameters
    ----------
    mask : path
        NIfTI or NRRD on the series' grid. Where ``segment.json`` lies beside it, method, weights
        and time point are taken from there unless given.
    series : path or list of Path
        The DICOM series: a folder, a file or files.
    output : path
        The file to write.
    kind : {"automatic", "edited", "drawn"}
        See `MaskOrigin`.
    method : str, optional
        What made the mask before it was edited.
    frame : int, optional
        Time point, counted from 0, that the mask was made on; the 4th by default.
    series_uid : str, optional
        Which series, where the folder holds several.
    creator : str
        Person who edited or drew it; "" names nobody.
    labelmap : bool
        Label map instead of binary segmentation.
    overwrite : bool
        Replace `output`.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    ExportedSeg

    Raises
    ------
    SeriesError
        Mask or series cannot be read, or the mask lies on another grid.
    ConfigurationError
        The series is not DICOM, or has no such time point.
    OutputError
        `output` exists or cannot be written.
    MissingPackageError
        highdicom is not installed.
    """
    from DSCBrainSegLib.dicom_seg.write import make_dicom_seg, require_highdicom
    from DSCBrainSegLib.files import output_folder, refuse_existing
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
    from DSCBrainSegLib.series import open_series

    output = Path(output).absolute()
    refuse_existing(output.parent, [output.name], overwrite)
    require_highdicom()
    known = _known_facts(Path(mask))
    opened = open_series(series, series_uid, progress, cancelled)
    if not opened.planes:
        raise ConfigurationError(
            f"{opened.source} is not DICOM, and a DICOM SEG refers to DICOM images; give the DICOM "
            "series the mask was made on."
        )
    if frame is None:
        frame = known.get("frame", {}).get("number", 0) - 1
    index = choose_reference_frame(
        opened.frame_count, frame if frame >= 0 else None, opened.decode
    ).index
    voxels = read_mask(Path(mask), opened)
    origin = MaskOrigin(
        kind,
        method or known.get("method") or ("" if kind == "drawn" else "unknown method"),
        known.get("weights") if method in (None, known.get("method")) else None,
        time_point=index + 1,
        creator=creator,
    )
    segmentation = make_dicom_seg(voxels, opened.planes[index], origin, labelmap=labelmap)
    with output_folder(output.parent, overwrite) as work:
        segmentation.save_as(work / output.name, enforce_file_format=True)
    return ExportedSeg(output, str(segmentation.SOPInstanceUID), index)


def _known_facts(mask: Path) -> dict:
    """Return what segment.json beside a mask says; nothing where there is none to read."""
    try:
        facts = json.loads((mask.parent / FACTS_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
