"""How much of a lesion a brain mask keeps."""

from __future__ import annotations

import numpy as np


def lesion_kept(mask: np.ndarray, lesion: np.ndarray, reference: np.ndarray) -> float:
    """Share of the lesion inside the reference that lies in the mask.

    A mask without the tumour can have a Dice of 0.99 and is worth nothing to who reads perfusion
    there. What is drawn as lesion outside the reference (extra-axial, or a voxel at the border) is
    not asked for.

    Parameters
    ----------
    mask, lesion, reference : ndarray of bool, same shape

    Returns
    -------
    float
        ``|mask & lesion & reference| / |lesion & reference|``, from 0 to 1; NaN if the reference
        holds no lesion.

    Raises
    ------
    ValueError
        The shapes differ.
    """
    mask, lesion, reference = (np.asarray(array, bool) for array in (mask, lesion, reference))
    if not mask.shape == lesion.shape == reference.shape:
        raise ValueError(
            f"mask {mask.shape}, lesion {lesion.shape} and reference {reference.shape} differ in "
            "shape"
        )
    asked = lesion & reference
    count = int(np.count_nonzero(asked))
    return int(np.count_nonzero(mask & asked)) / count if count else float("nan")
