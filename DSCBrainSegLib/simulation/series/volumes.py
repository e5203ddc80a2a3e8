"""Whole simulated volumes on the scanner's own voxels, for measuring: one frame and its truth."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.simulation.acquisition.artefacts import wrapped
from DSCBrainSegLib.simulation.acquisition.epi import displace, project_mask
from DSCBrainSegLib.simulation.acquisition.pose import brain_extent_mm
from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.sampling import sample_slice
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.series.phantom_frames import LESION_CORE
from DSCBrainSegLib.simulation.series.slices import Case, acquire, draw_case, without_specks
from DSCBrainSegLib.simulation.upsampling import at_pixels

LIMITED_COVERAGE_PROBABILITY = 0.25
"""Share of volumes that leave out part of the brain at either end."""


@dataclass(frozen=True)
class SimulatedVolume:
    """One frame with its exact brain mask.

    Parameters
    ----------
    image : ndarray of float32, shape (K, J, I)
        Axial slices: i to patient left, j to posterior, k to superior.
    mask : ndarray of bool, shape (K, J, I)
        Brain as the distorted image shows it.
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.
    case : Case
        Everything that was drawn.
    peak : ndarray of float32, shape (K, J, I), or None
        The frame at the peak of a contrast agent's passage.
    """

    image: np.ndarray
    mask: np.ndarray
    affine: np.ndarray
    case: Case
    peak: np.ndarray | None = None


def simulate_volume(seed: int, maps: HeadMaps, bolus: bool = False) -> SimulatedVolume:
    """Simulate one frame of a head with a random lesion, contrast and scanner.

    The slices cover the brain from base to vertex, in a quarter of the volumes only part of it.

    Parameters
    ----------
    seed : int
        The same seed and head give the same volume.
    maps : HeadMaps
    bolus : bool
        Simulate the frame at the peak of the bolus, too.

    Returns
    -------
    SimulatedVolume
    """
    rng = _random_numbers(seed)
    case = draw_case(rng, maps)
    acquisition = case.acquisition
    positions = draw_coverage(rng, case, maps)
    peak_signals = None
    if bolus:
        from DSCBrainSegLib.simulation.perfusion.bolus import draw_peak_signals

        peak_signals = draw_peak_signals(rng, case.signals, acquisition)
    image, brain, peak = acquire(maps, case, positions, peak_signals)
    size = acquisition.image_matrix
    mask = np.stack([without_specks(at_pixels(plane, size) > 0.5) for plane in brain])
    return SimulatedVolume(image, mask, axial_affine(acquisition, positions), case, peak)


def abnormal_seeds(maps: HeadMaps, first_seed: int) -> Iterator[int]:
    """Yield the seeds from `first_seed` on whose volumes of this head have a lesion."""
    for seed in itertools.count(first_seed):
        if draw_case(_random_numbers(seed), maps).lesions:
            yield seed


def lesion_mask(volume: SimulatedVolume, maps: HeadMaps) -> np.ndarray:
    """Project the lesions of a simulated volume into its image.

    Parameters
    ----------
    volume : SimulatedVolume
    maps : HeadMaps
        The head it was made of.

    Returns
    -------
    ndarray of bool, shape (K, J, I)
        `LESION_CORE`: tumour with necrosis, haemorrhage, infarct and cavity, without oedema and
        extra-axial collections; empty for a lesion without a core, such as a bone flap.
    """
    case, count = volume.case, len(volume.image)
    acquisition = case.acquisition
    lesion = np.zeros(volume.mask.shape, bool)
    if not case.lesions:
        return lesion
    for k, z in enumerate(volume.affine[2, 3] + volume.affine[2, 2] * np.arange(count)):
        sampled = sample_slice(
            maps,
            case.pose,
            case.scalp,
            case.lesions,
            float(z),
            acquisition.field_of_view_mm,
            acquisition.slice_thickness_mm,
        )
        core = np.isin(sampled.labels, LESION_CORE)
        if core.any():
            displaced = displace(sampled, acquisition)
            share = project_mask(replace(sampled, brain=core), displaced, acquisition)
            share = wrapped(share, case.artefacts, acquisition.phase_axis)
            lesion[k] = at_pixels(share, acquisition.image_matrix) > 0.5
    return lesion


def draw_coverage(rng: np.random.Generator, case: Case, maps: HeadMaps) -> np.ndarray:
    """Draw where a volume's slices lie: around the brain, in a quarter of them without its ends.

    Parameters
    ----------
    rng : numpy.random.Generator
    case : Case
    maps : HeadMaps

    Returns
    -------
    ndarray, shape (K,)
        Slice centres along the slice normal in mm, ascending, at least 4.
    """
    spacing = case.acquisition.slice_spacing_mm
    low, high = brain_extent_mm(maps, case.pose)
    low, high = low - rng.uniform(0, 20), high + rng.uniform(0, 8)
    if rng.random() < LIMITED_COVERAGE_PROBABILITY:
        part = rng.uniform(0.0, 0.35, 2) * (high - low)
        low, high = low + part[0], high - part[1]
    count = max(4, round((high - low) / spacing))
    return low + spacing * np.arange(count)


def axial_affine(acquisition: Acquisition, positions_mm: np.ndarray) -> np.ndarray:
    """Affine of axial slices about the scanner's centre, from (i, j, k, 1) to LPS+ in mm.

    Parameters
    ----------
    acquisition : Acquisition
    positions_mm : ndarray, shape (K,)
        Slice centres along the slice normal.
    """
    size = acquisition.image_matrix
    pixel = acquisition.field_of_view_mm / size
    side = (size - 1) / 2 * pixel
    return np.array(
        [
            [pixel, 0, 0, -side],
            [0, pixel, 0, -side],
            [0, 0, acquisition.slice_spacing_mm, positions_mm[0]],
            [0, 0, 0, 1.0],
        ]
    )


def _random_numbers(seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, 77])
