"""``dscbrainseg batch``: many series into one folder of results that can be gone on with."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.segment import FrameNumber

PATH = click.Path(path_type=Path)


@click.command("batch")
@click.argument("inputs", metavar="INPUTS...", nargs=-1, required=True, type=PATH)
@click.option("-o", "--output", required=True, type=PATH, help="Folder of the results.")
@click.option("--method", default="network", show_default=True, help="Segmentation method.")
@click.option("--frame", type=FrameNumber(), help="Time point, from 1, or 'auto'.  [default: 4]")
@click.option("--weights", type=PATH, help="Network weights to use.")
@click.option("--no-bolus", is_flag=True, help="Use one time point alone.")
@click.option(
    "--format",
    "more_formats",
    type=click.Choice(["nrrd", "dcm-seg", "dcm-labelmap"]),
    multiple=True,
    help="Write masks in this format, too; NIfTI is always written.",
)
@click.option("--no-retry", is_flag=True, help="Leave what failed in an earlier run.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a summary.")
@verbose_option
def command(inputs, output, method, frame, weights, no_bolus, more_formats, no_retry, as_json):
    """Segment many series; call it again with the same OUTPUT to go on.

    INPUTS are cohorts, folders with a series in each sub-folder, single image files, or .csv lists
    with the columns path and, if wanted, code (what a series is called in the results). OUTPUT gets
    a folder for each series, summary.csv and batch.json. A series that fails costs only itself; the
    exit code is 1 if one did.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.results.batch import FAILED
    from DSCBrainSegLib.results.segment_batch import segment_batch
    from DSCBrainSegLib.results.sources import gather_sources

    sources = gather_sources(inputs)
    with terminal_progress(wanted=not as_json) as progress:
        items = list(
            segment_batch(
                sources,
                output,
                method,
                frame,
                weights,
                not no_bolus,
                ("nii.gz", *more_formats),
                retry=not no_retry,
                progress=progress,
            )
        )
    failed = [item for item in items if item.state == FAILED]
    if as_json:
        told = [{"code": item.code, "state": item.state, **item.facts} for item in items]
        click.echo(json.dumps({"series": len(items), "failed": len(failed), "items": told}))
    else:
        click.echo(f"{len(items) - len(failed)} of {len(items)} series segmented. See {output}")
        for item in failed:
            click.echo(f"Failed: {item.code}: {item.failure}", err=True)
    if failed:
        raise click.exceptions.Exit(1)
