"""From the fine image to the acquired one: the part of k-space that is read, its filter, noise."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE


def read_out(
    image: np.ndarray,
    acquisition: Acquisition,
    noise_sd: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Turn a fine image into the acquired magnitude: ghost, k-space cut, filter, Rician noise.

    A reconstructed matrix larger than the acquired one is filled with zeros in k-space.

    The edges of the acquired pixels align with those of the fine ones, so that image and mask cover
    the same field of view.

    Parameters
    ----------
    image : ndarray of float32, shape (N, N)
        Coil-weighted signal, N = `FINE_SIZE`.
    acquisition : Acquisition
    noise_sd : float
        Standard deviation of the noise in each of the real and imaginary part.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (image_matrix, image_matrix)
    """
    import scipy.fft

    size = acquisition.matrix
    phase_axis = acquisition.phase_axis
    spectrum = np.fft.fftshift(scipy.fft.fft2(image.astype(np.complex64)))
    start = FINE_SIZE // 2 - size // 2
    spectrum = spectrum[start : start + size, start : start + size] * (size / FINE_SIZE) ** 2
    shown = acquisition.image_matrix
    spectrum = spectrum * _k_space_filter(size, acquisition) * _half_pixel_phase(size, shown)
    if acquisition.ghost > 0:
        # Odd and even lines of the readout differ: a copy shifted by half the field of view.
        alternating = np.where(np.arange(size) % 2, -acquisition.ghost, acquisition.ghost)
        shape = (size, 1) if phase_axis == 0 else (1, size)
        spectrum = spectrum * (1 + 1j * alternating.reshape(shape)).astype(np.complex64)
    noise = rng.standard_normal((2, size, size), np.float32) * np.float32(noise_sd * size)
    spectrum = spectrum + noise[0] + 1j * noise[1]
    if shown > size:
        before = shown // 2 - size // 2
        spectrum = np.pad(spectrum, [(before, shown - size - before)] * 2) * (shown / size) ** 2
    return np.abs(scipy.fft.ifft2(np.fft.ifftshift(spectrum))).astype(np.float32)


def _half_pixel_phase(size: int, shown: int) -> np.ndarray:
    """Phase that moves the samples from the first fine pixel's centre to the shown pixels'."""
    shift = (FINE_SIZE / shown - 1) / 2
    ramp = np.exp(2j * np.pi * (np.arange(size) - size // 2) * shift / FINE_SIZE)
    return np.outer(ramp, ramp).astype(np.complex64)


def _k_space_filter(size: int, acquisition: Acquisition) -> np.ndarray:
    offset = (np.arange(size) - size // 2) / (size / 2)
    window = 1 - acquisition.apodisation * (1 - np.cos(np.pi * np.abs(offset))) / 2
    kept = np.ones(size)
    kept[: round(size * (1 - acquisition.partial_fourier))] = 0
    if acquisition.readout_decay_s > 0:
        # Lines before the echo are stronger, later ones weaker.
        late = offset / (2 * acquisition.phase_bandwidth_hz)
        kept = kept * np.exp(-late / acquisition.readout_decay_s)
    phase = (window * kept).astype(np.float32)
    read = window.astype(np.float32)
    return np.outer(phase, read) if acquisition.phase_axis == 0 else np.outer(read, phase)
