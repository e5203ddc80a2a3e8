"""``dscbrainseg evaluate``: methods and peers on cases with reference masks."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("evaluate")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for tables (Markdown, CSV, HTML) and figures.",
)
@click.option(
    "--methods",
    default="network,otsu,otsu-post,aabl,cusum",
    show_default=True,
    help="Methods with commas; the peers dipy and nilearn can be named, too.",
)
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@verbose_option
def command(folder, output, methods, overwrite):
    """Compare methods with reference masks.

    FOLDER has one sub-folder per subject with frame.nii.gz and reference-mask.nii.gz; a source.json
    may name the slices to trust.
    """
    from DSCBrainSegLib.cli.network_start import load_keras
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.errors import SeriesError
    from DSCBrainSegLib.evaluation.run import evaluate_folder

    names = [name.strip() for name in methods.split(",") if name.strip()]
    with terminal_progress() as progress:
        if "network" in names:
            load_keras()
        evaluation = evaluate_folder(folder, names, output, overwrite, progress)
    click.echo((output / "table.md").read_text(encoding="utf-8"))
    failures = [row for row in evaluation.volumes if row.failure]
    for row in failures:
        click.echo(f"Failed: {row.case}, {row.method}: {row.failure}", err=True)
    if failures and len(failures) == len(evaluation.volumes):
        raise SeriesError(f"Every method failed on every case of {folder}; see the lines above.")
