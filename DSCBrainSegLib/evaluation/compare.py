"""Every method on one series, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from DSCBrainSegLib.case_loop import Job, Outcome, segment_many
from DSCBrainSegLib.methods import get_method, list_methods
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress


@dataclass(frozen=True)
class Comparison:
    """All methods on one series.

    Parameters
    ----------
    chosen : str
        The method the others are compared with.
    attempts : list of Outcome
        In the order of `list_methods`; at least one has a result.
    """

    chosen: str
    attempts: list[Outcome]

    @property
    def done(self) -> list[Outcome]:
        """Those that have a result."""
        return [attempt for attempt in self.attempts if attempt.result is not None]

    def dice_to_chosen(self, attempt: Outcome) -> float | None:
        """Dice of a mask with the chosen method's; None if either is missing."""
        chosen = next((each for each in self.done if each.method.name == self.chosen), None)
        if chosen is None or attempt.result is None:
            return None
        return overlap(attempt.result.mask, chosen.result.mask).dice


def compare_methods(
    source: str | Path,
    chosen: str = "network",
    frame: int | str | None = None,
    weights: str | Path | None = None,
    series_uid: str | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    bolus: bool = True,
) -> Comparison:
    """Segment one series with every registered method; one that fails does not cost the others.

    Each method runs twice, and the second run is timed: the first also loads its packages.

    Parameters
    ----------
    source : path
        Folder or file (DICOM, NIfTI, NRRD).
    chosen : str
        The method the others are compared with.
    frame, weights, series_uid, bolus : optional
        See `pipeline.segment_series`; `weights` are for the methods that use any.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Comparison

    Raises
    ------
    SeriesError
        The series cannot be read.
    ConfigurationError
        Unknown method.
    DSCBrainSegError
        No method made a mask: what the chosen one says.
    Cancelled
        `cancelled` returned True.
    """
    from DSCBrainSegLib.series import read_series

    get_method(chosen)
    methods = list_methods()
    if weights is not None:
        methods = [each.with_weights(weights) if each.uses_weights else each for each in methods]
    progress(0, len(methods) + 1, "Reading the series")
    series = read_series(source, series_uid, cancelled=cancelled)
    series = replace(series, source=None)  # no path, say a patient's name, in what failures say
    jobs = [Job("series", series, method, frame, bolus=bolus) for method in methods]
    attempts = list(segment_many(jobs, warm_up=True, progress=progress, cancelled=cancelled))
    comparison = Comparison(chosen, attempts)
    if not comparison.done:
        raise next(attempt.error for attempt in attempts if attempt.method.name == chosen)
    return comparison
