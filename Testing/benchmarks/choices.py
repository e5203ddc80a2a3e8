"""What the choices of the design are worth: short trainings that differ in one thing each.

    python Testing/benchmarks/choices.py --label-maps ../shared/data/labelmaps \
        --data ../shared/data/dev --output choices-run

Every network starts from the same weights and sees the same simulated slices (heads 1-16); the
placement of scSE is compared from scratch, as the shipped weights know one. Measured on simulated
volumes with a lesion of heads 17-20 (exact truth) and on real series with references (trusted
slices). Writes ``table.md`` and prints it. The run folder keeps the slices, each network when it is
trained and each row's figures: the same command goes on where it was stopped.

The start is the weight file as it segments one slice without a bolus: the kernels of the slice and
its neighbours are summed and that of the bolus is left out, which is exactly what the network
computes where it sees the slice in place of its neighbours. A choice with more channels has kernels
of 0 for them at first, so all begin alike.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from calibrate_quality import dice_and_hd95
from choices_data import (
    Volume,
    keep_slices,
    prepared,
    read_kept,
    real_volumes,
    simulated_volumes,
)
from choices_train import BATCH_SIZE, START, TRAININGS, Training, train, write_start

from DSCBrainSegLib import __version__
from DSCBrainSegLib.evaluation.tables.markdown import to_markdown
from DSCBrainSegLib.evaluation.tables.table import Cell, Table
from DSCBrainSegLib.files import write_json, write_text
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.metrics.statistics import summarise
from DSCBrainSegLib.network.backend import select_backend
from DSCBrainSegLib.network.weights import SUFFIX, default_weights, describe, network_of
from DSCBrainSegLib.pipeline import to_mask
from DSCBrainSegLib.preprocessing.axial import to_axial


@dataclass(frozen=True)
class Row:
    """One line of the table: a trained network and a way to use it.

    Parameters
    ----------
    trained : str
        Key of `TRAININGS`, or `START`.
    label : str
    against : str
        Key of `ROWS` it is compared with.
    bolus : bool
        Give the network the fall of the signal; needs volumes that have it.
    mirrored : bool
        Average the probabilities over the mirror image.
    """

    trained: str
    label: str
    against: str = "base"
    bolus: bool = False
    mirrored: bool = False


ROWS = {
    START: Row(START, "the start, not trained further"),
    "base": Row("base", "base: one slice, cross-entropy and Dice"),
    "repeat": Row("repeat", "base again, batches of another seed"),
    "mirrored": Row("base", "base, averaged over the mirror image", mirrored=True),
    "three": Row("three", "neighbouring slices as channels"),
    "drop": Row("drop", "fall of the signal as a channel", bolus=True),
    "no-drop": Row("drop", "fall of the signal as a channel, not known"),
    "fixed-grid": Row("fixed-grid", "grid of 240 mm for every series"),
    "cross-entropy": Row("cross-entropy", "cross-entropy alone"),
    "each-slice": Row("each-slice", "each slice scaled by itself"),
    "standard": Row("standard", "from scratch, scSE standard", against="standard"),
    "post": Row("post", "from scratch, scSE post", against="standard"),
}


def measure(volume: Volume, weights: Path, row: Row) -> tuple[float, float]:
    """Dice and HD95 in mm of a network's mask, over the slices to compare."""
    network, axial = (
        get_method("network").with_weights(weights),
        to_axial(volume.image, volume.affine),
    )
    drop = to_axial(volume.drop, volume.affine).volume if row.bolus else None
    found = network.run(axial.volume, axial.spacing, drop)
    if row.mirrored:
        mirrored = network.run(axial.volume[:, :, ::-1], axial.spacing)
        found = (found + mirrored[:, :, ::-1]) / 2
    mask = to_mask(network, axial, found)[volume.compared]
    return dice_and_hd95(mask, volume.truth[volume.compared], volume.affine)


def evaluate(key: str, folder: Path, kind: str, volumes: list[Volume]) -> np.ndarray:
    """Return Dice and HD95 of a row, (volumes, 2); measured once and kept."""
    name, row = f"{key}.{kind}.json", ROWS[key]
    weights = folder / f"{row.trained}{SUFFIX}"
    names, digest = [volume.name for volume in volumes], describe(weights)["sha256"]
    kept = read_kept(folder / name)
    if kept is None or (kept["volumes"], kept["weights"]) != (names, digest):
        training = TRAININGS.get(row.trained, Training())
        with prepared(training.preparation):
            figures = [measure(volume, weights, row) for volume in volumes]
        kept = {"volumes": names, "weights": digest, "dice and hd95_mm": figures}
        write_json(folder / name, kept)
        print(f"{key}: {len(names)} {kind} volumes measured", file=sys.stderr)
    return np.array(kept["dice and hd95_mm"])


def build_table(title: str, found: dict[str, np.ndarray]) -> Table:
    """Build the table of one kind of volumes; `found` holds (volumes, Dice or HD95) by row."""
    header = ["choice", "mean Dice", "5th percentile", "lowest", "mean HD95, mm", "difference"]
    rows = []
    for key, figures in found.items():
        score, distance = figures.T
        hd95 = summarise(distance)
        left_out = f" (n = {hd95.count})" if hd95.infinite else ""
        figures_of_row = [
            f"{score.mean():.4f}",
            f"{np.percentile(score, 5):.4f}",
            f"{score.min():.4f}",
            f"{hd95.mean:.2f}{left_out}",
            _difference(score, found.get(ROWS[key].against), ROWS[key].against == key),
        ]
        rows.append([Cell(text) for text in (ROWS[key].label, *figures_of_row)])
    count = len(next(iter(found.values())))
    note = (
        "Difference: mean of the paired differences in Dice ± its standard error over the volumes; "
        "scSE post against scSE standard, the others against base. The error leaves out the "
        "scatter between trainings: what base differs from base of another seed is no gain."
    )
    return Table(f"{title}, {count} volumes", header, rows, note)


def _difference(score: np.ndarray, other: np.ndarray | None, itself: bool) -> str:
    if other is None or itself:
        return "–"
    change = summarise(score - other[:, 0])
    return f"{change.mean:+.4f} ± {change.sd / np.sqrt(change.count):.4f}"


def read_options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--label-maps", type=Path, required=True, help="folder of the 20 heads")
    options.add_argument("--output", type=Path, required=True, help="run folder; goes on in it")
    options.add_argument("--data", type=Path, help="folder of real cases with references")
    options.add_argument("--cache", type=Path, help="folder for the derived maps of the heads")
    options.add_argument("--initial", type=Path, help="weights; the shipped default if not given")
    options.add_argument("--choices", nargs="+", choices=TRAININGS, default=list(TRAININGS))
    options.add_argument("--steps", type=int, default=500, help=f"of {BATCH_SIZE} slices")
    options.add_argument("--volumes", type=int, default=8, help="simulated, for each head")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="simulating processes")
    chosen = options.parse_args()
    chosen.initial = chosen.initial or default_weights()
    settings = {
        "steps": chosen.steps,
        "seed": chosen.seed,
        "initial": describe(chosen.initial)["sha256"],
        "version": __version__,
    }
    kept = read_kept(chosen.output / "settings.json")
    if kept not in (None, settings):
        options.error(f"{chosen.output} was made with {kept}, not {settings}; name another folder")
    chosen.output.mkdir(parents=True, exist_ok=True)
    write_json(chosen.output / "settings.json", settings)
    return chosen


def main() -> None:
    chosen = read_options()
    folder, cache = chosen.output, chosen.cache or chosen.output / "heads"
    select_backend()
    network = replace(network_of(chosen.initial), neighbours=0, bolus_channel=False)
    start = folder / f"{START}{SUFFIX}"
    if not start.exists():
        write_start(chosen.initial, network, start)
    parts = keep_slices(
        folder / "slices",
        chosen.steps * BATCH_SIZE,
        chosen.label_maps,
        cache,
        network.input_size,
        chosen.seed,
        chosen.jobs,
    )
    simulated = list(simulated_volumes(chosen.label_maps, cache, chosen.volumes))
    kinds = {"simulated": ("Simulated heads 17-20 with a lesion, exact truth", simulated)}
    if chosen.data:
        kinds["real"] = ("Real series, reference masks", list(real_volumes(chosen.data)))
    found: dict[str, dict[str, np.ndarray]] = {kind: {} for kind in kinds}
    for key, row in ROWS.items():
        if row.trained not in (START, *chosen.choices):
            continue
        if row.trained != START:
            train(row.trained, folder, parts, chosen.steps, chosen.seed)
        for kind, (_, volumes) in kinds.items():
            if not row.bolus or all(volume.drop is not None for volume in volumes):
                found[kind][key] = evaluate(key, folder, kind, volumes)
    statements = [
        f"Command: {shlex.join(['python', *sys.argv])}",
        f"{date.today()}, seed {chosen.seed}, {chosen.steps} steps of {BATCH_SIZE} slices, start "
        f"{chosen.initial.name} (SHA-256 {describe(chosen.initial)['sha256'][:12]}), "
        f"{os.cpu_count()} cores, {platform.machine()}.",
    ]
    tables = [build_table(title, found[kind]) for kind, (title, _) in kinds.items()]
    text = to_markdown(tables, statements)
    write_text(folder / "table.md", text)
    print(text)


if __name__ == "__main__":
    main()
