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
from itertools import islice
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase, find_cases, load_case
from DSCBrainSegLib.evaluation.chosen import NetworkWeights
from DSCBrainSegLib.evaluation.measure import (
    SliceFigures,
    VolumeFigures,
    measure_slices,
    measure_volume,
)
from DSCBrainSegLib.evaluation.tables.height_table import height_tables, ranges_by_method
from DSCBrainSegLib.evaluation.tables.markdown import to_markdown
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.pipeline import to_mask
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.preprocessing.intensity import signal_drop
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
from DSCBrainSegLib.simulation.series.volumes import (
    abnormal_seeds,
    lesion_mask,
    simulate_volume,
)

SEEDS_PER_HEAD = 10_000
GOOD_DICE = 0.95
NAN = float("nan")


@dataclass(frozen=True)
class Image:
    """A volume to measure on, what it belongs to, and the fall of its signal if it has a bolus."""

    loaded: LoadedCase
    groups: tuple[str, ...] = ()
    drop: np.ndarray | None = None


@dataclass
class Measured:
    """Figures of every weight file and input; groups by the name of the case."""

    volumes: list[VolumeFigures] = field(default_factory=list)
    slices: list[SliceFigures] = field(default_factory=list)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, image: Image, method: str, mask: np.ndarray) -> None:
        """Compare a mask with the truth of an image."""
        self.volumes.append(measure_volume(mask, image.loaded, method, len(mask), NAN))
        self.slices += measure_slices(mask, image.loaded, method)
        self.groups[image.loaded.case.name] = image.groups

    @property
    def methods(self) -> list[str]:
        """Names of what was measured, in order."""
        return list(dict.fromkeys(row.method for row in self.volumes))


def segment(image: Image, weights: Path, bolus: bool) -> np.ndarray:
    """Return the network's mask (K, J, I)."""
    loaded, network = image.loaded, get_method("network").with_weights(weights)
    axial = to_axial(loaded.image, loaded.affine)
    drop = to_axial(image.drop, loaded.affine).volume if bolus else None
    return to_mask(network, axial, network.run(axial.volume, axial.spacing, drop))


def simulated_images(
    heads: list[Path], count: int, seed: int, cache: Path | None
) -> Iterator[Image]:
    """Simulate `count` abnormal brains for each head."""
    for number, path in enumerate(heads):
        maps = load_head_maps(path, cache)
        seeds = abnormal_seeds(maps, seed + number * SEEDS_PER_HEAD)
        for place, own in enumerate(islice(seeds, count), 1):
            volume = simulate_volume(own, maps, bolus=True)
            case = ReferenceCase(f"{maps.name} {place}", Path(), Path())
            everything = slice(0, len(volume.image))
            lesion = lesion_mask(volume, maps)
            loaded = LoadedCase(
                case, volume.image, volume.mask, volume.affine, everything, lesion=lesion
            )
            contrast = "random" if volume.case.random_contrast else "physical"
            drop = signal_drop(volume.image, volume.peak)
            yield Image(loaded, (contrast, maps.name), drop)


def series_table(title: str, measured: Measured) -> Table:
    """Dice of each series, a column for each weight file."""
    dice = {(row.case, row.method): row.dice for row in measured.volumes}
    methods = measured.methods
    rows = [[name, *(f"{dice[name, each]:.4f}" for each in methods)] for name in measured.groups]
    own = [[row for row in measured.volumes if row.method == each] for each in methods]
    rows.append(["mean", *(f"{np.mean([row.dice for row in rows_]):.4f}" for rows_ in own)])
    rows.append(["lowest", *(f"{min(row.dice for row in rows_):.4f}" for rows_ in own)])
    outward = ([row.outward_share for row in rows_] for rows_ in own)
    rows.append(["mean outward share", *(f"{np.nanmean(each):.2%}" for each in outward)])
    return Table(title, ["series", *methods], _cells(rows), "")


def worth_table(title: str, measured: Measured) -> Table:
    """What masks of simulated brains are worth, overall and by contrast and head."""
    rows = []
    contrasts, heads = (sorted(set(kind)) for kind in zip(*measured.groups.values(), strict=True))
    for method in measured.methods:
        for group in ("all", *contrasts, *heads):
            own = [
                row
                for row in measured.volumes
                if row.method == method and group in ("all", *measured.groups[row.case])
            ]
            rows.append([method, group, *_worth(own)])
    header = "weights, images, n, Dice, SD, lowest, under 0.95, HD95 mm, outward, lesion kept"
    return Table(title, [*header.split(", "), "lowest kept"], _cells(rows), "")


def _worth(rows: list[VolumeFigures]) -> list[str]:
    dice, hd95, outward, kept = (
        np.array([getattr(row, key) for row in rows])
        for key in ("dice", "hd95_mm", "outward_share", "lesion_kept")
    )
    kept = kept[np.isfinite(kept)]
    return [
        f"{dice.size}",
        f"{dice.mean():.4f}",
        f"{dice.std(ddof=1):.4f}" if dice.size > 1 else "–",
        f"{dice.min():.4f}",
        f"{np.mean(dice < GOOD_DICE):.0%}",
        f"{hd95.mean():.2f}",
        f"{np.nanmean(outward):.2%}",
        f"{kept.mean():.4f}" if kept.size else "–",
        f"{kept.min():.3f}" if kept.size else "–",
    ]


def _cells(rows: list[list[str]]) -> list[list[Cell]]:
    return [[Cell(text) for text in row] for row in rows]


def measure(images, files: dict[str, Path], bolus: bool) -> Measured:
    """Segment every image with every weight file, with the bolus, too, if there is one."""
    measured = Measured()
    for image in images:
        for name, path in files.items():
            if not bolus:
                measured.add(image, name, segment(image, path, bolus=False))
                continue
            for how, given in (("alone", False), ("with bolus", True)):
                measured.add(image, f"{name}, {how}", segment(image, path, given))
        print(image.loaded.case.name, file=sys.stderr, flush=True)
    return measured


def show(table: Table, measured: Measured) -> None:
    """Print a table, and Dice by height below it."""
    print(to_markdown([table, *height_tables(ranges_by_method(measured.slices, measured.methods))]))
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
    given = [NetworkWeights.parse(text) for text in options.weights]
    files = {each.name or each.path.name.removesuffix(".weights.h5"): each.path for each in given}
    if options.data:
        images = (Image(load_case(case)) for case in find_cases(options.data))
        measured = measure(images, files, bolus=False)
        show(series_table("Dice, real series, trusted slices, one time point", measured), measured)
    if options.heads:
        images = simulated_images(options.heads, options.count, options.seed, options.cache)
        measured = measure(images, files, bolus=True)
        title = f"Simulated abnormal brains, {options.count} for each head, seed {options.seed}"
        show(worth_table(title, measured), measured)


if __name__ == "__main__":
    main()
