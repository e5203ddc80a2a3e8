"""From sampled tissue to the magnitude image an echo-planar readout gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.acquisition import Acquisition
from DSCBrainSegLib.simulation.sampling import FINE_SIZE, SampledSlice
from DSCBrainSegLib.simulation.tissue import FATTY_TISSUES, TISSUE_COUNT

GYROMAGNETIC_HZ_PER_PPM_T = 42.577
"""Proton frequency per tesla, in Hz per ppm of the static field."""

FAT_SHIFT_PPM = -3.45

MASK_SMOOTHING_PIXELS = 2.0
"""Standard deviation, in fine pixels, of the smoothing of the distorted mask."""

_IS_FAT = np.zeros(TISSUE_COUNT, bool)
_IS_FAT[[int(tissue) for tissue in FATTY_TISSUES]] = True


@dataclass
class Displaced:
    """Where each point of a slice appears along phase encoding, computed once per slice.

    Parameters
    ----------
    row, weight : ndarray, shape (S, N, N)
        Lower of the two target pixels and the upper one's share; phase encoding on the last axis.
    dephasing : ndarray of float32, shape (N, N)
        Row by column: signal that through-slice and in-plane field gradients leave, in [0, 1].
    """

    row: np.ndarray
    weight: np.ndarray
    dephasing: np.ndarray


def displace(sampled: SampledSlice, acquisition: Acquisition) -> Displaced:
    """Compute distortion, chemical shift and dephasing of a slice.

    A point moves along phase encoding by its off-resonance over the bandwidth per pixel; lipid
    moves 3.45 ppm further. A field gradient G dephases a voxel of extent d by sinc(G d TE).

    Parameters
    ----------
    sampled : SampledSlice
    acquisition : Acquisition

    Returns
    -------
    Displaced
    """
    hz_per_ppm = GYROMAGNETIC_HZ_PER_PPM_T * acquisition.field_strength_t
    scale = hz_per_ppm * acquisition.field_scale
    off_resonance = sampled.field_ppm * scale
    off_resonance = off_resonance + np.where(
        _IS_FAT[sampled.labels], np.float32(FAT_SHIFT_PPM * hz_per_ppm), np.float32(0)
    )
    fine_pixels = acquisition.phase_polarity * FINE_SIZE / acquisition.matrix
    shift = off_resonance * np.float32(fine_pixels / acquisition.phase_bandwidth_hz)
    shift = _phase_last(shift, acquisition)
    target = np.arange(FINE_SIZE, dtype=np.float32) + shift
    lower = np.floor(target)
    pixel = acquisition.field_of_view_mm / acquisition.matrix
    extents = (acquisition.slice_thickness_mm, pixel, pixel)
    dephasing = np.ones(sampled.gradient_ppm_mm.shape[1:], np.float32)
    for gradient, extent in zip(sampled.gradient_ppm_mm, extents, strict=True):
        if acquisition.spin_echo:  # refocuses what static gradients dephase
            break
        cycles = gradient * np.float32(scale * extent * acquisition.echo_time_s)
        dephasing *= np.abs(np.sinc(cycles))
    return Displaced(
        # Aliasing: what leaves the field of view comes in on the other side.
        row=lower.astype(np.int32) % FINE_SIZE,
        weight=target - lower,
        dephasing=dephasing,
    )


def project(values: np.ndarray, displaced: Displaced, acquisition: Acquisition) -> np.ndarray:
    """Add up per-point values where they appear; compression piles up, stretching thins out.

    Parameters
    ----------
    values : ndarray, shape (S, N, N)
    displaced : Displaced
    acquisition : Acquisition

    Returns
    -------
    ndarray of float32, shape (N, N)
        Mean over sub-slices of the displaced values.
    """
    values = _phase_last(np.asarray(values, np.float32), acquisition)
    count, lines, _ = values.shape
    base = (np.arange(lines, dtype=np.int32) * FINE_SIZE)[None, :, None]
    size = lines * FINE_SIZE
    upper = values * displaced.weight
    image = np.bincount((base + displaced.row).ravel(), (values - upper).ravel(), size)
    image += np.bincount((base + (displaced.row + 1) % FINE_SIZE).ravel(), upper.ravel(), size)
    image = (image / count).reshape(lines, FINE_SIZE).astype(np.float32)
    return image if acquisition.phase_axis == 1 else image.T


def project_mask(sampled: SampledSlice, displaced: Displaced, acquisition: Acquisition):
    """Fraction of brain in every fine pixel of the distorted image.

    Lipid does not count: where its shifted signal lies over the brain there is still brain.

    Returns
    -------
    ndarray of float32, shape (N, N)
        In [0, 1]: the brain as the distorted image shows it.
    """
    from scipy import ndimage

    brain = project(sampled.brain, displaced, acquisition)
    everything = project(~_IS_FAT[sampled.labels], displaced, acquisition)
    # Smoothing closes the gaps that stretching leaves between the points.
    brain, everything = (
        ndimage.gaussian_filter(part, MASK_SMOOTHING_PIXELS) for part in (brain, everything)
    )
    return brain / np.maximum(everything, 0.05)


def clean_image(
    sampled: SampledSlice,
    displaced: Displaced,
    signals: np.ndarray,
    acquisition: Acquisition,
    texture: np.ndarray | None = None,
) -> np.ndarray:
    """Distorted, dephased magnitude before coil, ghost, k-space and noise.

    Parameters
    ----------
    signals : ndarray, shape (TISSUE_COUNT,)
        Signal per `Tissue`.
    texture : ndarray, shape (N, N), optional
        Multiplies the signal (variation within a tissue).

    Returns
    -------
    ndarray of float32, shape (N, N)
    """
    values = signals[sampled.labels]
    if texture is not None:
        values = values * texture
    return project(values * displaced.dephasing, displaced, acquisition)


def read_out(
    image: np.ndarray,
    acquisition: Acquisition,
    noise_sd: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Turn a fine image into the acquired magnitude: ghost, k-space cut, filter, Rician noise.

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
    ndarray of float32, shape (matrix, matrix)
    """
    import scipy.fft

    size = acquisition.matrix
    phase_axis = acquisition.phase_axis
    spectrum = np.fft.fftshift(scipy.fft.fft2(image.astype(np.complex64)))
    start = FINE_SIZE // 2 - size // 2
    spectrum = spectrum[start : start + size, start : start + size] * (size / FINE_SIZE) ** 2
    spectrum = spectrum * _k_space_filter(size, acquisition) * _half_pixel_phase(size)
    if acquisition.ghost > 0:
        # Odd and even lines of the readout differ: a copy shifted by half the field of view.
        alternating = np.where(np.arange(size) % 2, -acquisition.ghost, acquisition.ghost)
        shape = (size, 1) if phase_axis == 0 else (1, size)
        spectrum = spectrum * (1 + 1j * alternating.reshape(shape)).astype(np.complex64)
    result = scipy.fft.ifft2(np.fft.ifftshift(spectrum))
    noise = rng.standard_normal((2, size, size), np.float32) * np.float32(noise_sd)
    return np.hypot(result.real + noise[0], result.imag + noise[1])


def coil_shading(rng: np.random.Generator, ratio: float) -> np.ndarray:
    """Draw a smooth receive sensitivity over the slice plane.

    Parameters
    ----------
    rng : numpy.random.Generator
    ratio : float
        Strongest over weakest sensitivity.

    Returns
    -------
    ndarray of float32, shape (N, N)
        Between 1/ratio and 1.
    """
    axis = np.linspace(-1, 1, FINE_SIZE, dtype=np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij", sparse=True)
    a, b = rng.normal(0.0, 1.0, 2)
    c, d, e = rng.normal(0.0, 0.8, 3)
    # Surface coils are bright near the skin more often than in the middle.
    bowl = rng.normal(0.5, 1.0)
    shape = a * x + b * y + c * x * y + d * x * x + e * y * y + bowl * (x * x + y * y)
    shape = (shape - shape.min()) / (np.ptp(shape) + 1e-6)
    return np.exp((shape - 1.0) * np.log(ratio)).astype(np.float32)


def _phase_last(values: np.ndarray, acquisition: Acquisition) -> np.ndarray:
    """Put phase encoding on the last axis (rows are axis -2, columns axis -1)."""
    return np.swapaxes(values, -1, -2) if acquisition.phase_axis == 0 else values


def _half_pixel_phase(size: int) -> np.ndarray:
    """Phase that moves the samples from the first fine pixel's centre to the acquired pixels'."""
    shift = (FINE_SIZE / size - 1) / 2
    ramp = np.exp(2j * np.pi * (np.arange(size) - size // 2) * shift / FINE_SIZE)
    return np.outer(ramp, ramp).astype(np.complex64)


def _k_space_filter(size: int, acquisition: Acquisition) -> np.ndarray:
    frequency = np.abs(np.arange(size) - size // 2) / (size / 2)
    window = 1 - acquisition.apodisation * (1 - np.cos(np.pi * frequency)) / 2
    kept = np.ones(size)
    kept[: round(size * (1 - acquisition.partial_fourier))] = 0
    phase = (window * kept).astype(np.float32)
    read = window.astype(np.float32)
    return np.outer(phase, read) if acquisition.phase_axis == 0 else np.outer(read, phase)
