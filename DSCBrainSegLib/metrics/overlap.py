"""Overlap figures of the source paper: Dice, sensitivity, specificity, accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Overlap:
    """Counts of voxels and the figures that follow from them.

    Parameters
    ----------
    true_positive, false_positive, false_negative, true_negative : int
        Voxels that are brain in both, in the mask only, in the reference only, in neither.
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN); 1 if mask and reference are both empty."""
        total = 2 * self.true_positive + self.false_positive + self.false_negative
        return 2 * self.true_positive / total if total else 1.0

    @property
    def sensitivity(self) -> float:
        """TP / (TP + FN); NaN for an empty reference."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> float:
        """TN / (TN + FP); NaN if the reference fills the image."""
        return _ratio(self.true_negative, self.true_negative + self.false_positive)

    @property
    def accuracy(self) -> float:
        """(TP + TN) / all voxels."""
        correct = self.true_positive + self.true_negative
        return _ratio(correct, correct + self.false_positive + self.false_negative)

    @property
    def outward_share(self) -> float:
        """FP / (TP + FP), the share of the mask outside the reference; NaN for an empty mask.

        Vessels and scalp there spoil an arterial input function and shift CBV more than the same
        amount of brain left out.
        """
        return _ratio(self.false_positive, self.true_positive + self.false_positive)


def overlap(mask: np.ndarray, reference: np.ndarray) -> Overlap:
    """Count the voxels where a mask and a reference agree and differ.

    Parameters
    ----------
    mask, reference : ndarray of bool, same shape

    Returns
    -------
    Overlap

    Raises
    ------
    ValueError
        The shapes differ.
    """
    mask = np.asarray(mask, bool)
    reference = np.asarray(reference, bool)
    if mask.shape != reference.shape:
        raise ValueError(f"mask {mask.shape} and reference {reference.shape} differ in shape")
    both = int(np.count_nonzero(mask & reference))
    in_mask = int(np.count_nonzero(mask))
    in_reference = int(np.count_nonzero(reference))
    return Overlap(
        true_positive=both,
        false_positive=in_mask - both,
        false_negative=in_reference - both,
        true_negative=mask.size - in_mask - in_reference + both,
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
