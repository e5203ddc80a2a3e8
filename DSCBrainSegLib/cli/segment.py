"""``dscbrainseg segment``: a series in, a brain mask out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


class FrameNumber(click.ParamType):
    """A time point counted from 1, or ``auto``; becomes an index from 0."""

    name = "N|auto"

    def convert(self, value, parameter, context):
        if value == "auto" or value is None:
            return value
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is neither a time point counted from 1 nor 'auto'.")
        return number - 1


@click.command("segment")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for mask, overlay.png, segment.json and report.html.",
)
@click.option(
    "--frame",
    type=FrameNumber(),
    help="Time point to segment, from 1, or 'auto' (steady state, before the bolus). Default: 4.",
)
@click.option("--series", "series_uid", help="Series Instance UID, if INPUT holds several.")
@click.option("--method", default="network", show_default=True, help="Segmentation method.")
@click.option(
    "--format",
    "mask_format",
    type=click.Choice(["nii.gz", "nrrd"]),
    default="nii.gz",
    show_default=True,
    help="File format of the mask.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="Network weights to use.")
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print segment.json instead of a summary.")
@verbose_option
def command(source, output, frame, series_uid, method, mask_format, weights, overwrite, as_json):
    """Segment the brain in a DSC series.

    INPUT is a folder of DICOM files, one file of them, or a NIfTI or NRRD file. OUTPUT gets the
    mask on the series' own grid, a picture of every slice, the figures and a report.
    """
    from DSCBrainSegLib.cli.network_start import load_keras
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.files import output_folder, refuse_existing
    from DSCBrainSegLib.methods import get_method
    from DSCBrainSegLib.pipeline import segment_series
    from DSCBrainSegLib.report.write import output_names, write_results

    refuse_existing(output, output_names(mask_format), overwrite)
    with output_folder(output):
        pass  # A folder that cannot be written is told now rather than after the work.
    with terminal_progress(wanted=not as_json) as progress:
        if get_method(method).uses_weights:
            progress(0, 1, "Starting the network library")
            load_keras()
        result = segment_series(
            source,
            method,
            frame=frame,
            weights=weights,
            series_uid=series_uid,
            progress=progress,
        )
        progress(1, 1, "Writing results")
        facts = write_results(result, output, mask_format, overwrite)
    if as_json:
        click.echo(json.dumps(facts))
        return
    seconds = sum(result.timings.values())
    click.echo(
        f"Brain mask: {result.volume_ml:.0f} mL, time point {result.frame.index + 1}, ", nl=0
    )
    click.echo(f"{seconds:.1f} s. Results in {output}")
    for warning in result.warnings:
        click.echo(f"Note: {warning}", err=True)
