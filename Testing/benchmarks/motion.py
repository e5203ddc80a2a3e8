"""Motion correction against ANTsPy and DIPY on simulated series whose motion is known.

    python Testing/benchmarks/motion.py --seeds 21 22 --tools dscbrainseg ants

needs ``pip install antspyx dipy nilearn SimpleITK``. Prints the errors of every tool on all frames
and on those of the bolus, its wall time, and the ratios to ours, as Markdown.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from DSCBrainSegLib.geometry import rigid_matrix, volume_centre

PROTOCOLS = (
    {"motion": "restless", "field_strength": 3.0, "echo_time": 0.030, "tumour": "glioblastoma"},
    {"motion": "jerk", "field_strength": 1.5, "echo_time": 0.045, "tumour": "solid"},
    {"motion": "nod", "field_strength": 3.0, "echo_time": 0.025, "tumour": "infarct"},
    {"motion": "drift", "field_strength": 1.5, "echo_time": 0.040, "tumour": "extra_axial"},
)
"""One after the other for the seeds, from the first again."""

REFERENCE = 3
BOLUS_FRACTION = 0.9
"""Frames of the bolus: brain signal below this fraction of the frames before it."""


def ours(series) -> np.ndarray:
    """Motion matrices (T, 4, 4) by this project."""
    from DSCBrainSegLib.preprocessing.motion import correct_motion

    return correct_motion(series, REFERENCE)[1].matrices


def by_ants(series) -> np.ndarray:
    """Motion matrices (T, 4, 4) by ``ants.motion_correction``."""
    import ants

    spacing = series.spacing[::-1]
    directions = series.affine[:3, :3] / spacing
    frames = series.frames.astype(np.float32)
    whole_directions = np.eye(4)
    whole_directions[:3, :3] = directions
    whole = ants.from_numpy(
        np.transpose(frames),
        origin=[*series.affine[:3, 3], 0.0],
        spacing=[*spacing, series.repetition_time],
        direction=whole_directions,
    )
    fixed = ants.from_numpy(
        np.transpose(frames[REFERENCE]),
        origin=list(series.affine[:3, 3]),
        spacing=list(spacing),
        direction=directions,
    )
    found = ants.motion_correction(whole, fixed=fixed, type_of_transform="BOLDRigid")
    matrices = []
    for names in found["motion_parameters"]:
        transform = ants.read_transform(names[0] if isinstance(names, list | tuple) else names)
        origin = np.array(transform.apply_to_point([0.0, 0.0, 0.0]))
        matrix = np.eye(4)
        matrix[:3, 3] = origin
        for axis in range(3):
            matrix[:3, axis] = np.array(transform.apply_to_point(list(np.eye(3)[axis]))) - origin
        matrices.append(matrix)
    return np.stack(matrices)


def by_dipy(series) -> np.ndarray:
    """Motion matrices (T, 4, 4) by DIPY's rigid registration by mutual information."""
    from dipy.align import affine_registration

    frames = series.frames.astype(np.float64)
    static = np.transpose(frames[REFERENCE])
    matrices = []
    for frame in frames:
        _, matrix = affine_registration(
            np.transpose(frame),
            static,
            moving_affine=series.affine,
            static_affine=series.affine,
            pipeline=["translation", "rigid"],
        )
        matrices.append(matrix)
    return np.stack(matrices)


TOOLS = {"dscbrainseg": ours, "ants": by_ants, "dipy": by_dipy}


def errors(matrices: np.ndarray, parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Error (T, 2) of each frame: distance at the centre in mm, angle in degrees."""
    found = []
    for matrix, row in zip(matrices, parameters, strict=True):
        truth = rigid_matrix(row, centre)
        apart = (matrix - truth) @ [*centre, 1.0]
        turn = matrix[:3, :3] @ truth[:3, :3].T
        cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
        found.append((np.linalg.norm(apart[:3]), np.rad2deg(np.arccos(cosine))))
    return np.array(found)


def main() -> None:
    """Simulate, register with every tool, print."""
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23, 24])
    parser.add_argument("--tools", nargs="+", default=["dscbrainseg", "ants"], choices=TOOLS)
    parser.add_argument("--frames", type=int, default=60)
    arguments = parser.parse_args()
    found = {tool: [] for tool in arguments.tools}
    during = []
    seconds = {tool: [] for tool in arguments.tools}
    for number, seed in enumerate(arguments.seeds):
        protocol = PROTOCOLS[number % len(PROTOCOLS)]
        phantom = simulate_phantom(seed, frames=arguments.frames, **protocol)
        series, truth = phantom.series, np.array(phantom.parameters["motion"]["parameters"])
        centre = volume_centre(series.affine, series.volume_shape)
        brain = series.frames[:, phantom.mask].mean(axis=1)
        bolus = brain < BOLUS_FRACTION * brain[2:6].mean()
        others = np.arange(len(brain)) != REFERENCE
        during.append(bolus[others])
        for tool in arguments.tools:
            start = time.perf_counter()
            matrices = TOOLS[tool](series)
            seconds[tool].append(time.perf_counter() - start)
            found[tool].append(errors(matrices, truth, centre)[others])
            median = np.median(found[tool][-1], axis=0)
            print(
                f"seed {seed} ({', '.join(map(str, protocol.values()))}), {tool}: "
                f"{median[0]:.3f} mm, {median[1]:.3f} deg, {seconds[tool][-1]:.1f} s, "
                f"load {os.getloadavg()[0]:.1f}",
                file=sys.stderr,
                flush=True,
            )
    during = np.concatenate(during)
    print(
        f"{datetime.now():%Y-%m-%d}, seeds {arguments.seeds}, {arguments.frames} frames, "
        f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}\n"
    )
    print(
        "| | translation (mm): median, 95 % | rotation (deg): median, 95 % | during the bolus: "
        "median mm, deg | s per series |\n|---|---|---|---|---|"
    )
    rows = {}
    for tool in arguments.tools:
        every = np.concatenate(found[tool])
        low, high = np.percentile(every, (50, 95), axis=0)
        bolus = np.median(every[during], axis=0)
        rows[tool] = [low[0], low[1], bolus[0], bolus[1], np.mean(seconds[tool])]
        print(
            f"| {tool} | {low[0]:.3f}, {high[0]:.3f} | {low[1]:.3f}, {high[1]:.3f} | "
            f"{bolus[0]:.3f}, {bolus[1]:.3f} | {np.mean(seconds[tool]):.1f} |"
        )
    for tool in arguments.tools[1:]:
        ratios = np.divide(rows[tool], rows[arguments.tools[0]])
        names = ("translation", "rotation", "translation in the bolus", "rotation in it", "time")
        shown = ", ".join(f"{name} {ratio:.1f}" for name, ratio in zip(names, ratios, strict=True))
        print(f"\n{tool} / {arguments.tools[0]}: {shown} ({during.sum()} bolus frames)")


if __name__ == "__main__":
    main()
