"""A simulated DSC series of one head with a tumour, and its exact brain mask."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.rigid import volume_centre
from DSCBrainSegLib.series.types import DSCSeries
from DSCBrainSegLib.simulation.maps import HeadMaps, head_maps
from DSCBrainSegLib.simulation.mni_head import build_mni_head
from DSCBrainSegLib.simulation.motion import (
    MOTIONS,
    describe_motion,
    draw_motion,
    frame_poses,
)
from DSCBrainSegLib.simulation.pathology import LESION_KINDS
from DSCBrainSegLib.simulation.phantom_draws import PhantomDraws, draw_phantom, series_affine
from DSCBrainSegLib.simulation.phantom_frames import simulate_volume
from DSCBrainSegLib.simulation.sampling import FINE_SIZE

BRAIN_INTENSITY = 900
"""Mean stored value of the brain in the steady state."""

PHANTOM_NAMES = ["dicom", "truth", "parameters.json"]
"""What `write_phantom` makes in its folder."""


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
    parameters : dict
        Plain JSON types; ``parameters["arguments"]`` given to `simulate_phantom` makes the same
        phantom again.
    """

    series: DSCSeries
    mask: np.ndarray
    lesion: np.ndarray
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
    _check(arguments)
    progress(0, slices + 1, "Building the head")
    if maps is None:
        maps = head_maps(build_mni_head(seed))
    draws = draw_phantom(np.random.default_rng([seed, 1]), maps, arguments)
    positions = draws.lowest_slice_mm + np.arange(slices) * (slice_thickness_mm + gap_mm)
    times = np.arange(frames) * float(repetition_time)
    affine = series_affine(draws.model, maps, positions)
    centre = volume_centre(affine, (slices, matrix, matrix))
    moved = draw_motion(
        np.random.default_rng([seed, 2]), motion, times, draws.model.bolus.arrival_s
    )
    poses = frame_poses(draws.model.pose, moved, centre, maps.labels.shape)
    volume, mask, lesion = simulate_volume(maps, draws.model, positions, times, poses, progress)
    brain = volume[-1][mask] if mask.any() else volume[-1]
    volume *= BRAIN_INTENSITY / max(float(brain.mean()), 1e-6)
    series = DSCSeries(
        frames=np.rint(np.clip(volume, 0, 65535)).astype(np.uint16),
        times=times,
        affine=affine,
        echo_time=float(echo_time),
        repetition_time=float(repetition_time),
        description="DSC perfusion phantom",
        header={
            "manufacturer": "DSCBrainSeg",
            "field_strength_t": float(field_strength),
            "flip_angle_deg": float(flip_angle),
        },
    )
    parameters = _parameters(arguments, maps.name, draws, positions)
    if motion != "none":
        parameters["motion"] = describe_motion(moved, centre)
    return Phantom(series=series, mask=mask, lesion=lesion & mask, parameters=parameters)


def write_phantom(phantom: Phantom, folder: Path, overwrite: bool = False) -> None:
    """Write a phantom: ``dicom/``, ``truth/mask.nii.gz``, ``truth/tumour.nii.gz``, parameters.json.

    Parameters
    ----------
    phantom : Phantom
    folder : Path
        Made if it does not exist.
    overwrite : bool
        Replace an earlier phantom, with all its DICOM files.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds a phantom already and `overwrite` is False.
    """
    from DSCBrainSegLib.series import write_dicom_series, write_mask

    arguments = phantom.parameters["arguments"]
    folder = Path(folder)
    earlier = set()
    if (folder / "parameters.json").exists():
        earlier = set((folder / "dicom").glob("*.dcm"))
    with output_folder(folder, overwrite) as work:
        written = write_dicom_series(
            phantom.series,
            work / "dicom",
            flip_angle=arguments["flip_angle"],
            field_strength=arguments["field_strength"],
            uid_seed=json.dumps(arguments, sort_keys=True),
        )
        (work / "truth").mkdir()
        write_mask(work / "truth" / "mask.nii.gz", phantom.mask, phantom.series.affine)
        write_mask(work / "truth" / "tumour.nii.gz", phantom.lesion, phantom.series.affine)
        text = json.dumps(phantom.parameters, indent=2)
        (work / "parameters.json").write_text(text + "\n", encoding="utf-8")
    # A longer series of before would otherwise leave its last files among the new ones.
    for path in earlier - {folder / "dicom" / path.name for path in written}:
        path.unlink()


def _check(arguments: dict) -> None:
    limits = {
        "seed": (0, 2**63 - 1),
        "matrix": (32, FINE_SIZE),
        "slices": (1, 200),
        "frames": (1, 1000),
        "slice_thickness_mm": (0.5, 40),
        "gap_mm": (0, 40),
        "field_of_view_mm": (100, 500),
        "repetition_time": (0.05, 20),
        "echo_time": (0.001, 0.2),
        "field_strength": (1.0, 3.0),
        "flip_angle": (1, 90),
    }
    for name, (low, high) in limits.items():
        if not low <= arguments[name] <= high:
            raise ConfigurationError(
                f"{name} must be between {low:g} and {high:g}, got {arguments[name]:g}."
            )
    if arguments["tumour"] not in (None, *LESION_KINDS):
        raise ConfigurationError(
            f"tumour must be one of {', '.join(LESION_KINDS)} or none, got {arguments['tumour']}."
        )
    motion = arguments.get("motion", "none")
    if motion not in MOTIONS:
        raise ConfigurationError(f"motion must be one of {', '.join(MOTIONS)}, got {motion}.")


def _parameters(arguments: dict, head: str, draws: PhantomDraws, positions) -> dict:
    """What a person wants to know of a phantom, as plain JSON types."""
    model = draws.model
    bolus = {key: value for key, value in vars(model.bolus).items() if key != "perfusion_factors"}
    return {
        "arguments": arguments,
        "head": head,
        "acquisition": asdict(model.acquisition),
        "tilt_deg": list(draws.tilt_deg),
        "slice_positions_mm": [float(position) for position in positions],
        "bolus": bolus,
        "lesions": [
            {
                "kind": lesion.kind,
                "centre_kji": [float(value) for value in lesion.centre],
                "radius_mm": lesion.radius_mm,
                "rim": lesion.rim,
                "oedema_mm": lesion.oedema_mm,
            }
            for lesion in model.lesions
        ],
    }
