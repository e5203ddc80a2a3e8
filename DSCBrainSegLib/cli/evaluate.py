"""``dscbrainseg evaluate``: methods and peers on cases with reference masks."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.engine import engine_options
from DSCBrainSegLib.cli.main import verbose_option


@click.command("evaluate")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for tables (Markdown, CSV, LaTeX), figures and report.html.",
)
@click.option(
    "--methods",
    default="network,otsu,otsu-post,aabl,cusum",
    show_default=True,
    help="Methods with commas; external tools (docs/peers.md) can be named, too.",
)
@click.option(
    "--weights",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Network weights: as the method network:NAME, or for the network itself. Repeatable.",
)
@click.option(
    "--part",
    type=click.Choice(["train", "validation", "test"]),
    help="Evaluate only this part of a cohort's split.",
)
@click.option(
    "--no-bolus",
    is_flag=True,
    help="One time point alone, also where the whole series is there and the method wants it.",
)
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@engine_options
@verbose_option
def command(folder, output, methods, weights, part, no_bolus, overwrite):
    """Compare methods with reference masks.

    FOLDER is a cohort, or has one sub-folder per subject with frame.nii.gz and
    reference-mask.nii.gz; a source.json may name the slices to trust.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.errors import SeriesError
    from DSCBrainSegLib.evaluation.chosen import NetworkWeights
    from DSCBrainSegLib.evaluation.run import evaluate_folder

    names = [name.strip() for name in methods.split(",") if name.strip()]
    networks = [NetworkWeights.parse(text) for text in weights]
    with terminal_progress() as progress:
        evaluation = evaluate_folder(
            folder,
            names,
            output,
            overwrite,
            part,
            networks,
            progress=progress,
            bolus=not no_bolus,
        )
    click.echo((output / "table.md").read_text(encoding="utf-8"))
    failures = [row for row in evaluation.volumes if row.failure]
    for row in failures:
        click.echo(f"Failed: {row.case}, {row.method}: {row.failure}", err=True)
    if failures and len(failures) == len(evaluation.volumes):
        raise SeriesError(f"Every method failed on every case of {folder}; see the lines above.")
