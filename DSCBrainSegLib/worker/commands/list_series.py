"""The worker's command ``list``: which series there are, told without a patient's name."""

from __future__ import annotations

from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback

FIELDS: dict[str, tuple[type, ...]] = {"input": (str, list)}
"""Fields of a ``list`` request with their types."""

_TOLD = (
    "uid",
    "selector",
    "frames",
    "slices",
    "rows",
    "columns",
    "echo_time",
    "echo",
    "echoes",
    "repetition_time",
    "is_dynamic_t2star",
)


def list_input(fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
    """Describe the series in a folder or in a list of files.

    Parameters
    ----------
    fields : dict
        ``input``: a path or a list of files.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    dict
        ``series``: one dict for each, see `series.dicom_select.SeriesSummary`. Descriptions, which
        people write names into, are left out.

    Raises
    ------
    DSCBrainSegError
        As `series.list_series`.
    """
    from DSCBrainSegLib.series import list_series

    named = fields.get("input")
    if not named or (isinstance(named, list) and not all(isinstance(x, str) for x in named)):
        raise ConfigurationError("The input is a path or a list of paths.")
    paths = [Path(item) for item in named] if isinstance(named, list) else Path(named)
    summaries = list_series(paths, progress, cancelled)
    return {"series": [{key: getattr(each, key) for key in _TOLD} for each in summaries]}
