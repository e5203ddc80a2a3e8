"""What is drawn for one phantom: where the slices lie, the tumour, the scanner, the bolus."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.simulation.acquisition.coils import coil_shading
from DSCBrainSegLib.simulation.acquisition.pose import (
    PATCH_GRID,
    Pose,
    Scalp,
    brain_extent_mm,
)
from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.signal import spoiled_gre
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps
from DSCBrainSegLib.simulation.anatomy.tissue import (
    FATTY_TISSUES,
    TISSUE_COUNT,
    Tissue,
    tissue_prior,
)
from DSCBrainSegLib.simulation.pathology.lesions import Lesion, draw_lesion
from DSCBrainSegLib.simulation.pathology.surgery import draw_surgery
from DSCBrainSegLib.simulation.perfusion.bolus import draw_bolus
from DSCBrainSegLib.simulation.perfusion.leakage import draw_leakage
from DSCBrainSegLib.simulation.perfusion.territories import draw_supplies, draw_territories
from DSCBrainSegLib.simulation.perfusion.time_course import Kinetics, draw_drift
from DSCBrainSegLib.simulation.series.phantom_frames import FrameModel

ABOVE_VERTEX_MM = 1.0
"""The highest slice lies this far above the brain, as a planned scan leaves a little room."""

LOW_SLAB = 0.6
"""Fraction of the brain's height below which the slices are planned around its middle."""

FAT_MM = (1.0, 5.0)
"""Range of the subcutaneous fat of heads whose map has none, in mm."""

TUMOUR_RADIUS_MM = (15.0, 23.0)


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
    tilt = tuple(float(angle) for angle in rng.uniform(-1, 1, 3) * [3.0, 3.0, 5.0] + [0, 0, 5.0])
    pose = _pose(maps, tilt)
    acquisition = _draw_acquisition(rng, arguments)
    spacing = acquisition.slice_spacing_mm
    low, high = brain_extent_mm(maps, pose)
    covered = (arguments["slices"] - 1) * spacing
    # From the vertex down; a slab much lower or higher than the brain is centred on it.
    lowest = high + ABOVE_VERTEX_MM - covered
    if covered < LOW_SLAB * (high - low) or lowest < low - spacing:
        lowest = (low + high - covered) / 2
    lesions = []
    if arguments["tumour"] is not None:
        slab = (lowest + 0.25 * covered, lowest + 0.85 * covered)
        lesions = [_draw_tumour(rng, maps, pose, slab, arguments["tumour"])]
    duration = (arguments["frames"] - 1) * arguments["repetition_time"]
    skin = float(rng.uniform(1.0, 2.0))
    # A head with its own fat needs only skin and some marbling of the muscles.
    scalp = Scalp(skin, skin, 0.12, rng.random((PATCH_GRID,) * 3).astype(np.float32))
    bolus = draw_bolus(rng, 0.3 * duration)
    relaxation = _draw_relaxation(rng)
    shading = coil_shading(rng, acquisition.shading)
    along_z, texture = rng.normal(0.15, 0.2), rng.uniform(0.01, 0.03)
    seed = int(rng.integers(2**62))
    t1_ms, steady = _steady_state(acquisition, relaxation)
    kinetics = Kinetics(
        steady=steady,
        t1_ms=t1_ms,
        bolus=bolus,
        leakage=draw_leakage(rng),
        supplies=draw_supplies(rng),
        drift=draw_drift(rng),
    )
    territories = draw_territories(rng)
    if not (maps.labels == Tissue.FAT).any():
        scalp = replace(scalp, fat_mm=skin + float(rng.uniform(*FAT_MM)))
    model = FrameModel(
        pose=pose,
        scalp=scalp,
        lesions=lesions,
        acquisition=acquisition,
        kinetics=kinetics,
        territories=territories,
        shading=shading,
        shading_along_z=float(along_z),
        texture=float(texture),
        seed=seed,
    )
    return PhantomDraws(model=model, tilt_deg=tilt, lowest_slice_mm=float(lowest))


def series_affine(model: FrameModel, maps: HeadMaps, positions: np.ndarray) -> np.ndarray:
    """Affine of the slices; the patient's origin is the middle of the head's grid.

    Parameters
    ----------
    model : FrameModel
    maps : HeadMaps
    positions : ndarray, shape (K,)
        Slice centres along the slice normal in mm.

    Returns
    -------
    ndarray, shape (4, 4)
        From (i, j, k) to LPS mm.
    """
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
        fat_signal=float(rng.uniform(0.05, 0.25)),
        field_scale=float(rng.uniform(0.6, 0.9)),
        partial_fourier=float(rng.choice([1.0, 0.875, 0.75])),
        apodisation=float(rng.uniform(0.2, 0.6)),
        ghost=float(rng.uniform(0.005, 0.02)),
        shading=float(rng.uniform(1.3, 2.2)),
        snr=float(rng.uniform(45, 80)),
    )


def _draw_relaxation(rng: np.random.Generator) -> np.ndarray:
    """Draw how relaxation differs from the priors, shape (TISSUE_COUNT, 3): T1, T2*, density."""
    factors = np.exp(rng.normal(0.0, 0.03, (TISSUE_COUNT, 3)))
    # Microbleeds and abnormal vessels darken a glioblastoma's rim; its necrosis is fluid.
    factors[Tissue.ENHANCING_TUMOUR, 1] *= rng.uniform(0.5, 0.8)
    factors[Tissue.NECROSIS, 1] *= rng.uniform(1.0, 1.6)
    return factors


def _steady_state(acquisition: Acquisition, factors: np.ndarray):
    """T1 in ms and signal in the steady state before the bolus, of every tissue."""
    priors = [tissue_prior(tissue, acquisition.field_strength_t) for tissue in Tissue]
    values = np.array([(p.t1_ms, p.t2star_ms, p.proton_density) for p in priors])
    t1, t2star, density = (values * factors).T
    steady = spoiled_gre(t1, t2star, density, acquisition)
    steady[[int(tissue) for tissue in FATTY_TISSUES]] *= acquisition.fat_signal
    return t1, steady


def _pose(maps: HeadMaps, tilt_deg) -> Pose:
    """Slices tilted against the head; the slice plane's centre is the middle of the head."""
    about_z, about_y, about_x = np.deg2rad(tilt_deg)
    occupied = [np.flatnonzero(maps.mask.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    middle = [(part[0] + part[-1]) / 2 for part in occupied]
    # The head reaches further to the front than the brain does.
    middle[1] -= 2.0
    matrix = _turn(0, about_z) @ _turn(1, about_y) @ _turn(2, about_x)
    return Pose(matrix=matrix, centre=np.array(middle), elastic=np.zeros((3, 4, 4, 4), np.float32))


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
    if kind in ("extra_axial", "craniotomy"):
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
    centre = (float(k[chosen]), float(j[chosen]), float(i[chosen]))
    push, surgery = lesion.push, lesion.surgery
    if push is not None:
        push = replace(push, centre=centre, radius_mm=radius)
    if surgery is not None:
        surgery = draw_surgery(rng, maps.hull_distance, centre, radius)
    return replace(
        lesion,
        centre=centre,
        radius_mm=radius,
        push=push,
        surgery=surgery,
        rim=float(rng.uniform(0.25, 0.45)),
        oedema_mm=float(rng.uniform(8, 18)),
    )
