"""``dscbrainseg cohort simulate``: simulated subjects with exact masks."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option

FOLDER = click.Path(path_type=Path)


@click.command("simulate")
@click.argument("folder", metavar="COHORT", type=FOLDER)
@click.option("--subjects", "count", type=click.IntRange(min=1), default=32, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--slices", type=click.IntRange(min=1), help="[default: 20]")
@click.option("--frames", type=click.IntRange(min=1), default=4, show_default=True)
@click.option("--label-maps", type=FOLDER, help="Folder of whole-head label maps (NIfTI, 1 mm).")
@click.option(
    "--wide", is_flag=True, help="Draw any scanner, contrast and lesion, as for training."
)
@verbose_option
def command(folder, count, seed, slices, frames, label_maps, wide):
    """Add simulated subjects with tumours and exact masks; a COHORT that does not exist is made.

    Subjects made of the same label map count as one person, so that a split keeps them together.
    """
    from DSCBrainSegLib.cli.cohort_text import tell_unsplit
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.cohort.layout import COHORT_NAME, Cohort
    from DSCBrainSegLib.cohort.simulate import simulate_cohort
    from DSCBrainSegLib.simulation.anatomy.heads import find_label_maps

    if wide and slices:
        raise click.UsageError("--wide draws the slices; leave --slices out.")
    heads = find_label_maps(label_maps) if label_maps else []
    exists = (folder / COHORT_NAME).is_file()
    cohort = Cohort.open(folder) if exists else Cohort.create(folder)
    with terminal_progress() as progress:
        made = simulate_cohort(
            cohort, count, seed, slices or 20, frames, progress, label_maps=heads, wide=wide
        )
    click.echo(f"{folder} has {len(made)} simulated subjects, exact by construction")
    tell_unsplit(cohort)
