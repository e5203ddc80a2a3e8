"""Training slices: a random head, lesion, contrast and acquisition, then images and masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.components import solid_parts
from DSCBrainSegLib.preprocessing.grid import to_network_grid
from DSCBrainSegLib.preprocessing.intensity import scale_intensity, signal_drop
from DSCBrainSegLib.simulation.acquisition.artefacts import (
    Artefacts,
    beside_the_head,
    blank_and_burn,
    draw_artefacts,
    wrapped,
)
from DSCBrainSegLib.simulation.acquisition.coils import coil_shading, near_coil
from DSCBrainSegLib.simulation.acquisition.epi import clean_image, displace, project_mask
from DSCBrainSegLib.simulation.acquisition.pose import (
    Pose,
    Scalp,
    brain_extent_mm,
    draw_pose,
    draw_scalp,
)
from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition, draw_acquisition
from DSCBrainSegLib.simulation.acquisition.readout import read_out
from DSCBrainSegLib.simulation.acquisition.sampling import sample_slice
from DSCBrainSegLib.simulation.acquisition.signal import (
    draw_lesion_looks,
    draw_random_signals,
    draw_tissue_signals,
)
from DSCBrainSegLib.simulation.acquisition.texture import draw_texture
from DSCBrainSegLib.simulation.acquisition.visible import visible_share
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.pathology.lesions import Lesion, draw_lesion
from DSCBrainSegLib.simulation.perfusion.bolus import draw_peak_signals

LESION_PROBABILITY = 0.67
SECOND_LESION_PROBABILITY = 0.2
NEAR_COIL_PROBABILITY = 0.25
RANDOM_CONTRAST_PROBABILITY = 0.3
VERTEX_PROBABILITY = 0.2
SMALLEST_PART_PIXELS, SMALLEST_PART = 12, 0.02
"""Smaller pieces of a slice's mask, in pixels or relative to all of it, are left out."""

PEAK_STREAM, SHIFT_STREAM = 1, 2
"""Keep the draws of the bolus and of the head's shift apart from the noise's random numbers."""

PEAK_SHIFT_SD_MM = 0.4
"""How far the head lies, at the bolus peak, from where it lay in the reference frame."""


@dataclass(frozen=True)
class Case:
    """Everything drawn for one simulated volume before anything is computed.

    Parameters
    ----------
    pose : Pose
    scalp : Scalp
    lesions : list of Lesion
    acquisition : Acquisition
    signals : ndarray, shape (TISSUE_COUNT,)
    random_contrast : bool
        The signals come from no physical prior.
    shading : ndarray, shape (N, N)
        Receive sensitivity over the slice plane.
    shading_along_z : float
        Log change of sensitivity per 100 mm along the slices.
    artefacts : Artefacts
    texture : float
        Relative standard deviation of the signal within a tissue.
    cap_percentile, gamma : float
        Variation of the intensity scaling around what inference uses.
    seed : int
        Of the noise and texture.
    """

    pose: Pose
    scalp: Scalp
    lesions: list[Lesion]
    acquisition: Acquisition
    signals: np.ndarray
    random_contrast: bool
    shading: np.ndarray
    shading_along_z: float
    artefacts: Artefacts
    texture: float
    cap_percentile: float
    gamma: float
    seed: int


def draw_case(
    rng: np.random.Generator, maps: HeadMaps, acquisition: Acquisition | None = None
) -> Case:
    """Draw one simulated volume of a head, and how it is acquired unless that is given."""
    acquisition = acquisition or draw_acquisition(rng)
    lesions = []
    if rng.random() < LESION_PROBABILITY:
        lesions = _draw_lesions(rng, maps)
    random_contrast = bool(rng.random() < RANDOM_CONTRAST_PROBABILITY)
    signals = draw_random_signals(rng) if random_contrast else draw_tissue_signals(rng, acquisition)
    shading = coil_shading(rng, acquisition.shading)
    if rng.random() < NEAR_COIL_PROBABILITY:
        shading = shading * near_coil(rng)
    return Case(
        pose=draw_pose(rng, maps),
        scalp=draw_scalp(rng),
        lesions=lesions,
        acquisition=acquisition,
        signals=draw_lesion_looks(rng, signals) if lesions else signals,
        random_contrast=random_contrast,
        shading=shading,
        shading_along_z=float(rng.normal(0.2, 0.6)),
        artefacts=draw_artefacts(rng, acquisition.fat_signal),
        texture=float(rng.uniform(0.0, 0.12)),
        cap_percentile=float(rng.uniform(99.5, 99.95)),
        gamma=float(rng.choice([1.0, np.exp(rng.normal(0.0, 0.25))])),
        seed=int(rng.integers(2**62)),
    )


def _draw_lesions(rng: np.random.Generator, maps: HeadMaps) -> list[Lesion]:
    count = 1 + (rng.random() < SECOND_LESION_PROBABILITY)
    return [draw_lesion(rng, maps) for _ in range(count)]


def draw_slice_positions(
    rng: np.random.Generator, case: Case, maps: HeadMaps, count: int, contiguous: bool = False
) -> np.ndarray:
    """Draw slice positions in mm: most meet the brain, some lie just beyond either end.

    The vertex, where partial volume makes slices hard, is drawn more often than its height asks.

    Parameters
    ----------
    rng : numpy.random.Generator
    case : Case
    maps : HeadMaps
    count : int
    contiguous : bool
        Neighbouring slices at the case's spacing instead of independent ones. A slice drawn like
        the independent ones takes a random place in the run, which is then moved so that at most
        one slice lies beyond the range independent slices come from.

    Returns
    -------
    ndarray, shape (count,)
        Ascending.
    """
    low, high = brain_extent_mm(maps, case.pose)
    span = high - low
    bottom, top = low - 0.10 * span, high + 0.06 * span
    anywhere = rng.uniform(bottom, top, count)
    vertex = rng.uniform(high - 0.18 * span, high + 0.04 * span, count)
    positions = np.where(rng.random(count) < VERTEX_PROBABILITY, vertex, anywhere)
    if not contiguous:
        return np.sort(positions)
    spacing = case.acquisition.slice_spacing_mm
    start = positions[0] - spacing * rng.integers(count)
    # A run longer than the brain covers all of it wherever it lies within these limits.
    limits = sorted((bottom - spacing, top + spacing - spacing * (count - 1)))
    return np.clip(start, *limits) + spacing * np.arange(count)


def simulate_slices(
    maps: HeadMaps, case: Case, positions_mm: np.ndarray, size: int = 128, peak: bool = False
):
    """Simulate slices of one volume as the network sees them.

    Parameters
    ----------
    maps : HeadMaps
    case : Case
    positions_mm : ndarray, shape (K,)
        Slice centres along the slice normal in mm.
    size : int
        Rows and columns of the network grid.
    peak : bool
        Simulate the bolus peak, too, and return the fall of the signal.

    Returns
    -------
    images : ndarray of float32, shape (K, size, size)
        In [0, 1], scaled over all slices together.
    masks : ndarray of bool, shape (K, size, size)
        Brain as the distorted image shows it.
    drops : ndarray of float32, shape (K, size, size), only with `peak`
        Reference minus peak, in units of the reference's range (`intensity.signal_drop`).
    """
    acquisition = case.acquisition
    peak_signals = None
    if peak:
        peak_rng = np.random.default_rng([case.seed, PEAK_STREAM])
        peak_signals = draw_peak_signals(peak_rng, case.signals, acquisition)
    images, masks, peaks = acquire(maps, case, positions_mm, peak_signals)
    masks = _solid(_on_network_grid(masks, acquisition, size) > 0.5)
    images = _on_network_grid(images, acquisition, size)
    scaled = scale_intensity(images, case.cap_percentile) ** np.float32(case.gamma)
    if not peak:
        return scaled, masks
    peaks = _on_network_grid(peaks, acquisition, size)
    return scaled, masks, signal_drop(images, peaks, case.cap_percentile)


def _on_network_grid(planes: np.ndarray, acquisition: Acquisition, size: int) -> np.ndarray:
    pixel = acquisition.field_of_view_mm / planes.shape[-1]
    return to_network_grid(planes, (1.0, pixel, pixel), size)[0]


def acquire(
    maps: HeadMaps, case: Case, positions_mm: np.ndarray, peak_signals: np.ndarray | None = None
):
    """Acquire slices of one volume on the scanner's own pixels.

    Parameters
    ----------
    maps : HeadMaps
    case : Case
    positions_mm : ndarray, shape (K,)
        Slice centres along the slice normal in mm.
    peak_signals : ndarray, shape (TISSUE_COUNT,), optional
        Signals at a second time point, acquired with noise of its own.

    Returns
    -------
    images : ndarray of float32, shape (K, image_matrix, image_matrix)
    brain : ndarray of float32, shape (K, N, N)
        Fraction of brain as the distorted image shows it, N = `FINE_SIZE`, same field of view.
    peaks : ndarray of float32, shape (K, image_matrix, image_matrix), or None
        The second time point.
    """
    rng = np.random.default_rng(case.seed)
    acquisition, artefacts = case.acquisition, case.artefacts
    times = [case.signals] if peak_signals is None else [case.signals, peak_signals]
    clean, masks = [], []
    for z in positions_mm:
        sampled = sample_slice(
            maps,
            case.pose,
            case.scalp,
            case.lesions,
            float(z),
            acquisition.field_of_view_mm,
            acquisition.slice_thickness_mm,
        )
        displaced = displace(sampled, acquisition)
        texture = draw_texture(rng, case.texture)
        coil = case.shading * np.float32(np.exp(case.shading_along_z * z / 100))
        images = [
            clean_image(sampled, displaced, signals, acquisition, texture, artefacts.fat_gain)
            for signals in times
        ]
        clean.append([wrapped(image, artefacts, acquisition.phase_axis) * coil for image in images])
        fraction = project_mask(sampled, displaced, acquisition)
        fraction = visible_share(fraction, sampled, displaced, case.signals, acquisition)
        masks.append(wrapped(fraction, artefacts, acquisition.phase_axis))
    clean, masks = np.stack(clean, axis=1), np.stack(masks)
    if peak_signals is not None:
        clean[1] = _shifted(clean[1], case.seed, acquisition)
    inside = clean[0][masks > 0.5]
    brain_signal = float(inside.mean()) if inside.size else float(clean[0].mean())
    noise_sd = brain_signal / acquisition.snr
    clean += beside_the_head(artefacts) * brain_signal
    read = [
        np.stack([read_out(image, acquisition, noise_sd, rng) for image in images])
        for images in clean
    ]
    for images in read:
        blank_and_burn(images, artefacts)
    return read[0], masks, read[1] if peak_signals is not None else None


def _shifted(planes: np.ndarray, seed: int, acquisition: Acquisition) -> np.ndarray:
    """Breathing, drift of the field and a restless head move a later frame a little."""
    from scipy import ndimage

    shift_mm = np.random.default_rng([seed, SHIFT_STREAM]).normal(0.0, PEAK_SHIFT_SD_MM, 2)
    pixel = acquisition.field_of_view_mm / planes.shape[-1]
    return ndimage.shift(planes, (0, *(shift_mm / pixel)), order=1, mode="nearest")


def _solid(masks: np.ndarray) -> np.ndarray:
    return np.stack([without_specks(mask) for mask in masks])


def without_specks(mask: np.ndarray) -> np.ndarray:
    """Take holes and specks, which are noise of automatic labels, out of one slice."""
    smallest = max(SMALLEST_PART_PIXELS, round(SMALLEST_PART * np.count_nonzero(mask)))
    return solid_parts(mask, smallest)
