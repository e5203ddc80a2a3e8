"""What the bolus is worth: the same weights with and without the fall of the signal at its peak.

    python Testing/benchmarks/time_axis.py --label-maps ../shared/data/labelmaps

Simulated volumes with a lesion, heads 17-20 (no network was trained on them). Each is segmented
twice. Prints the figures of both ways and the paired difference with its standard error (Markdown).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from calibrate_quality import REPORT_HEADS, dice_and_hd95

from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.network.weights import network_of
from DSCBrainSegLib.pipeline import to_mask
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.preprocessing.intensity import signal_drop
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
from DSCBrainSegLib.simulation.series.volumes import simulate_volume

FIRST_SEED = 800
"""Of each head; apart from the seeds of the other benchmarks."""


def abnormal_volumes(maps, first_seed: int, count: int):
    """Yield the first `count` draws with a lesion."""
    seed = first_seed
    while count:
        volume = simulate_volume(seed, maps, bolus=True)
        seed += 1
        if volume.case.lesions and volume.mask.any():
            count -= 1
            yield volume


def measure(image, affine, truth, drop, weights) -> tuple[float, float]:
    """Dice and HD95 in mm of the network's mask; `drop` may be None."""
    axial, network = to_axial(image, affine), get_method("network")
    if weights is not None:
        network = network.with_weights(weights)
    if drop is not None:
        drop = to_axial(drop, affine).volume
    found = network.run(axial.volume, axial.spacing, drop)
    mask = to_mask(network, axial, found)
    return dice_and_hd95(mask, truth, affine)


def print_table(rows: np.ndarray) -> None:
    """Print figures of ``(volumes, with or without the bolus, Dice or HD95)``."""
    count = len(rows)
    print(f"\nSimulated, exact truth, {count} volumes\n")
    print("| input | mean Dice | 5th percentile | under 0.95 | mean HD95, mm |")
    print("|---|---|---|---|---|")
    for name, values in (("frame and bolus", rows[:, 0]), ("frame alone", rows[:, 1])):
        score, distance = values.T
        print(
            f"| {name} | {score.mean():.4f} | {np.percentile(score, 5):.4f} "
            f"| {np.mean(score < 0.95):.2f} | {distance[np.isfinite(distance)].mean():.2f} |"
        )
    change = rows[:, 0, 0] - rows[:, 1, 0]
    error = change.std(ddof=1) / np.sqrt(count)
    better, worse = np.count_nonzero(change > 5e-5), np.count_nonzero(change < -5e-5)
    print(f"\nDifference in Dice {change.mean():+.4f} ± {error:.4f} (standard error); ", end="")
    print(f"the bolus helps in {better} volumes and harms in {worse}.")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--label-maps", type=Path, required=True, help="folder of the 20 heads")
    options.add_argument("--cache", type=Path, help="folder for the derived maps of the heads")
    options.add_argument("--volumes", type=int, default=10, help="for each head")
    options.add_argument("--weights", type=Path, help="the shipped default if not given")
    chosen = options.parse_args()
    if not network_of(chosen.weights).bolus_channel:
        options.error("these weights do not use the bolus")
    rows = []
    for head in REPORT_HEADS:
        maps = load_head_maps(chosen.label_maps / f"training_seg_{head:02d}.nii.gz", chosen.cache)
        for volume in abnormal_volumes(maps, 1000 * head + FIRST_SEED, chosen.volumes):
            drop = signal_drop(volume.image, volume.peak)
            case = volume.image, volume.affine, volume.mask
            rows.append([measure(*case, d, chosen.weights) for d in (drop, None)])
            print(".", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    print_table(np.array(rows))


if __name__ == "__main__":
    main()
