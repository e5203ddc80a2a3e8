"""A simulated DSC series of one head with a tumour, and its exact brain mask."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.series.types import DSCSeries
from DSCBrainSegLib.simulation.acquisition import Acquisition
from DSCBrainSegLib.simulation.bolus import Bolus, draw_bolus
from DSCBrainSegLib.simulation.epi import coil_shading
from DSCBrainSegLib.simulation.maps import HeadMaps, head_maps
from DSCBrainSegLib.simulation.mni_head import build_mni_head
from DSCBrainSegLib.simulation.pathology import LESION_KINDS, Lesion, draw_lesion
from DSCBrainSegLib.simulation.phantom_frames import FrameModel, simulate_volume
from DSCBrainSegLib.simulation.sampling import (
    FINE_SIZE,
    PATCH_GRID,
    Pose,
    Scalp,
    brain_extent_mm,
)
from DSCBrainSegLib.simulation.tissue import TISSUE_COUNT

BRAIN_INTENSITY = 900
"""Mean stored value of the brain in the steady state."""

ABOVE_VERTEX_MM = 1.0
"""The highest slice lies this far above the brain, as a planned scan leaves a little room."""

TUMOUR_RADIUS_MM = (15.0, 23.0)

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
        all False without a tumour.
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
    field_of_view_mm: float = 230.0,
    repetition_time: float = 1.5,
    echo_time: float = 0.03,
    field_strength: float = 3.0,
    flip_angle: float = 60.0,
    tumour: str | None = "glioblastoma",
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
    _check(arguments)
    progress(0, slices + 1, "Building the head")
    if maps is None:
        maps = head_maps(build_mni_head(seed))
    draws = draw_phantom(np.random.default_rng([seed, 1]), maps, arguments)
    positions = draws.lowest_slice_mm + np.arange(slices) * (slice_thickness_mm + gap_mm)
    times = np.arange(frames) * float(repetition_time)
    volume, mask, lesion = simulate_volume(maps, draws.model, positions, times, progress)
    brain = volume[-1][mask] if mask.any() else volume[-1]
    volume *= BRAIN_INTENSITY / max(float(brain.mean()), 1e-6)
    series = DSCSeries(
        frames=np.rint(np.clip(volume, 0, 65535)).astype(np.uint16),
        times=times,
        affine=_affine(draws.model, maps, positions),
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
    return Phantom(series=series, mask=mask, lesion=lesion & mask, parameters=parameters)


def write_phantom(phantom: Phantom, folder: Path, overwrite: bool = False) -> None:
    """Write a phantom: ``dicom/``, ``truth/mask.nii.gz``, ``truth/tumour.nii.gz``, parameters.json.

    Parameters
    ----------
    phantom : Phantom
    folder : Path
        Made if it does not exist.
    overwrite : bool
        Replace files of an earlier phantom.

    Raises
    ------
    OutputError
        The folder cannot be written, or holds a phantom already and `overwrite` is False.
    """
    from DSCBrainSegLib.series import write_dicom_series, write_mask

    arguments = phantom.parameters["arguments"]
    with output_folder(Path(folder), overwrite) as work:
        write_dicom_series(
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


@dataclass(frozen=True)
class PhantomDraws:
    """Everything drawn for one phantom before it is computed.

    Parameters
    ----------
    model : FrameModel
        Head position, lesion, scanner, bolus and relaxation.
    tilt_deg : tuple of float
        Rotation of the slices about the patient's long, front-back and left-right axis.
    lowest_slice_mm : float
        Centre of the first slice along the slice normal, from the scanner's centre.
    """

    model: FrameModel
    tilt_deg: tuple[float, float, float]
    lowest_slice_mm: float


def draw_phantom(rng: np.random.Generator, maps: HeadMaps, arguments: dict) -> PhantomDraws:
    """Draw position, tumour, scanner imperfections and bolus of one phantom.

    Parameters
    ----------
    rng : numpy.random.Generator
    maps : HeadMaps
    arguments : dict
        Those of `simulate_phantom`.
    """
    tilt = tuple(float(angle) for angle in rng.uniform(-1, 1, 3) * [3.0, 3.0, 5.0] + [0, 0, 9.0])
    pose = _pose(maps, tilt)
    acquisition = _draw_acquisition(rng, arguments)
    spacing = acquisition.slice_spacing_mm
    low, high = brain_extent_mm(maps, pose)
    covered = (arguments["slices"] - 1) * spacing
    # From the vertex down; a slab that is higher than the brain is centred on it.
    lowest = high + ABOVE_VERTEX_MM - covered
    if lowest < low - spacing:
        lowest = (low + high - covered) / 2
    lesions = []
    if arguments["tumour"] is not None:
        slab = (lowest + 0.25 * covered, lowest + 0.85 * covered)
        lesions = [_draw_tumour(rng, maps, pose, slab, arguments["tumour"])]
    duration = (arguments["frames"] - 1) * arguments["repetition_time"]
    skin = float(rng.uniform(1.0, 2.0))
    model = FrameModel(
        pose=pose,
        # The head has its own fat: only skin and some marbling of the muscles are added.
        scalp=Scalp(skin, skin, 0.12, rng.random((PATCH_GRID,) * 3).astype(np.float32)),
        lesions=lesions,
        acquisition=acquisition,
        bolus=draw_bolus(rng, 0.3 * duration),
        relaxation_factors=np.exp(rng.normal(0.0, 0.04, (TISSUE_COUNT, 3))),
        shading=coil_shading(rng, acquisition.shading),
        shading_along_z=float(rng.normal(0.15, 0.2)),
        texture=float(rng.uniform(0.01, 0.03)),
        seed=int(rng.integers(2**62)),
    )
    return PhantomDraws(model=model, tilt_deg=tilt, lowest_slice_mm=float(lowest))


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


def _draw_acquisition(rng: np.random.Generator, arguments: dict) -> Acquisition:
    """Complete the given protocol by what a scanner adds: a good one, on a usual day."""
    # Effective echo spacing with parallel imaging of factor 2.
    echo_spacing_s = rng.uniform(0.22e-3, 0.34e-3)
    return Acquisition(
        field_strength_t=float(arguments["field_strength"]),
        repetition_time_s=float(arguments["repetition_time"]),
        echo_time_s=float(arguments["echo_time"]),
        flip_angle_deg=float(arguments["flip_angle"]),
        matrix=int(arguments["matrix"]),
        field_of_view_mm=float(arguments["field_of_view_mm"]),
        slice_thickness_mm=float(arguments["slice_thickness_mm"]),
        slice_spacing_mm=float(arguments["slice_thickness_mm"] + arguments["gap_mm"]),
        phase_axis=0,
        phase_polarity=int(rng.choice([-1, 1])),
        phase_bandwidth_hz=float(1.0 / (echo_spacing_s * arguments["matrix"])),
        fat_signal=float(rng.uniform(0.10, 0.35)),
        field_scale=float(rng.uniform(0.6, 0.9)),
        partial_fourier=float(rng.choice([1.0, 0.875, 0.75])),
        apodisation=float(rng.uniform(0.2, 0.6)),
        ghost=float(rng.uniform(0.005, 0.02)),
        shading=float(rng.uniform(1.3, 2.2)),
        snr=float(rng.uniform(45, 80)),
    )


def _pose(maps: HeadMaps, tilt_deg) -> Pose:
    """Slices tilted against the head; the slice plane's centre is the middle of the head."""
    about_z, about_y, about_x = np.deg2rad(tilt_deg)
    occupied = [np.flatnonzero(maps.mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    middle = [(part[0] + part[-1]) / 2 for part in occupied]
    # The head reaches further to the front than the brain does.
    middle[1] -= 2.0
    matrix = _turn(0, about_z) @ _turn(1, about_y) @ _turn(2, about_x)
    return Pose(
        matrix=matrix, centre=np.array(middle), elastic=np.zeros((3, 4, 4, 4), np.float32)
    )


def _turn(axis: int, angle: float) -> np.ndarray:
    """Rotation about one axis of (z, y, x) vectors; about x a positive one lifts the front."""
    one, two = [a for a in range(3) if a != axis]
    matrix = np.eye(3)
    matrix[one, one] = matrix[two, two] = np.cos(angle)
    matrix[one, two], matrix[two, one] = -np.sin(angle), np.sin(angle)
    return matrix


def _draw_tumour(rng, maps: HeadMaps, pose: Pose, slab_mm, kind: str) -> Lesion:
    """Draw a lesion of a hemisphere that reaches the brain's surface within the slices."""
    lesion = draw_lesion(rng, maps, kind)
    if kind == "extra_axial":
        return lesion
    radius = float(rng.uniform(*TUMOUR_RADIUS_MM))
    depth = rng.uniform(0.55, 0.85) * radius
    k, j, i = np.nonzero(np.abs(maps.brain_depth.astype(np.int16) - round(depth)) <= 1)
    offset = np.stack([k, j, i]) - pose.centre[:, None]
    z, _, x = np.linalg.solve(pose.matrix, offset)
    allowed = np.flatnonzero((z > slab_mm[0]) & (z < slab_mm[1]) & (np.abs(x) > 0.8 * radius))
    if allowed.size == 0:
        return lesion
    chosen = int(rng.choice(allowed))
    return replace(
        lesion,
        centre=(float(k[chosen]), float(j[chosen]), float(i[chosen])),
        radius_mm=radius,
        rim=float(rng.uniform(0.25, 0.45)),
        oedema_mm=float(rng.uniform(8, 18)),
    )


def _affine(model: FrameModel, maps: HeadMaps, positions: np.ndarray) -> np.ndarray:
    """Affine from (i, j, k) to LPS mm; the patient's origin is the middle of the head's grid."""
    acquisition = model.acquisition
    pixel = acquisition.field_of_view_mm / acquisition.matrix
    spacing = acquisition.slice_spacing_mm
    corner = -(acquisition.matrix - 1) / 2 * pixel
    origin = model.pose.centre + model.pose.matrix @ [positions[0], corner, corner]
    origin = origin - (np.array(maps.labels.shape) - 1) / 2
    affine = np.eye(4)
    # Head vectors are (k, j, i), that is (S, P, L): reversed they are LPS.
    affine[:3, 0] = model.pose.matrix[::-1, 2] * pixel
    affine[:3, 1] = model.pose.matrix[::-1, 1] * pixel
    affine[:3, 2] = model.pose.matrix[::-1, 0] * spacing
    affine[:3, 3] = origin[::-1]
    return affine


def _parameters(arguments: dict, head: str, draws: PhantomDraws, positions) -> dict:
    """What a person wants to know of a phantom, as plain JSON types."""
    model = draws.model
    bolus: Bolus = model.bolus
    facts = {key: value for key, value in vars(bolus).items() if key != "perfusion_factors"}
    return {
        "arguments": arguments,
        "head": head,
        "acquisition": asdict(model.acquisition),
        "tilt_deg": list(draws.tilt_deg),
        "slice_positions_mm": [float(position) for position in positions],
        "bolus": facts,
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
