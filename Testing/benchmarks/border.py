"""What masks are worth: at the border, at the top and the base of the brain, and at lesions.

    python Testing/benchmarks/border.py [NAME=]WEIGHTS... --data ../shared/data/dev \
        --heads ../shared/data/labelmaps/training_seg_17.nii.gz ... --count 10

Measures every weight file on the same images. Real series: Dice on the trusted slices, for each
series and by height below the top. Simulated abnormal brains, `--count` for each head, with and
without the bolus: Dice, HD95, outward share, lesion kept, Dice by height. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from DSCBrainSegLib.cli.network_start import load_keras
from DSCBrainSegLib.cohort.cases import find_cases, load_case
from DSCBrainSegLib.evaluation.chosen import NetworkWeights
from DSCBrainSegLib.geometry import voxel_spacing
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.metrics.height import mean_by_height, slices_by_height
from DSCBrainSegLib.metrics.lesion import lesion_kept
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.metrics.surface import surface_distances
from DSCBrainSegLib.pipeline import run_method, to_mask
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.preprocessing.intensity import signal_drop
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
from DSCBrainSegLib.simulation.series.volumes import abnormal_seeds, lesion_mask, simulate_volume

SEEDS_PER_HEAD = 10_000
GOOD_DICE = 0.95
ALONE, WITH_BOLUS = "alone", "with bolus"
NAN = float("nan")


@dataclass(frozen=True)
class Image:
    """A volume to measure on; arrays (K, J, I), `affine` to LPS+ in mm."""

    name: str
    head: str
    image: np.ndarray
    affine: np.ndarray
    truth: np.ndarray
    compared: slice
    drop: np.ndarray | None = None
    lesion: np.ndarray | None = None
    contrast: str = ""


@dataclass
class Measured:
    """Figures of one weight file on a set of images; one entry for each image, or slice."""

    image: list[Image] = field(default_factory=list)
    dice: list[float] = field(default_factory=list)
    hd95_mm: list[float] = field(default_factory=list)
    outward: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)
    below_top_mm: list[float] = field(default_factory=list)
    slice_dice: list[float] = field(default_factory=list)

    def add(self, image: Image, mask: np.ndarray) -> None:
        """Compare a mask with the truth of an image."""
        own, truth = mask[image.compared], image.truth[image.compared]
        counts = overlap(own, truth)
        self.image.append(image)
        self.dice.append(counts.dice)
        self.hd95_mm.append(surface_distances(own, truth, voxel_spacing(image.affine)).hd95_mm)
        self.outward.append(counts.outward_share)
        lesion = image.lesion
        kept = NAN if lesion is None else lesion_kept(own, lesion[image.compared], truth)
        self.kept.append(kept)
        heights, dice = _by_height(image, mask)
        self.below_top_mm += list(heights)
        self.slice_dice += list(dice)


def segment(image: Image, weights: Path, bolus: bool) -> np.ndarray:
    """Return the network's mask (K, J, I)."""
    axial, network = to_axial(image.image, image.affine), get_method("network")
    drop = to_axial(image.drop, image.affine).volume if bolus else None
    found = run_method(network, axial, weights, no_progress, never_cancelled, drop)
    return to_mask(network, axial, found)


def real_images(folder: Path) -> Iterator[Image]:
    """Read the real series of a folder."""
    for case in find_cases(folder):
        loaded = load_case(case)
        yield Image(
            case.name, case.name, loaded.image, loaded.affine, loaded.reference, loaded.compared
        )


def simulated_images(heads: list[Path], count: int, seed: int, cache: Path | None):
    """Simulate `count` abnormal brains for each head."""
    for number, path in enumerate(heads):
        maps = load_head_maps(path, cache)
        seeds = abnormal_seeds(maps, seed + number * SEEDS_PER_HEAD)
        made = 0
        while made < count:
            volume = simulate_volume(next(seeds), maps, bolus=True)
            if not volume.mask.any():
                continue
            made += 1
            yield Image(
                f"{maps.name} {made}",
                maps.name,
                volume.image,
                volume.affine,
                volume.mask,
                slice(0, len(volume.image)),
                signal_drop(volume.image, volume.peak),
                lesion_mask(volume, maps),
                "random" if volume.case.random_contrast else "physical",
            )


def series_table(results: dict[str, Measured]) -> list[list[str]]:
    """Dice of each real series, a column for each weight file."""
    names = [image.name for image in next(iter(results.values())).image]
    rows = [["series", *results]]
    for place, name in enumerate(names):
        rows.append([name, *(f"{own.dice[place]:.4f}" for own in results.values())])
    rows.append(["mean", *(f"{np.mean(own.dice):.4f}" for own in results.values())])
    rows.append(["lowest", *(f"{np.min(own.dice):.4f}" for own in results.values())])
    outward = (f"{100 * np.nanmean(own.outward):.2f} %" for own in results.values())
    return [*rows, ["mean outward share", *outward]]


def height_table(results: dict[str, Measured]) -> list[list[str]]:
    """Mean Dice of the slices in each range of heights; every slice counts once."""
    ranges = {
        name: mean_by_height(own.below_top_mm, own.slice_dice) for name, own in results.items()
    }
    first = next(iter(ranges.values()))
    rows = [["mm below the top", "slices", *results]]
    for place, each in enumerate(first):
        dice = [f"{own[place].dice:.3f}" for own in ranges.values()]
        rows.append([f"{each.low_mm:g} to {each.high_mm:g}", f"{each.count}", *dice])
    return rows


def worth_table(results: dict[str, Measured]) -> list[list[str]]:
    """What the masks of simulated brains are worth, overall and by head and contrast."""
    columns = "weights, images, n, Dice, SD, lowest, under 0.95, HD95 mm, outward, lesion kept"
    rows = [[*columns.split(", "), "lowest kept"]]
    for name, own in results.items():
        groups = {"all": np.ones(len(own.image), bool)}
        for kind in ("contrast", "head"):
            values = np.array([getattr(image, kind) for image in own.image])
            groups |= {value: values == value for value in dict.fromkeys(values)}
        rows += [[name, group, *_worth(own, chosen)] for group, chosen in groups.items()]
    return rows


def _worth(own: Measured, chosen: np.ndarray) -> list[str]:
    dice, hd95, outward, kept = (
        np.array(values)[chosen] for values in (own.dice, own.hd95_mm, own.outward, own.kept)
    )
    kept = kept[np.isfinite(kept)]
    spread = float(dice.std(ddof=1)) if dice.size > 1 else NAN
    return [
        f"{dice.size}",
        f"{dice.mean():.4f}",
        f"{spread:.4f}",
        f"{dice.min():.4f}",
        f"{100 * np.mean(dice < GOOD_DICE):.0f} %",
        f"{hd95.mean():.2f}",
        f"{100 * np.nanmean(outward):.2f} %",
        f"{kept.mean():.4f}" if kept.size else "-",
        f"{kept.min():.3f}" if kept.size else "-",
    ]


def _by_height(image: Image, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    compared = np.zeros(mask.shape, bool)
    compared[image.compared] = True
    own, truth, asked = (
        to_axial(array.astype(np.float32), image.affine) for array in (mask, image.truth, compared)
    )
    planes = (asked.volume >= 0.5).any(axis=(1, 2))
    return slices_by_height(own.volume >= 0.5, truth.volume >= 0.5, own.spacing[0], planes)


def _print(title: str, rows: list[list[str]]) -> None:
    print(f"\n{title}\n")
    for number, row in enumerate(rows):
        print("| " + " | ".join(row) + " |")
        if number == 0:
            print("|" + "---|" * len(row))
    sys.stdout.flush()


def main() -> None:
    """Measure every weight file and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", nargs="+", metavar="[NAME=]WEIGHTS")
    parser.add_argument("--data", type=Path, help="Folder of real series with references.")
    parser.add_argument("--heads", type=Path, nargs="*", default=[], help="Held-out label maps.")
    parser.add_argument("--count", type=int, default=10, help="Simulated volumes for each head.")
    parser.add_argument("--seed", type=int, default=700_000, help="Of the first head's volumes.")
    parser.add_argument("--cache", type=Path, help="Folder for what is derived from label maps.")
    options = parser.parse_args()
    load_keras()
    given = [NetworkWeights.parse(text) for text in options.weights]
    files = {each.name or each.path.name.removesuffix(".weights.h5"): each.path for each in given}
    if options.data:
        results = {name: Measured() for name in files}
        for image in real_images(options.data):
            for name, path in files.items():
                results[name].add(image, segment(image, path, bolus=False))
            print(image.name, file=sys.stderr, flush=True)
        _print("Dice, real series, trusted slices, one time point", series_table(results))
        _print("Mean Dice of a slice, real series", height_table(results))
    if options.heads:
        inputs = {f"{name}, {how}": None for name in files for how in (ALONE, WITH_BOLUS)}
        results = {key: Measured() for key in inputs}
        for image in simulated_images(options.heads, options.count, options.seed, options.cache):
            for name, path in files.items():
                for how in (ALONE, WITH_BOLUS):
                    mask = segment(image, path, bolus=how == WITH_BOLUS)
                    results[f"{name}, {how}"].add(image, mask)
            print(image.name, file=sys.stderr, flush=True)
        title = f"Simulated abnormal brains, {options.count} a head, seed {options.seed}"
        _print(title, worth_table(results))
        _print("Mean Dice of a slice, simulated", height_table(results))


if __name__ == "__main__":
    main()
