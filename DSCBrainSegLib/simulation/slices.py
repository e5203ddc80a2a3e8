"""Training slices: a random head, lesion, contrast and acquisition, then images and masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.components import solid_parts
from DSCBrainSegLib.preprocessing.grid import to_network_grid
from DSCBrainSegLib.preprocessing.intensity import scale_intensity
from DSCBrainSegLib.simulation.acquisition import Acquisition, draw_acquisition
from DSCBrainSegLib.simulation.epi import (
    clean_image,
    coil_shading,
    displace,
    project_mask,
    read_out,
)
from DSCBrainSegLib.simulation.maps import HeadMaps
from DSCBrainSegLib.simulation.pathology import Lesion, draw_lesion
from DSCBrainSegLib.simulation.sampling import (
    FINE_SIZE,
    Pose,
    Scalp,
    brain_extent_mm,
    draw_pose,
    draw_scalp,
    sample_slice,
)
from DSCBrainSegLib.simulation.signal import draw_random_signals, draw_tissue_signals
from DSCBrainSegLib.simulation.texture import draw_texture

LESION_PROBABILITY = 0.6
RANDOM_CONTRAST_PROBABILITY = 0.3
VERTEX_PROBABILITY = 0.2
BRIGHT_OBJECT_PROBABILITY = 0.08
SMALLEST_PART_PIXELS = 12


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
    shading : ndarray, shape (N, N)
        Receive sensitivity over the slice plane.
    shading_along_z : float
        Log change of sensitivity per 100 mm along the slices.
    bright_object : tuple of float
        Something bright beside the head (a cushion, a tube): row, column, two radii in fractions
        of the field of view, and its signal relative to the brain's; signal 0 = none.
    texture : float
        Relative standard deviation of the signal within a tissue.
    zeroed_background : float
        Scanner sets pixels below this fraction of the maximum to 0; 0 = not done.
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
    shading: np.ndarray
    shading_along_z: float
    bright_object: tuple[float, float, float, float, float]
    texture: float
    zeroed_background: float
    cap_percentile: float
    gamma: float
    seed: int


def draw_case(rng: np.random.Generator, maps: HeadMaps) -> Case:
    """Draw one simulated volume of a head."""
    acquisition = draw_acquisition(rng)
    lesions = []
    if rng.random() < LESION_PROBABILITY:
        lesions = [draw_lesion(rng, maps) for _ in range(1 + (rng.random() < 0.25))]
    if rng.random() < RANDOM_CONTRAST_PROBABILITY:
        signals = draw_random_signals(rng)
    else:
        signals = draw_tissue_signals(rng, acquisition)
    return Case(
        pose=draw_pose(rng, maps),
        scalp=draw_scalp(rng),
        lesions=lesions,
        acquisition=acquisition,
        signals=signals,
        shading=coil_shading(rng, acquisition.shading),
        shading_along_z=float(rng.normal(0.2, 0.6)),
        bright_object=_draw_object(rng),
        texture=float(rng.uniform(0.0, 0.12)),
        zeroed_background=float(rng.choice([0.0, rng.uniform(0.02, 0.10)], p=[0.8, 0.2])),
        cap_percentile=float(rng.uniform(99.5, 99.95)),
        gamma=float(rng.choice([1.0, np.exp(rng.normal(0.0, 0.25))])),
        seed=int(rng.integers(2**62)),
    )


def draw_slice_positions(rng: np.random.Generator, case: Case, maps: HeadMaps, count: int):
    """Draw slice positions in mm: most meet the brain, some lie just beyond either end.

    The vertex, where partial volume makes slices hard, is drawn more often than its height asks.
    """
    low, high = brain_extent_mm(maps, case.pose)
    span = high - low
    anywhere = rng.uniform(low - 0.10 * span, high + 0.06 * span, count)
    vertex = rng.uniform(high - 0.18 * span, high + 0.04 * span, count)
    return np.sort(np.where(rng.random(count) < VERTEX_PROBABILITY, vertex, anywhere))


def simulate_slices(maps: HeadMaps, case: Case, positions_mm: np.ndarray, size: int = 128):
    """Simulate slices of one volume as the network sees them.

    Parameters
    ----------
    maps : HeadMaps
    case : Case
    positions_mm : ndarray, shape (K,)
        Slice centres along the slice normal in mm.
    size : int
        Rows and columns of the network grid.

    Returns
    -------
    images : ndarray of float32, shape (K, size, size)
        In [0, 1], scaled over all slices together.
    masks : ndarray of bool, shape (K, size, size)
        Brain as the distorted image shows it.
    """
    rng = np.random.default_rng(case.seed)
    acquisition = case.acquisition
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
        image = clean_image(sampled, displaced, case.signals, acquisition, texture)
        image *= case.shading * np.float32(np.exp(case.shading_along_z * z / 100))
        clean.append(image)
        masks.append(project_mask(sampled, displaced, acquisition))
    clean, masks = np.stack(clean), np.stack(masks)
    inside = clean[masks > 0.5]
    brain_signal = float(inside.mean()) if inside.size else float(clean.mean())
    noise_sd = brain_signal / acquisition.snr
    clean += _beside_the_head(case.bright_object) * brain_signal
    images = np.stack([read_out(image, acquisition, noise_sd, rng) for image in clean])
    if case.zeroed_background > 0:
        images[images < case.zeroed_background * np.percentile(images, 99.5)] = 0
    pixel = acquisition.field_of_view_mm / acquisition.matrix
    fine_pixel = acquisition.field_of_view_mm / FINE_SIZE
    images, _ = to_network_grid(images, (1.0, pixel, pixel), size)
    masks, _ = to_network_grid(masks, (1.0, fine_pixel, fine_pixel), size)
    scaled = scale_intensity(images, case.cap_percentile)
    return scaled ** np.float32(case.gamma), _solid(masks > 0.5)


def _solid(masks: np.ndarray) -> np.ndarray:
    """Take holes and specks, which are noise of automatic labels, out of every slice."""
    return np.stack([solid_parts(mask, SMALLEST_PART_PIXELS) for mask in masks])


def _draw_object(rng: np.random.Generator) -> tuple[float, float, float, float, float]:
    signal = rng.uniform(0.3, 2.5) if rng.random() < BRIGHT_OBJECT_PROBABILITY else 0.0
    # In a corner, where there is no head.
    row, column = rng.uniform(0.02, 0.16, 2)
    row, column = (1 - x if rng.random() < 0.5 else x for x in (row, column))
    radii = rng.uniform(0.02, 0.14, 2)
    return float(row), float(column), float(radii[0]), float(radii[1]), float(signal)


def _beside_the_head(bright_object) -> np.ndarray:
    row, column, row_radius, column_radius, signal = bright_object
    axis = (np.arange(FINE_SIZE) + 0.5) / FINE_SIZE
    inside = ((axis[:, None] - row) / row_radius) ** 2 + (
        (axis[None, :] - column) / column_radius
    ) ** 2 < 1
    return np.float32(signal) * inside.astype(np.float32)
