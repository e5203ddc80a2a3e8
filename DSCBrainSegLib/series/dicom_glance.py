"""Whether a series may be the dynamic T2*-weighted one, by one of its files."""

from __future__ import annotations

from pathlib import Path

from DSCBrainSegLib.series.dicom_join import find_parts
from DSCBrainSegLib.series.dicom_scan import scan_files
from DSCBrainSegLib.series.dicom_select import BUT_FOR_TIME, summarise


def may_be_dynamic_t2star(path: str | Path, in_time: bool) -> bool:
    """Say whether a series suits, by the header of one file.

    Parameters
    ----------
    path : path
        The file. What of it cannot be read does not suit.
    in_time : bool
        It is known that the series has several time points, which one file does not tell.
    """
    path = Path(path)
    parts = find_parts(scan_files(path, [path]))
    summaries = [summarise(part) for part in parts]
    return any(
        each.is_dynamic_t2star or (in_time and each.reason in BUT_FOR_TIME) for each in summaries
    )
