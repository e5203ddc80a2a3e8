"""From sampled tissue to the magnitude image an echo-planar readout gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.acquisition import Acquisition
from DSCBrainSegLib.simulation.sampling import SampledSlice
from DSCBrainSegLib.simulation.tissue import FATTY_TISSUES, TISSUE_COUNT
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE

GYROMAGNETIC_HZ_PER_PPM_T = 42.577
"""Proton frequency per tesla, in Hz per ppm of the static field."""

FAT_SHIFT_PPM = -3.45

MASK_SMOOTHING_PIXELS = 1.5
"""Standard deviation, in fine pixels, of the smoothing of the distorted mask."""

FOLDED_WEIGHT = 0.7
"""Brain that is folded onto something else counts from this amount: 0.5 / 0.7 of a full pixel."""

METAL_MASK_MM = 3.0
"""How far at most the mask follows the distortion by metal: within the void, what the signal does
is no boundary a person could draw (docs/simulation.md)."""

METAL_IMAGE_MM = 40.0

STRETCH_LIMIT = 6.0
"""Fine pixels between neighbouring points up to which stretching leaves no gaps."""

SPIN_ECHO_BLOOM = 0.3
"""Share of blood products' additional R2* that a refocused echo sees."""

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


def displace(
    sampled: SampledSlice, acquisition: Acquisition, metal_limit_mm: float = METAL_IMAGE_MM
) -> Displaced:
    """Compute distortion, chemical shift and dephasing of a slice.

    A point moves along phase encoding by its off-resonance over the bandwidth per pixel; lipid
    moves 3.45 ppm further. A field gradient G dephases a voxel of extent d by sinc(G d TE).

    Parameters
    ----------
    sampled : SampledSlice
    acquisition : Acquisition
    metal_limit_mm : float
        The displacement by metal saturates at this.

    Returns
    -------
    Displaced
    """
    hz_per_ppm = GYROMAGNETIC_HZ_PER_PPM_T * acquisition.field_strength_t
    scale = hz_per_ppm * acquisition.field_scale
    off_resonance = sampled.field_ppm * np.float32(scale)
    off_resonance = off_resonance + np.where(
        _IS_FAT[sampled.labels], np.float32(FAT_SHIFT_PPM * hz_per_ppm), np.float32(0)
    )
    fine_pixels = acquisition.phase_polarity * FINE_SIZE / acquisition.matrix
    per_hz = np.float32(fine_pixels / acquisition.phase_bandwidth_hz)
    shift = off_resonance * per_hz
    if sampled.metal_ppm is not None:
        limit = np.float32(metal_limit_mm * FINE_SIZE / acquisition.field_of_view_mm)
        shift += limit * np.tanh(sampled.metal_ppm * (np.float32(scale) * per_hz / limit))
    shift = _phase_last(shift, acquisition)
    target = np.arange(FINE_SIZE, dtype=np.float32) + shift
    target += _spread(shift)
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


def _spread(shift: np.ndarray) -> np.ndarray:
    """Offsets that lay the sub-slices (axis 0) side by side where distortion stretches.

    Neighbouring points are then further apart than a pixel and would leave gaps, a comb.
    """
    apart = np.ones_like(shift)
    apart[..., 1:-1] = np.abs(1 + (shift[..., 2:] - shift[..., :-2]) / 2)
    apart = np.clip(apart, 1.0, STRETCH_LIMIT)
    count = len(shift)
    place = ((np.arange(count, dtype=np.float32) + 0.5) / count - 0.5)[:, None, None]
    return place * apart * np.minimum(apart - 1, 1)


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

    Lipid does not count: where its shifted signal lies over the brain there is still brain. The
    mask follows the distortion by air and bone, that by metal only up to `METAL_MASK_MM`.

    Returns
    -------
    ndarray of float32, shape (N, N)
        In [0, 1]: the brain as the distorted image shows it.
    """
    from scipy import ndimage

    if sampled.metal_ppm is not None:
        displaced = displace(sampled, acquisition, METAL_MASK_MM)
    brain = project(sampled.brain, displaced, acquisition)
    everything = project(~_IS_FAT[sampled.labels], displaced, acquisition)
    # Smoothing closes the gaps that stretching leaves between the points.
    brain, everything = (
        ndimage.gaussian_filter(part, MASK_SMOOTHING_PIXELS) for part in (brain, everything)
    )
    # Where distortion folds other tissue or air onto the brain, there is still brain.
    return np.maximum(brain / np.maximum(everything, 0.05), np.minimum(FOLDED_WEIGHT * brain, 1))


def signal_left(
    sampled: SampledSlice, displaced: Displaced, acquisition: Acquisition
) -> np.ndarray:
    """Share of the signal that field gradients and blood products leave.

    Returns
    -------
    ndarray of float32, shape (N, N) or, with blood products, (S, N, N)
        In [0, 1].
    """
    if sampled.decay_per_s is None:
        return displaced.dephasing
    share = SPIN_ECHO_BLOOM if acquisition.spin_echo else 1.0
    decay = np.exp(sampled.decay_per_s * np.float32(-acquisition.echo_time_s * share))
    return decay * displaced.dephasing


def clean_image(
    sampled: SampledSlice,
    displaced: Displaced,
    signals: np.ndarray,
    acquisition: Acquisition,
    texture: np.ndarray | None = None,
    fat_gain: np.ndarray | None = None,
) -> np.ndarray:
    """Distorted, dephased magnitude before coil, ghost, k-space and noise.

    Parameters
    ----------
    signals : ndarray, shape (TISSUE_COUNT,)
        Signal per `Tissue`.
    texture : ndarray, shape (N, N), optional
        Multiplies the signal (variation within a tissue).
    fat_gain : ndarray, shape (N, N), optional
        Multiplies the lipid signal: where fat saturation fails.

    Returns
    -------
    ndarray of float32, shape (N, N)
    """
    values = signals[sampled.labels] * signal_left(sampled, displaced, acquisition)
    if texture is not None:
        values *= texture
    if fat_gain is not None:
        values *= np.where(_IS_FAT[sampled.labels], fat_gain, np.float32(1))
    return project(values, displaced, acquisition)


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


def near_coil(rng: np.random.Generator) -> np.ndarray:
    """Draw the sensitivity of one close coil element: bright over the front or anywhere else.

    Returns
    -------
    ndarray of float32, shape (N, N)
        1 far away, up to 4 at the brightest point.
    """
    axis = np.linspace(-1, 1, FINE_SIZE, dtype=np.float32)
    angle = rng.uniform(-np.pi, np.pi) if rng.random() < 0.5 else rng.normal(-np.pi / 2, 0.3)
    distance, width = rng.uniform(0.5, 0.9), rng.uniform(0.2, 0.45)
    row, column = distance * np.sin(angle), distance * np.cos(angle)
    squared = (axis[:, None] - row) ** 2 + (axis[None, :] - column) ** 2
    return 1 + np.float32(rng.uniform(0.5, 3.0)) * np.exp(-0.5 * squared / np.float32(width) ** 2)


def _phase_last(values: np.ndarray, acquisition: Acquisition) -> np.ndarray:
    """Put phase encoding on the last axis (rows are axis -2, columns axis -1)."""
    return np.swapaxes(values, -1, -2) if acquisition.phase_axis == 0 else values


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
