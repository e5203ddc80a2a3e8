"""Is a complete series a DSC series? The reader's own judgement, on the node's disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError

DSC, OTHER, BROKEN = "dsc", "other", "broken"


@dataclass(frozen=True)
class Verdict:
    """What a series is: `kind`, and one sentence why where it is not DSC."""

    kind: str
    reason: str = ""


def judge_series(folder: Path) -> Verdict:
    """Judge the images of one series.

    Parameters
    ----------
    folder : Path
        Holds the images of one Series Instance UID.

    Returns
    -------
    Verdict
        ``BROKEN`` for MR images that cannot be put together or read.
    """
    from DSCBrainSegLib.series import list_series

    try:
        found = list_series(folder)
    except SeriesError as error:
        return Verdict(BROKEN, str(error).replace(str(folder), "The series"))
    if any(each.is_dynamic_t2star for each in found):
        return Verdict(DSC)
    # A summary without time points could not be put together.
    unreadable = [each.reason for each in found if not each.frames and each.reason != "a localiser"]
    if unreadable and len(unreadable) == len(found):
        return Verdict(BROKEN, f"The series cannot be used: {unreadable[0]}.")
    return Verdict(OTHER, f"Not a DSC series: {found[0].reason or 'not dynamic'}.")
