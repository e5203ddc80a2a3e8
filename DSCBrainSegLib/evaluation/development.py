"""Agreement with the consensus masks of the real development series, beside two peers.

Run ``python -m DSCBrainSegLib.evaluation.development ../shared/data/dev``.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DSCBrainSegLib.methods import SegmentationMethod, get_method
from DSCBrainSegLib.metrics.overlap import overlap


@dataclass(frozen=True)
class ReferenceCase:
    """One frame with a reference mask.

    Parameters
    ----------
    name : str
    image, reference : Path
        NIfTI files on the same grid.
    trusted_slices : tuple of int
        First and last slice (index k of the file) on which the reference is good.
    """

    name: str
    image: Path
    reference: Path
    trusted_slices: tuple[int, int]


@dataclass(frozen=True)
class Agreement:
    """Figures of one method on one case, over the trusted slices."""

    case: str
    method: str
    dice: float
    sensitivity: float
    specificity: float
    volume_ratio: float
    seconds: float


def find_cases(folder: Path) -> list[ReferenceCase]:
    """List the series below `folder` that have a frame, a reference mask and a source.json."""
    cases = []
    for source in sorted(Path(folder).glob("*/source.json")):
        trusted = json.loads(source.read_text()).get("reference", {}).get("trusted_slices_k")
        image, reference = (source.with_name(f"{n}.nii.gz") for n in ("frame", "reference-mask"))
        if trusted and image.exists() and reference.exists():
            cases.append(ReferenceCase(source.parent.name, image, reference, tuple(trusted)))
    return cases


def measure(case: ReferenceCase, method: SegmentationMethod) -> Agreement:
    """Segment one case and compare on the trusted slices.

    Every method gets the same axial volume; its mask comes back on the file's own voxels.
    """
    from DSCBrainSegLib.pipeline import segment_volume
    from DSCBrainSegLib.series import read_series

    series = read_series(case.image)
    reference = read_series(case.reference).frames[0] > 0
    start = time.perf_counter()
    mask = segment_volume(series.frames[0], series.affine, method)
    seconds = time.perf_counter() - start
    trusted = slice(case.trusted_slices[0], case.trusted_slices[1] + 1)
    mask, reference = mask[trusted], reference[trusted]
    figures = overlap(mask, reference)
    return Agreement(
        case.name,
        method.name,
        figures.dice,
        figures.sensitivity,
        figures.specificity,
        float(mask.sum() / reference.sum()),
        seconds,
    )


def markdown_table(rows: list[Agreement], methods: list[str]) -> str:
    """Dice of every case and method as a Markdown table, with mean and minimum."""
    dice = {(row.case, row.method): row.dice for row in rows}
    names = list(dict.fromkeys(row.case for row in rows))
    lines = ["| series | " + " | ".join(methods) + " |", "|---" * (len(methods) + 1) + "|"]
    for name in names:
        figures = " | ".join(f"{dice[name, method]:.4f}" for method in methods)
        lines.append(f"| {name} | {figures} |")
    for label, summary in (("**mean**", np.mean), ("**lowest**", np.min)):
        figures = (f"{summary([dice[n, m] for n in names]):.4f}" for m in methods)
        lines.append(f"| {label} | " + " | ".join(figures) + " |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the table for a folder of reference cases."""
    from DSCBrainSegLib.evaluation.peers import peers

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--csv", type=Path, help="also write every figure here")
    options = parser.parse_args(arguments)
    methods = [get_method("network"), *peers()]
    rows = []
    cases = find_cases(options.folder)
    if not cases:
        parser.error(f"{options.folder} holds no series with frame, reference mask and source.json")
    measure(cases[0], methods[0])  # loads the network, which the times below do not count
    for case in cases:
        for method in methods:
            rows.append(measure(case, method))
            row = rows[-1]
            print(
                f"{row.case:28s} {row.method:10s} Dice {row.dice:.4f} "
                f"sensitivity {row.sensitivity:.4f} specificity {row.specificity:.4f} "
                f"volume ratio {row.volume_ratio:.3f} {row.seconds:.2f} s",
                flush=True,
            )
    print()
    print(markdown_table(rows, [method.name for method in methods]))
    if options.csv:
        import csv

        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, vars(rows[0]))
            writer.writeheader()
            writer.writerows(vars(row) for row in rows)


if __name__ == "__main__":
    main()
