"""Every method on one series, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError
from DSCBrainSegLib.methods import SegmentationMethod, get_method, list_methods
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.pipeline import SegmentationResult, segment_series
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

METHOD_STEPS = ("segment", "clean up")
"""Timed steps of the pipeline that are a method's own."""


@dataclass(frozen=True)
class Attempt:
    """What one method made of the series.

    Parameters
    ----------
    method : SegmentationMethod
    result : SegmentationResult or None
        None if it failed.
    error : Exception or None
        Why it failed.
    """

    method: SegmentationMethod
    result: SegmentationResult | None = None
    error: Exception | None = None

    @property
    def seconds(self) -> float:
        """Time of the method itself, without reading and loading."""
        return sum(self.result.timings[step] for step in METHOD_STEPS)

    @property
    def failure(self) -> str:
        """One sentence; empty for a method that did not fail."""
        if self.error is None:
            return ""
        kind = "" if isinstance(self.error, DSCBrainSegError) else f"{type(self.error).__name__}: "
        return f"{kind}{self.error}"


@dataclass(frozen=True)
class Comparison:
    """All methods on one series.

    Parameters
    ----------
    chosen : str
        The method the others are compared with.
    attempts : list of Attempt
        In the order of `list_methods`; at least one has a result.
    """

    chosen: str
    attempts: list[Attempt]

    @property
    def done(self) -> list[Attempt]:
        """Those that have a result."""
        return [attempt for attempt in self.attempts if attempt.result is not None]

    def dice_to_chosen(self, attempt: Attempt) -> float | None:
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
    progress(0, len(methods) + 1, "Reading the series")
    series = read_series(source, series_uid, cancelled=cancelled)
    series = replace(series, source=None)  # no path, say a patient's name, in what failures say
    attempts = []
    for number, method in enumerate(methods):
        check_cancelled(cancelled)
        progress(number + 1, len(methods) + 1, f"Segmenting ({method.label})")
        own_weights = weights if method.uses_weights else None
        try:
            for _ in range(2):
                result = segment_series(
                    series, method.name, frame, own_weights, cancelled=cancelled, bolus=bolus
                )
        except Cancelled:
            raise
        except Exception as error:  # whatever a method raises must not cost the others
            attempts.append(Attempt(method, error=error))
            continue
        attempts.append(Attempt(method, result))
    comparison = Comparison(chosen, attempts)
    if not comparison.done:
        raise next(attempt.error for attempt in attempts if attempt.method.name == chosen)
    return comparison
