"""From sampled tissue to where and how strongly an echo-planar image shows it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.sampling import SampledSlice
from DSCBrainSegLib.simulation.anatomy.tissue import FATTY_TISSUES, TISSUE_COUNT
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
    return project_parts(values, None, 1, displaced, acquisition)[0]


def project_parts(
    values: np.ndarray,
    part: np.ndarray | None,
    count: int,
    displaced: Displaced,
    acquisition: Acquisition,
) -> np.ndarray:
    """As `project`, but into an image of its own for each part that the points belong to.

    Parameters
    ----------
    values : ndarray, shape (S, N, N)
    part : ndarray of int, shape (S, N, N), or None
        Which part, from 0, each point belongs to; None if there is one only.
    count : int
        Number of parts.
    displaced : Displaced
    acquisition : Acquisition

    Returns
    -------
    ndarray of float32, shape (count, N, N)
    """
    values = _phase_last(np.asarray(values, np.float32), acquisition)
    planes, lines, _ = values.shape
    size = lines * FINE_SIZE
    base = (np.arange(lines, dtype=np.int32) * FINE_SIZE)[None, :, None]
    if part is not None:
        base = base + _phase_last(part, acquisition) * np.int32(size)
    upper = values * displaced.weight
    images = np.bincount((base + displaced.row).ravel(), (values - upper).ravel(), count * size)
    images += np.bincount(
        (base + (displaced.row + 1) % FINE_SIZE).ravel(), upper.ravel(), count * size
    )
    images = (images / planes).reshape(count, lines, FINE_SIZE).astype(np.float32)
    return images if acquisition.phase_axis == 1 else np.swapaxes(images, -1, -2)


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


def _phase_last(values: np.ndarray, acquisition: Acquisition) -> np.ndarray:
    """Put phase encoding on the last axis (rows are axis -2, columns axis -1)."""
    return np.swapaxes(values, -1, -2) if acquisition.phase_axis == 0 else values
