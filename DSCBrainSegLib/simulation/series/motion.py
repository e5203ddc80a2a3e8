"""How a simulated head moves during a series: a pose for every frame, drawn before any image.

Each frame sees the head still, in its own pose; the slices and the coils stay where they are and
the field map goes with the head, which is an approximation: turning the air of the sinuses against
the scanner's field would change the map, too. Motion within a frame and what it does to the
magnetisation's history are not simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from DSCBrainSegLib.geometry import CONVENTION, PARAMETER_NAMES, rigid_matrix
from DSCBrainSegLib.simulation.acquisition.pose import Pose

REFERENCE_FRAME = 3
"""The 4th frame, or the last of fewer: there the head lies where the truth masks are."""

DRIFT_MM, DRIFT_DEG = 3.0, 3.0
"""Largest change of each parameter from the first to the last frame."""

NOD_DEG = (1.5, 4.0)
"""Range of how far one nod turns the head about the left-right axis."""

NECK_MM = (0.0, 25.0, -80.0)
"""What a nod turns the head about, seen from the volume's centre: behind and below, in LPS."""

JERK_MM, JERK_DEG = 1.5, 1.5
"""Standard deviation of each parameter's jump."""

JERK_COUNT = 3

BOLUS_WINDOW_S = 12.0
"""One jerk falls within this time after the bolus arrives, when the agent's warmth is felt."""

TREMBLE_MM, TREMBLE_DEG = 0.15, 0.15
"""Standard deviation of each parameter from frame to frame of a restless head."""


@dataclass(frozen=True)
class HeadMotion:
    """Where the head is in each frame.

    Parameters
    ----------
    kind : str
        One of `MOTIONS`.
    parameters : ndarray, shape (T, 6)
        Motion from the reference frame to each frame, by the convention of `rigid`: translations
        in mm, rotations in degrees about the centre of the series' grid. Zeros in the reference
        frame.
    """

    kind: str
    parameters: np.ndarray


def draw_motion(
    rng: np.random.Generator, kind: str, times: np.ndarray, bolus_arrival_s: float
) -> HeadMotion:
    """Draw the motion of a head.

    Parameters
    ----------
    rng : numpy.random.Generator
    kind : str
        ``"none"``; ``"drift"``, slow sinking and turning; ``"nod"``, a few nods about the neck;
        ``"jerk"``, jumps after which the head stays, one of them during the bolus; ``"restless"``,
        all of these at half size, and trembling.
    times : ndarray, shape (T,)
        Of the frames, in seconds after the first one.
    bolus_arrival_s : float
        In seconds after the first frame.

    Returns
    -------
    HeadMotion
    """
    times = np.asarray(times, float)
    parameters = MOTIONS[kind](rng, times, bolus_arrival_s)
    reference = min(REFERENCE_FRAME, len(times) - 1)
    return HeadMotion(kind, parameters - parameters[reference])


def frame_poses(
    pose: Pose, motion: HeadMotion, centre_mm: np.ndarray, grid_shape=None
) -> list[Pose]:
    """Return the pose of the head in each frame; equal ones in a row are the same object.

    Parameters
    ----------
    pose : Pose
        In the reference frame; the frames in which the head lies there get this object.
    motion : HeadMotion
    centre_mm : ndarray, shape (3,)
        Centre of the series' grid in LPS mm.
    grid_shape : tuple of int, optional
        Of the head's maps, (K, J, I), if LPS are the head's own axes, with the origin in the middle
        of the maps; by default LPS are the scanner's axes.
    """
    poses: list[Pose] = []
    for index, row in enumerate(motion.parameters):
        if not row.any():
            poses.append(pose)
        elif index and (row == motion.parameters[index - 1]).all():
            poses.append(poses[-1])
        else:
            poses.append(_moved(pose, rigid_matrix(row, centre_mm), grid_shape))
    return poses


def describe_motion(motion: HeadMotion, centre_mm: np.ndarray) -> dict:
    """What a phantom's record says of its motion, as plain JSON types."""
    return {
        "kind": motion.kind,
        "convention": CONVENTION,
        "reference_frame": min(REFERENCE_FRAME, len(motion.parameters) - 1) + 1,
        "centre_lps_mm": [float(value) for value in centre_mm],
        "columns": list(PARAMETER_NAMES),
        "parameters": motion.parameters.tolist(),
    }


def _moved(pose: Pose, matrix: np.ndarray, grid_shape) -> Pose:
    back = np.linalg.inv(matrix)
    # Head and scanner vectors are (k, j, i), that is (S, P, L): reversed they are LPS.
    turn, shift = back[:3, :3][::-1, ::-1], back[:3, 3][::-1]
    if grid_shape is None:
        return replace(pose, matrix=pose.matrix @ turn, centre=pose.centre + pose.matrix @ shift)
    middle = (np.array(grid_shape) - 1) / 2
    return replace(
        pose, matrix=turn @ pose.matrix, centre=turn @ (pose.centre - middle) + middle + shift
    )


def _still(rng, times, arrival) -> np.ndarray:
    return np.zeros((len(times), 6))


def _drift(rng, times, arrival) -> np.ndarray:
    end = rng.uniform(-1, 1, 6) * np.repeat([DRIFT_MM, DRIFT_DEG], 3)
    course = (times / max(float(times[-1]), 1e-6)) ** rng.uniform(0.7, 1.5)
    return course[:, None] * end


def _nod(rng, times, arrival) -> np.ndarray:
    duration = float(times[-1])
    angle = np.zeros(len(times))
    for part in range(3):
        start = duration * (part + rng.uniform(0.1, 0.6)) / 3
        length = rng.uniform(0.08, 0.3) * max(duration, 1.0)
        phase = np.clip((times - start) / length, 0, 1)
        angle += rng.choice([-1, 1]) * rng.uniform(*NOD_DEG) * np.sin(np.pi * phase) ** 2
    turned = np.zeros((len(times), 6))
    turned[:, 3] = angle
    # Turning about the neck carries the centre along.
    turned[:, :3] = [rigid_matrix(row, np.array(NECK_MM))[:3, 3] for row in turned]
    return turned


def _jerk(rng, times, arrival) -> np.ndarray:
    when = rng.uniform(0.0, times[-1], JERK_COUNT)
    when[0] = arrival + rng.uniform(0.0, BOLUS_WINDOW_S)
    jumps = rng.normal(0.0, 1.0, (JERK_COUNT, 6)) * np.repeat([JERK_MM, JERK_DEG], 3)
    return (times[:, None] >= when).astype(float) @ jumps


def _restless(rng, times, arrival) -> np.ndarray:
    larger = sum(draw(rng, times, arrival) for draw in (_drift, _nod, _jerk)) / 2
    trembling = rng.normal(0.0, 1.0, (len(times), 6)) * np.repeat([TREMBLE_MM, TREMBLE_DEG], 3)
    return larger + trembling


MOTIONS: dict[str, Callable] = {
    "none": _still,
    "drift": _drift,
    "nod": _nod,
    "jerk": _jerk,
    "restless": _restless,
}
"""Kinds of motion; each draws (T, 6) from a generator, the times and the bolus' arrival."""
