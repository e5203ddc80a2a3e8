"""All frames of a phantom: each slice is displaced once for a pose, then weighted for each time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.components import solid_parts
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.simulation.acquisition import Acquisition
from DSCBrainSegLib.simulation.bolus import Bolus, delta_r2star
from DSCBrainSegLib.simulation.epi import (
    displace,
    project,
    project_mask,
    read_out,
    signal_left,
)
from DSCBrainSegLib.simulation.maps import HeadMaps
from DSCBrainSegLib.simulation.pathology import Lesion
from DSCBrainSegLib.simulation.sampling import (
    FINE_SIZE,
    Pose,
    SampledSlice,
    Scalp,
    sample_slice,
)
from DSCBrainSegLib.simulation.signal import spoiled_gre
from DSCBrainSegLib.simulation.texture import draw_texture
from DSCBrainSegLib.simulation.tissue import FATTY_TISSUES, TISSUE_COUNT, Tissue, tissue_prior

LESION_CORE = (
    Tissue.ENHANCING_TUMOUR,
    Tissue.NECROSIS,
    Tissue.HAEMORRHAGE,
    Tissue.CAVITY,
    Tissue.INFARCT,
)

SMALLEST_PART_PIXELS = 6


@dataclass(frozen=True)
class FrameModel:
    """Everything that determines the frames of a phantom besides its head.

    Parameters
    ----------
    pose : Pose
    scalp : Scalp
    lesions : list of Lesion
    acquisition : Acquisition
        Its `pulse` is set frame by frame.
    bolus : Bolus
    relaxation_factors : ndarray, shape (TISSUE_COUNT, 3)
        Multiply the prior T1, T2* and proton density of each tissue.
    shading : ndarray of float32, shape (N, N)
        Receive sensitivity over the slice plane.
    shading_along_z : float
        Log change of sensitivity per 100 mm along the slices.
    texture : float
        Relative standard deviation of the signal within a tissue.
    seed : int
        Of texture and noise.
    """

    pose: Pose
    scalp: Scalp
    lesions: list[Lesion]
    acquisition: Acquisition
    bolus: Bolus
    relaxation_factors: np.ndarray
    shading: np.ndarray
    shading_along_z: float
    texture: float
    seed: int


def tissue_signals(model: FrameModel, times: np.ndarray) -> np.ndarray:
    """Signal of every tissue in every frame.

    S(n, t) = GRE(pulse n) exp(-TE Delta R2*(t)): the approach to the steady state of the spoiled
    gradient echo, then the passage of the bolus.

    Parameters
    ----------
    model : FrameModel
    times : ndarray, shape (T,)
        In seconds after the first frame.

    Returns
    -------
    ndarray of float32, shape (T, TISSUE_COUNT)
        Relative to fully relaxed water.
    """
    acquisition = model.acquisition
    priors = [tissue_prior(tissue, acquisition.field_strength_t) for tissue in Tissue]
    values = np.array([(p.t1_ms, p.t2star_ms, p.proton_density) for p in priors])
    t1, t2star, density = (values * model.relaxation_factors).T
    pulses = [replace(acquisition, pulse=n + 1) for n in range(len(times))]
    signals = np.stack([spoiled_gre(t1, t2star, density, pulse) for pulse in pulses])
    signals[:, [int(tissue) for tissue in FATTY_TISSUES]] *= acquisition.fat_signal
    change = delta_r2star(model.bolus, times, acquisition.field_strength_t)
    signals *= np.exp(-acquisition.echo_time_s * change.T)
    return signals.astype(np.float32)


def simulate_volume(
    maps: HeadMaps,
    model: FrameModel,
    positions_mm: np.ndarray,
    times: np.ndarray,
    poses: list[Pose],
    progress: ProgressCallback = no_progress,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate all frames, the brain mask and the lesion mask.

    Parameters
    ----------
    maps : HeadMaps
    model : FrameModel
    positions_mm : ndarray, shape (K,)
        Slice centres along the slice normal.
    times : ndarray, shape (T,)
        In seconds.
    poses : list of Pose
        Of each frame. Frames in a row that share one (the same object) share the work.
    progress : callable

    Returns
    -------
    frames : ndarray of float32, shape (T, K, matrix, matrix)
        Relative to fully relaxed water.
    mask, lesion : ndarray of bool, shape (K, matrix, matrix)
        As the distorted images of a head in `model.pose` show them.
    """
    acquisition = model.acquisition
    rng = np.random.default_rng(model.seed)
    signals = tissue_signals(model, times)
    shape = (len(positions_mm), acquisition.matrix, acquisition.matrix)
    frames = np.empty((len(times), *shape), np.float32)
    mask, lesion = np.zeros(shape, bool), np.zeros(shape, bool)
    reference = signals[-1, [Tissue.WHITE_MATTER, Tissue.CORTEX]].mean()
    noise_sd = float(reference * model.shading.mean() / acquisition.snr)
    for k, position in enumerate(positions_mm):
        texture = draw_texture(rng, model.texture)
        still = _sample(maps, model, model.pose, position)
        displaced = displace(still, acquisition)
        core = replace(still, brain=np.isin(still.labels, LESION_CORE))
        mask[k] = _acquired_mask(project_mask(still, displaced, acquisition), acquisition)
        lesion[k] = _acquired_mask(project_mask(core, displaced, acquisition), acquisition)
        gain = model.shading * np.float32(np.exp(model.shading_along_z * position / 100.0))
        shown = None
        for t, pose in enumerate(poses):
            if pose is not shown:
                sampled = still if pose is model.pose else _sample(maps, model, pose, position)
                carried = _carry(texture, model, pose, float(position))
                present, parts = _tissue_parts(sampled, carried, acquisition)
                parts *= gain
                shown = pose
            image = np.tensordot(signals[t, present], parts, axes=1)
            frames[t, k] = read_out(image, acquisition, noise_sd, rng)
        progress(k + 2, len(positions_mm) + 1, "Simulating slices")
    return frames, mask, lesion


def _sample(maps: HeadMaps, model: FrameModel, pose: Pose, position_mm: float) -> SampledSlice:
    acquisition = model.acquisition
    return sample_slice(
        maps,
        pose,
        model.scalp,
        model.lesions,
        float(position_mm),
        acquisition.field_of_view_mm,
        acquisition.slice_thickness_mm,
    )


def _tissue_parts(sampled: SampledSlice, texture: np.ndarray, acquisition: Acquisition):
    """Tissues in a slice (P,) and the image of each at a signal of 1, (P, N, N).

    The image is a sum over tissues, and only their signals change with time.
    """
    displaced = displace(sampled, acquisition)
    weight = signal_left(sampled, displaced, acquisition) * texture
    present = np.flatnonzero(np.bincount(sampled.labels.ravel(), minlength=TISSUE_COUNT))
    parts = [
        project((sampled.labels == tissue) * weight, displaced, acquisition) for tissue in present
    ]
    return present, np.stack(parts)


def _carry(texture: np.ndarray, model: FrameModel, pose: Pose, position_mm: float) -> np.ndarray:
    """Let a slice's texture go with the head, as if it were the same above and below the slice."""
    if pose is model.pose:
        return texture
    from scipy import ndimage

    turn = np.linalg.solve(model.pose.matrix, pose.matrix)
    shift = np.linalg.solve(model.pose.matrix, pose.centre - model.pose.centre)
    # In (z, y, x) mm: the point seen at p lay at turn @ p + shift in the reference frame.
    pixel, middle = model.acquisition.field_of_view_mm / FINE_SIZE, (FINE_SIZE - 1) / 2
    in_plane = turn[1:, 1:]
    offset = (turn[1:, 0] * position_mm + shift[1:]) / pixel + middle - in_plane @ [middle, middle]
    return ndimage.affine_transform(texture, in_plane, offset, order=1, mode="nearest")


def _acquired_mask(fraction: np.ndarray, acquisition: Acquisition) -> np.ndarray:
    """Threshold a fraction on the fine grid at the acquired pixels, without holes and specks."""
    from scipy import ndimage

    where = (np.arange(acquisition.matrix) + 0.5) * (FINE_SIZE / acquisition.matrix) - 0.5
    grid = np.meshgrid(where, where, indexing="ij")
    mask = ndimage.map_coordinates(fraction, grid, order=1, mode="nearest") > 0.5
    return solid_parts(mask, SMALLEST_PART_PIXELS)
