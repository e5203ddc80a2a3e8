"""Flow, arrival and the residue function by deconvolution that does not mind a delay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LARGEST_OSCILLATION = 0.035
"""Oscillation index up to which a residue function is accepted (Wu et al. 2003)."""

CUT_OFFS = np.concatenate([np.arange(0.01, 0.1, 0.01), np.arange(0.1, 0.96, 0.05)])
"""Singular values below this share of the largest one are left out; tried from low to high."""

BLOCK = 16384
"""Voxels that are worked on at once: their curves stay in the processor's cache."""


@dataclass(frozen=True)
class Residue:
    """What deconvolution says of every voxel.

    Parameters
    ----------
    flow : ndarray, shape (N,)
        Peak of the flow-scaled residue function, per second (blood in artery's units).
    delay_s : ndarray, shape (N,)
        Tmax: when that peak is, in seconds after the arterial input; negative where tissue is
        reached before it.
    """

    flow: np.ndarray
    delay_s: np.ndarray


def deconvolve(change: np.ndarray, artery: np.ndarray, step_s: float) -> Residue:
    """Deconvolve tissue curves by the arterial one (oSVD).

    Wu et al. 2003, Magn Reson Med 50:164: the convolution is written as a block-circulant matrix
    of twice the length, so that a tissue that is reached earlier than the artery only turns the
    result around; singular values are truncated, voxel by voxel, as little as keeps the
    oscillation index below `LARGEST_OSCILLATION`. The singular vectors of a circulant matrix are
    the Fourier components and its singular values their magnitudes, so the truncated inverse is
    computed by the fast Fourier transform; it is the same number.

    Parameters
    ----------
    change : ndarray, shape (N, T)
        Change of R2* of tissue.
    artery : ndarray, shape (T,)
        Of the arterial input.
    step_s : float
        Time between time points, the same for all.

    Returns
    -------
    Residue
    """
    from scipy import fft

    count, frames = change.shape
    length = fft.next_fast_len(2 * frames, real=True)
    length += length % 2  # an odd length has no middle to tell late from early
    spectrum = np.fft.rfft(np.asarray(artery, float), length) * step_s
    size = np.abs(spectrum)
    inverse = np.where(size > 0, np.conj(spectrum) / np.maximum(size, 1e-30) ** 2, 0)
    filters = _distinct_filters(inverse, size)
    flow, peak = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for start in range(0, count, BLOCK):
        block = slice(start, min(start + BLOCK, count))
        flow[block], peak[block] = _solve(change[block], filters, length)
    peak = np.where(peak >= length / 2, peak - length, peak)
    return Residue(flow, (peak * step_s).astype(np.float32))


def _distinct_filters(inverse: np.ndarray, size: np.ndarray) -> list[np.ndarray]:
    """Truncated inverses, from the least truncated on, without repetitions."""
    filters, kept_before = [], -1
    for cut in CUT_OFFS:
        kept = size >= cut * size.max()
        if kept.sum() != kept_before:
            filters.append(np.where(kept, inverse, 0).astype(np.complex64))
            kept_before = int(kept.sum())
    return filters


def _solve(change: np.ndarray, filters: list[np.ndarray], length: int):
    """Peak and its place for each voxel, by the first filter whose result oscillates little."""
    from scipy import fft

    curves = fft.rfft(change.astype(np.float32), length, axis=1)
    flow, peak = np.zeros(len(change), np.float32), np.zeros(len(change), np.float32)
    open_ = np.arange(len(change))
    for number, truncated in enumerate(filters):
        residue = fft.irfft(curves[open_] * truncated, length, axis=1)
        highest = residue.argmax(axis=1)
        top = np.maximum(np.take_along_axis(residue, highest[:, None], 1)[:, 0], 1e-12)
        bends = np.abs(np.diff(residue, n=2, axis=1)).sum(axis=1)
        accepted = bends / (length * top) <= LARGEST_OSCILLATION
        if number == len(filters) - 1:
            accepted[:] = True
        flow[open_[accepted]] = top[accepted]
        peak[open_[accepted]] = highest[accepted] + _offset(residue[accepted], highest[accepted])
        open_ = open_[~accepted]
        if not open_.size:
            break
    return flow, peak


def _offset(residue: np.ndarray, highest: np.ndarray) -> np.ndarray:
    """Where between time points the peak lies: the top of a parabola, in time points."""
    place, length = np.arange(len(residue)), residue.shape[1]
    before, top, after = (residue[place, (highest + step) % length] for step in (-1, 0, 1))
    bend = before - 2 * top + after
    return np.where(bend < 0, (before - after) / (2 * np.minimum(bend, -1e-12)), 0)
