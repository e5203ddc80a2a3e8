"""What each step from the network's probabilities to the mask is worth.

    python Testing/benchmarks/post_processing.py --real ../shared/data/dev \
        --label-maps ../shared/data/labelmaps

Every variant starts from the same probabilities. Prints Dice and HD95 over the volumes, on the real
series (consensus references, trusted slices) and on simulated volumes (exact truth), as Markdown.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from calibrate_quality import REPORT_HEADS, dice_and_hd95, head_path, simulate

from DSCBrainSegLib.components import major_components
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.postprocessing import PIECE_SHARE, clean_mask
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.preprocessing.grid import NetworkGrid


@dataclass
class Predicted:
    """Probabilities of a volume at each stage of the way back."""

    axial: object
    grid: NetworkGrid
    on_grid: np.ndarray
    on_axial: np.ndarray

    @property
    def own(self) -> np.ndarray:
        """On the series' own voxels."""
        return self.axial.back(self.on_axial)


def predict(image: np.ndarray, affine: np.ndarray, weights: Path | None) -> Predicted:
    """Run the network once and keep what it gave on its own grid, too."""
    kept = []
    back = NetworkGrid.back

    def keep(grid, probabilities):
        kept.append((grid, probabilities))
        return back(grid, probabilities)

    axial = to_axial(image, affine)
    network = get_method("network")
    if weights is not None:
        network = network.with_weights(weights)
    with patch.object(NetworkGrid, "back", keep):
        found = network.run(axial.volume, axial.spacing)
    return Predicted(axial, *kept[-1], found)


def fill_in_plane(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return np.stack([ndimage.binary_fill_holes(plane) for plane in mask])


def masks_resampled(predicted: Predicted) -> np.ndarray:
    """Threshold on the network's grid, then bring the mask back at every step."""
    mask = (predicted.on_grid >= 0.5).astype(np.float32)
    return predicted.axial.back(predicted.grid.back(mask) >= 0.5)


def masks_nearest(predicted: Predicted) -> np.ndarray:
    """As `masks_resampled`, with the nearest pixel of the network's grid."""
    grid, mask = predicted.grid, predicted.on_grid >= 0.5
    picked = []
    for axis in (0, 1):
        count, step = grid.shape[axis], grid.spacing[axis]
        margin = (grid.side_mm - count * step) / 2
        where = ((np.arange(count) + 0.5) * step + margin) / grid.pixel_mm - 0.5
        picked.append(np.clip(np.rint(where).astype(int), 0, grid.size - 1))
    return predicted.axial.back(mask[:, picked[0]][:, :, picked[1]])


VARIANTS = {
    "large pieces, holes filled in 2-D and 3-D (what is done)": lambda p: clean_mask(p.own >= 0.5),
    "nothing": lambda p: p.own >= 0.5,
    **{
        f"pieces from {share:.0%} of the largest, holes filled in 2-D": (
            lambda p, share=share: fill_in_plane(major_components(p.own >= 0.5, share))
        )
        for share in (0.01, 0.1, 0.3, 1)
    },
    "large pieces only": lambda p: major_components(p.own >= 0.5, PIECE_SHARE),
    "holes filled in 2-D only": lambda p: fill_in_plane(p.own >= 0.5),
    "masks resampled, linear": lambda p: clean_mask(masks_resampled(p)),
    "masks resampled, nearest": lambda p: clean_mask(masks_nearest(p)),
    **{
        f"threshold {threshold}": (lambda p, threshold=threshold: clean_mask(p.own >= threshold))
        for threshold in (0.3, 0.4, 0.6, 0.7)
    },
}


def real_volumes(folder: Path):
    """Yield image, affine, reference and compared slices of each case."""
    from DSCBrainSegLib.cohort.cases import find_cases, load_case

    for case in find_cases(folder):
        loaded = load_case(case)
        yield loaded.image, loaded.affine, loaded.reference, loaded.compared


def simulated_volumes(label_maps: Path, cache: Path | None, count: int):
    """Yield volumes of the held-out heads; seeds that calibration does not use."""
    for head in REPORT_HEADS:
        path = head_path(label_maps, head)
        for number in range(count):
            seed = 1000 * head + 500 + number
            image, affine, truth, _ = simulate((path, cache, seed, False))
            yield image, affine, truth, slice(None)


def compare(volumes, weights: Path | None) -> dict[str, np.ndarray]:
    """Measure every variant on every volume; (volumes, 2) for each."""
    rows: dict[str, list] = {name: [] for name in VARIANTS}
    for image, affine, truth, compared in volumes:
        predicted = predict(image, affine, weights)
        for name, variant in VARIANTS.items():
            mask = variant(predicted)[compared]
            rows[name].append(dice_and_hd95(mask, truth[compared], affine))
        print(".", end="", flush=True, file=sys.stderr)
    print(file=sys.stderr)
    return {name: np.array(values) for name, values in rows.items()}


def print_table(title: str, found: dict[str, np.ndarray]) -> None:
    shipped = next(iter(found.values()))
    print(f"\n{title}, {len(shipped)} volumes\n")
    print("| step | mean Dice | difference | better / worse | lowest Dice | mean HD95, mm |")
    print("|---|---|---|---|---|---|")
    for name, values in found.items():
        score, distance = values.T
        change = score - shipped[:, 0]
        more, less = np.count_nonzero(change > 5e-5), np.count_nonzero(change < -5e-5)
        print(
            f"| {name} | {score.mean():.4f} | {change.mean():+.4f} | {more} / {less} "
            f"| {score.min():.4f} | {distance[np.isfinite(distance)].mean():.2f} |"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--real", type=Path, help="folder of cases with references")
    options.add_argument("--label-maps", type=Path, help="folder of the 20 heads")
    options.add_argument("--cache", type=Path, help="folder for the derived maps of the heads")
    options.add_argument("--volumes", type=int, default=20, help="simulated, for each head")
    options.add_argument("--weights", type=Path, help="the shipped default if not given")
    chosen = options.parse_args()
    if chosen.real:
        found = compare(real_volumes(chosen.real), chosen.weights)
        print_table("Real series, consensus references", found)
    if chosen.label_maps:
        volumes = simulated_volumes(chosen.label_maps, chosen.cache, chosen.volumes)
        print_table("Simulated, exact truth", compare(volumes, chosen.weights))


if __name__ == "__main__":
    main()
