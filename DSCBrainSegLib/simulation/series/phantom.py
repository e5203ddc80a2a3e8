"""A simulated DSC series of one head, with its exact brain mask and perfusion."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.geometry import volume_centre
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.series.types import DSCSeries
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps, head_maps
from DSCBrainSegLib.simulation.anatomy.mni_head import build_mni_head
from DSCBrainSegLib.simulation.series.motion import (
    HeadMotion,
    describe_motion,
    draw_motion,
    frame_poses,
)
from DSCBrainSegLib.simulation.series.phantom_draws import draw_phantom, series_affine
from DSCBrainSegLib.simulation.series.phantom_frames import (
    FrameModel,
    SimulatedFrames,
    simulate_frames,
)
from DSCBrainSegLib.simulation.series.phantom_limits import check_arguments
from DSCBrainSegLib.simulation.series.phantom_record import describe_model
from DSCBrainSegLib.simulation.series.phantom_wide import draw_wide

SIMULATOR_VERSION = 3
"""Grows when the same arguments make another series."""

BRAIN_INTENSITY = 900.0
"""Mean stored value of the brain in the last frame."""


@dataclass
class Phantom:
    """A simulated series with what is known about it.

    Parameters
    ----------
    series : DSCSeries
        Whole-number intensities, frames of dtype uint16.
    mask : ndarray of bool, shape (K, J, I)
        Brain as the distorted images show it, by the convention of `head.brain_hull`.
    lesion : ndarray of bool, shape (K, J, I)
        Tumour core (enhancing rim and necrosis, or the whole of another lesion) without oedema;
        all False without a tumour, and for extra-axial fluid, which is not brain.
    tissue_maps : dict of str to ndarray of float32, shape (K, J, I)
        True perfusion, units in `perfusion_maps.MAP_UNITS`; 0 outside the mask.
    motion : HeadMotion
        True position of the head in every frame.
    parameters : dict
        Plain JSON types: what was asked for (``arguments``) and drawn, and SHA-256 of frames and
        mask. `phantom_files.replay_phantom` makes the same phantom again from it.
    """

    series: DSCSeries
    mask: np.ndarray
    lesion: np.ndarray
    tissue_maps: dict[str, np.ndarray]
    motion: HeadMotion
    parameters: dict


def simulate_phantom(
    seed: int = 0,
    *,
    matrix: int = 128,
    slices: int = 20,
    frames: int = 60,
    slice_thickness_mm: float = 5.0,
    gap_mm: float = 1.0,
    field_of_view_mm: float = 220.0,
    repetition_time: float = 1.5,
    echo_time: float = 0.03,
    field_strength: float = 3.0,
    flip_angle: float = 60.0,
    tumour: str | None = "glioblastoma",
    motion: str = "none",
    maps: HeadMaps | None = None,
    head: dict | None = None,
    progress: ProgressCallback = no_progress,
) -> Phantom:
    """Simulate a DSC series: gradient-echo EPI during the first pass of a contrast agent.

    Parameters
    ----------
    seed : int
        The same seed and arguments give the same phantom.
    matrix : int
        Rows and columns, 32 to 192.
    slices, frames : int
    slice_thickness_mm, gap_mm, field_of_view_mm : float
    repetition_time, echo_time : float
        In seconds. Frame n is acquired n repetition times after the first one, which is the first
        excitation: the signal starts bright and settles (`signal.spoiled_gre`).
    field_strength : float
        In tesla, 1 to 3.
    flip_angle : float
        In degrees.
    tumour : str or None
        One of `pathology.LESION_KINDS`; None for a healthy brain.
    motion : str
        One of `motion.MOTIONS`: how the head moves from frame to frame. The masks are those of the
        reference frame, the 4th.
    maps : HeadMaps, optional
        Head to use instead of the MNI152 head of this seed.
    head : dict, optional
        What the record says of `maps`, from `heads.read_head`.
    progress : callable
        Called after every slice.

    Returns
    -------
    Phantom

    Raises
    ------
    ConfigurationError
        An argument is out of range.
    MissingPackageError
        nilearn, which brings the MNI152 brain, is not installed.

    Examples
    --------
    >>> from DSCBrainSegLib import simulate
    >>> phantom = simulate(seed=1, matrix=32, slices=2, frames=5)
    >>> phantom.series.frames.shape
    (5, 2, 32, 32)
    """
    arguments = {
        "seed": seed,
        "matrix": matrix,
        "slices": slices,
        "frames": frames,
        "slice_thickness_mm": slice_thickness_mm,
        "gap_mm": gap_mm,
        "field_of_view_mm": field_of_view_mm,
        "repetition_time": repetition_time,
        "echo_time": echo_time,
        "field_strength": field_strength,
        "flip_angle": flip_angle,
        "tumour": tumour,
    }
    if motion != "none":  # still phantoms keep the records, and so the UIDs, they always had
        arguments["motion"] = motion
    check_arguments(arguments)
    progress(0, slices + 1, "Building the head")
    if maps is None:
        maps = head_maps(build_mni_head(seed))
    draws = draw_phantom(np.random.default_rng([seed, 1]), maps, arguments)
    positions = draws.lowest_slice_mm + np.arange(slices) * (slice_thickness_mm + gap_mm)
    plan = _Plan(
        maps=maps,
        model=draws.model,
        positions=positions,
        affine=series_affine(draws.model, maps, positions),
        frames=frames,
        motion=motion,
        motion_rng=np.random.default_rng([seed, 2]),
        head_axes=True,
        intensity=BRAIN_INTENSITY,
    )
    record = {
        "wide": False,
        "arguments": arguments,
        "head": _head(maps, head),
        "tilt_deg": list(draws.tilt_deg),
    }
    return _make(plan, record, progress)


def simulate_wide_phantom(
    seed: int = 0,
    *,
    frames: int = 60,
    motion: str | None = None,
    maps: HeadMaps | None = None,
    head: dict | None = None,
    progress: ProgressCallback = no_progress,
) -> Phantom:
    """Simulate a DSC series drawn from the whole range that networks are trained on.

    Protocol, contrast (in three of ten cases at random), lesions, artefacts, coverage and motion
    are drawn (`phantom_wide.draw_wide`); one in eight is a spin echo.

    Parameters
    ----------
    seed : int
        The same seed, arguments and head give the same phantom.
    frames : int
    motion : str, optional
        One of `motion.MOTIONS`; drawn if not given.
    maps, head, progress
        As in `simulate_phantom`.

    Returns
    -------
    Phantom

    Raises
    ------
    ConfigurationError
        An argument is out of range.
    MissingPackageError
        nilearn, which brings the MNI152 brain, is not installed.
    """
    arguments = {"seed": seed, "frames": frames}
    if motion is not None:
        arguments["motion"] = motion
    check_arguments(arguments)
    progress(0, 1, "Building the head")
    if maps is None:
        maps = head_maps(build_mni_head(seed))
    draws = draw_wide(np.random.default_rng([seed, 78]), maps, frames)
    plan = _Plan(
        maps=maps,
        model=draws.model,
        positions=draws.positions_mm,
        affine=draws.affine,
        frames=frames,
        motion=motion or draws.motion,
        motion_rng=np.random.default_rng([seed, 2]),
        head_axes=False,
        intensity=draws.intensity,
    )
    return _make(plan, {"wide": True, "arguments": arguments, "head": _head(maps, head)}, progress)


@dataclass(frozen=True)
class _Plan:
    """What `_make` needs; `head_axes`: LPS are the head's axes, not the scanner's."""

    maps: HeadMaps
    model: FrameModel
    positions: np.ndarray
    affine: np.ndarray
    frames: int
    motion: str
    motion_rng: np.random.Generator
    head_axes: bool
    intensity: float


def _make(plan: _Plan, record: dict, progress: ProgressCallback) -> Phantom:
    model, acquisition = plan.model, plan.model.acquisition
    times = np.arange(plan.frames) * acquisition.repetition_time_s
    size = acquisition.image_matrix
    centre = volume_centre(plan.affine, (len(plan.positions), size, size))
    moved = draw_motion(plan.motion_rng, plan.motion, times, model.kinetics.bolus.arrival_s)
    shape = plan.maps.labels.shape if plan.head_axes else None
    poses = frame_poses(model.pose, moved, centre, shape)
    made = simulate_frames(plan.maps, model, plan.positions, times, poses, progress)
    series = DSCSeries(
        frames=_stored(made, plan.intensity),
        times=times,
        affine=plan.affine,
        echo_time=acquisition.echo_time_s,
        repetition_time=acquisition.repetition_time_s,
        description="DSC perfusion phantom",
        header={
            "manufacturer": "DSCBrainSeg",
            "field_strength_t": acquisition.field_strength_t,
            "flip_angle_deg": acquisition.flip_angle_deg,
        },
    )
    parameters = {"simulator": SIMULATOR_VERSION, **record, **describe_model(model)}
    parameters["slice_positions_mm"] = [float(position) for position in plan.positions]
    if plan.motion != "none":
        parameters["motion"] = describe_motion(moved, centre)
    parameters["frames_sha256"] = hashlib.sha256(series.frames).hexdigest()
    parameters["mask_sha256"] = hashlib.sha256(made.mask).hexdigest()
    return Phantom(
        series=series,
        mask=made.mask,
        lesion=made.lesion & made.mask,
        tissue_maps=made.tissue_maps,
        motion=moved,
        parameters=parameters,
    )


def _stored(made: SimulatedFrames, intensity: float) -> np.ndarray:
    """Frames as whole numbers whose mean over the brain is `intensity` in the last one."""
    brain = made.frames[-1][made.mask] if made.mask.any() else made.frames[-1]
    scale = np.float32(intensity / max(float(brain.mean()), 1e-6))
    stored = np.empty(made.frames.shape, np.uint16)
    for frame, target in zip(made.frames, stored, strict=True):
        target[...] = np.rint(np.clip(frame * scale, 0, 65535))
    return stored


def _head(maps: HeadMaps, facts: dict | None) -> dict:
    return {"name": maps.name, **(facts or {})}
