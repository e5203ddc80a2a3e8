"""All frames of a phantom: each slice is displaced once for a pose, then weighted for each time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.components import solid_parts
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.simulation.acquisition.artefacts import (
    Artefacts,
    beside_the_head,
    blank_and_burn,
    wrapped,
)
from DSCBrainSegLib.simulation.acquisition.epi import (
    displace,
    project_mask,
    project_parts,
    signal_left,
)
from DSCBrainSegLib.simulation.acquisition.pose import Pose, Scalp
from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.readout import read_out
from DSCBrainSegLib.simulation.acquisition.sampling import SampledSlice, sample_slice
from DSCBrainSegLib.simulation.acquisition.texture import draw_texture
from DSCBrainSegLib.simulation.acquisition.visible import visible_share
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.anatomy.tissue import FATTY_TISSUES, TISSUE_COUNT, Tissue
from DSCBrainSegLib.simulation.pathology.lesions import Lesion
from DSCBrainSegLib.simulation.perfusion.constants import PERFUSION
from DSCBrainSegLib.simulation.perfusion.perfusion_maps import (
    MAP_UNITS,
    perfusion_maps,
    project_sums,
    tissue_values,
)
from DSCBrainSegLib.simulation.perfusion.territories import late_share
from DSCBrainSegLib.simulation.perfusion.time_course import Kinetics, drift_gain, tissue_signals
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, at_pixels

LESION_CORE = (
    Tissue.ENHANCING_TUMOUR,
    Tissue.NECROSIS,
    Tissue.HAEMORRHAGE,
    Tissue.CAVITY,
    Tissue.INFARCT,
)

SMALLEST_PART_PIXELS = 6

_IS_FAT = np.isin(np.arange(TISSUE_COUNT), FATTY_TISSUES)
_IS_PERFUSED = np.isin(np.arange(TISSUE_COUNT), list(PERFUSION))


@dataclass(frozen=True)
class FrameModel:
    """Everything that determines the frames of a phantom besides its head.

    Parameters
    ----------
    pose : Pose
        In the reference frame.
    scalp : Scalp
    lesions : list of Lesion
    acquisition : Acquisition
    kinetics : Kinetics
        Signal of the tissues over time.
    territories : ndarray, shape (n, n, n)
        Share of late supply over the head (`territories.draw_territories`).
    shading : ndarray of float32, shape (N, N)
        Receive sensitivity over the slice plane.
    shading_along_z : float
        Log change of sensitivity per 100 mm along the slices.
    texture : float
        Relative standard deviation of the signal within a tissue.
    seed : int
        Of texture and noise.
    artefacts : Artefacts or None
    """

    pose: Pose
    scalp: Scalp
    lesions: list[Lesion]
    acquisition: Acquisition
    kinetics: Kinetics
    territories: np.ndarray
    shading: np.ndarray
    shading_along_z: float
    texture: float
    seed: int
    artefacts: Artefacts | None = None


@dataclass
class SimulatedFrames:
    """Frames with their truth, which shows what the distorted images of the reference pose show.

    Parameters
    ----------
    frames : ndarray of float32, shape (T, K, M, M)
        Relative to fully relaxed water.
    mask, lesion : ndarray of bool, shape (K, M, M)
    tissue_maps : dict of str to ndarray of float32, shape (K, M, M)
        As in `perfusion_maps.MAP_UNITS`; 0 outside the mask.
    """

    frames: np.ndarray
    mask: np.ndarray
    lesion: np.ndarray
    tissue_maps: dict[str, np.ndarray]


def simulate_frames(
    maps: HeadMaps,
    model: FrameModel,
    positions_mm: np.ndarray,
    times: np.ndarray,
    poses: list[Pose],
    progress: ProgressCallback = no_progress,
) -> SimulatedFrames:
    """Simulate all frames, the brain mask, the lesion mask and the maps of perfusion.

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
    SimulatedFrames
    """
    acquisition, kinetics = model.acquisition, model.kinetics
    rng = np.random.default_rng(model.seed)
    signals = tissue_signals(kinetics, acquisition, times)
    values = tissue_values(kinetics)
    size = acquisition.image_matrix
    shape = (len(positions_mm), size, size)
    made = SimulatedFrames(
        frames=np.empty((len(times), *shape), np.float32),
        mask=np.zeros(shape, bool),
        lesion=np.zeros(shape, bool),
        tissue_maps={name: np.zeros(shape, np.float32) for name in MAP_UNITS},
    )
    level = float(kinetics.steady[[Tissue.WHITE_MATTER, Tissue.CORTEX]].mean())
    level *= float(model.shading.mean())
    drift = drift_gain(kinetics.drift, times)
    beside = None
    if model.artefacts is not None and (plane := beside_the_head(model.artefacts)).any():
        beside = plane * np.float32(level)
    for k, position in enumerate(positions_mm):
        texture = draw_texture(rng, model.texture)
        still = _sample(maps, model, model.pose, position)
        _project_truth(made, k, model, still, _late(maps, model, model.pose, position), values)
        gain = model.shading * np.float32(np.exp(model.shading_along_z * position / 100.0))
        shown = None
        for t, pose in enumerate(poses):
            if pose is not shown:
                sampled = still if pose is model.pose else _sample(maps, model, pose, position)
                carried = _carry(texture, model, pose, float(position))
                late = _late(maps, model, pose, position)
                late_kind, tissue, parts = _tissue_parts(sampled, carried, late, model)
                parts *= gain
                shown = pose
            image = np.tensordot(signals[late_kind, t, tissue], parts, axes=1)
            if beside is not None:
                image += beside * np.float32(drift[t])
            made.frames[t, k] = read_out(image, acquisition, level / acquisition.snr, rng)
        progress(k + 2, len(positions_mm) + 1, "Simulating slices")
    if model.artefacts is not None:
        top = float(np.percentile(made.frames[-1], 99.5))
        for frame in made.frames:
            blank_and_burn(frame, model.artefacts, top)
    return made


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


def _late(maps: HeadMaps, model: FrameModel, pose: Pose, position_mm: float) -> np.ndarray:
    return late_share(
        model.territories,
        maps.labels.shape,
        pose,
        float(position_mm),
        model.acquisition.field_of_view_mm,
    )


def _project_truth(made: SimulatedFrames, k: int, model: FrameModel, still, late, values) -> None:
    """Fill one slice of the masks and maps."""
    acquisition = model.acquisition
    displaced = displace(still, acquisition)
    core = replace(still, brain=np.isin(still.labels, LESION_CORE))
    share = project_mask(still, displaced, acquisition)
    share = visible_share(share, still, displaced, model.kinetics.steady, acquisition)
    made.mask[k] = _acquired_mask(share, model)
    made.lesion[k] = _acquired_mask(project_mask(core, displaced, acquisition), model)
    sums = project_sums(values, still, displaced, late, acquisition)
    if model.artefacts is not None:
        sums = wrapped(sums, model.artefacts, acquisition.phase_axis - 2)
    planes = perfusion_maps(sums, acquisition.image_matrix)
    for name, plane in zip(MAP_UNITS, planes, strict=True):
        made.tissue_maps[name][k] = np.where(made.mask[k], plane, 0)


def _tissue_parts(sampled: SampledSlice, texture: np.ndarray, late: np.ndarray, model: FrameModel):
    """Images of the tissues in a slice at a signal of 1, of their early and late share.

    The image is a sum over these, and only their signals change with time.

    Returns
    -------
    kind, tissue : ndarray of int, shape (P,)
        0 early or 1 late; `Tissue`.
    parts : ndarray of float32, shape (P, N, N)
    """
    acquisition, artefacts = model.acquisition, model.artefacts
    displaced = displace(sampled, acquisition)
    weight = signal_left(sampled, displaced, acquisition) * texture
    if artefacts is not None and artefacts.fat_gain is not None:
        weight = weight * np.where(_IS_FAT[sampled.labels], artefacts.fat_gain, np.float32(1))
    present = np.flatnonzero(np.bincount(sampled.labels.ravel(), minlength=TISSUE_COUNT))
    part = np.zeros(TISSUE_COUNT, np.int32)
    part[present] = np.arange(len(present))
    part = part[sampled.labels]
    perfused = _IS_PERFUSED[sampled.labels]
    early = project_parts(
        np.where(perfused, 1 - late, 1) * weight, part, len(present), displaced, acquisition
    )
    later = project_parts(
        np.where(perfused, late, 0) * weight, part, len(present), displaced, acquisition
    )
    kept = _IS_PERFUSED[present]
    parts = np.concatenate([early, later[kept]])
    if artefacts is not None:
        parts = wrapped(parts, artefacts, acquisition.phase_axis - 2)
    tissue = np.concatenate([present, present[kept]])
    return (np.arange(len(tissue)) >= len(present)).astype(int), tissue, parts


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


def _acquired_mask(fraction: np.ndarray, model: FrameModel) -> np.ndarray:
    """Threshold a fraction on the fine grid at the image's pixels, without holes and specks."""
    acquisition = model.acquisition
    if model.artefacts is not None:
        fraction = wrapped(fraction, model.artefacts, acquisition.phase_axis)
    return solid_parts(at_pixels(fraction, acquisition.image_matrix) > 0.5, SMALLEST_PART_PIXELS)
