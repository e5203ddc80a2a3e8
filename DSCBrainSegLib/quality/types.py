"""What is said about the quality of a mask."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SliceToCheck:
    """A slice that a person should look at.

    Parameters
    ----------
    slice : int
        Index k from 0 among the series' own slices.
    confidence : float or None
        See `Quality.per_slice_confidence`.
    reasons : tuple of str
        One sentence each, at least one.
    """

    slice: int
    confidence: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Quality:
    """How far a mask can be trusted.

    Parameters
    ----------
    confidence : float or None
        Probability, 0 to 1, that the mask of the volume has a Dice of at least
        `confidence.GOOD_VOLUME_DICE`, calibrated on simulated volumes whose truth is exact. None
        for a method without probabilities and for weights that were not calibrated.
    warnings : tuple of str
        What is unusual about the mask as a whole, one sentence each.
    per_slice_confidence : tuple of (float or None), length K
        The same for each of the series' own slices and `confidence.GOOD_SLICE_DICE`. None where
        nothing is likely to be brain, for a series that was resampled to axial planes, and where
        `confidence` is None.
    slices_to_check : tuple of SliceToCheck
        In the order of the slices.
    """

    confidence: float | None
    warnings: tuple[str, ...]
    per_slice_confidence: tuple[float | None, ...]
    slices_to_check: tuple[SliceToCheck, ...]

    def to_dict(self) -> dict:
        """Return what segment.json and the worker's answer hold; slices are counted from 0."""
        return {
            "confidence": _rounded(self.confidence),
            "warnings": list(self.warnings),
            "per_slice_confidence": [_rounded(value) for value in self.per_slice_confidence],
            "slices_to_check": [
                {
                    "slice": found.slice,
                    "confidence": _rounded(found.confidence),
                    "reasons": list(found.reasons),
                }
                for found in self.slices_to_check
            ],
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
