"""``dscbrainseg segment``: a series in, a brain mask out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.engine import engine_options
from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.series_options import series_options


class FrameNumber(click.ParamType):
    """A time point counted from 1, or ``auto``; becomes an index from 0."""

    name = "N|auto"

    def convert(self, value, parameter, context):
        if str(value).lower() == "auto":  # the help shows it in capitals
            return "auto"
        try:
            number = int(value)
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is neither a time point counted from 1 nor 'auto'.")
        return number - 1


@click.command("segment")
@click.argument("source", metavar="INPUT")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for mask, overlay.png, segment.json and report.html; for the masks, compare.png, "
    "compare.md and compare.json of --compare.",
)
@click.option(
    "--frame",
    type=FrameNumber(),
    help="Time point to segment, from 1, or 'auto' (steady state, before the bolus). Default: 4.",
)
@series_options("INPUT")
@click.option("--method", default="network", show_default=True, help="Segmentation method.")
@click.option(
    "--compare",
    is_flag=True,
    help="Run every method, put them side by side and compare them with --method.",
)
@click.option(
    "--format",
    "mask_formats",
    type=click.Choice(["nii.gz", "nrrd", "dcm-seg", "dcm-labelmap"]),
    multiple=True,
    default=["nii.gz"],
    show_default=True,
    help="File format of the mask; give it several times for several. dcm-seg is a DICOM "
    "segmentation, dcm-labelmap one as a label map; both refer to a DICOM series.",
)
@click.option("--weights", type=click.Path(path_type=Path), help="Network weights to use.")
@click.option(
    "--no-bolus",
    is_flag=True,
    help="Use one time point alone, also with weights that use the bolus.",
)
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON instead of a summary.")
@engine_options
@verbose_option
def command(
    source,
    output,
    frame,
    series_uid,
    method,
    compare,
    mask_formats,
    weights,
    no_bolus,
    overwrite,
    as_json,
):
    """Segment the brain in a DSC series.

    INPUT is a folder of DICOM files, one file of them, a NIfTI or NRRD file, or the address of a
    DICOMweb series (https://.../studies/UID/series/UID). OUTPUT gets the mask on the series' own
    grid, a picture of every slice, the figures and a report.
    """
    work = _compare if compare else _segment
    mask_formats = tuple(dict.fromkeys(mask_formats))
    if compare and (len(mask_formats) > 1 or mask_formats[0].startswith("dcm")):
        raise click.UsageError("--compare writes masks in one format, nii.gz or nrrd.")
    choices = {
        "frame": frame,
        "weights": weights,
        "series_uid": series_uid,
        "bolus": not no_bolus,
    }
    work(source, output, method, choices, mask_formats, overwrite, as_json)


def _segment(source, output, method, choices, mask_formats, overwrite, as_json):
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.pipeline import segment_series
    from DSCBrainSegLib.results.write import output_names, write_results
    from DSCBrainSegLib.series.dicomweb import local_source

    _check_output(output, output_names(mask_formats), overwrite)
    with (
        terminal_progress(wanted=not as_json) as progress,
        local_source(source, progress) as path,
    ):
        result = segment_series(path, method, progress=progress, **choices)
        progress(1, 1, "Writing results")
        facts = write_results(result, output, mask_formats, overwrite)
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
    _name_slices_to_check(result.quality)


def _name_slices_to_check(quality) -> None:
    """List the slices a person should look at; slices are counted from 1 as in every output."""
    if quality.confidence is not None:
        click.echo(f"Confidence: {100 * quality.confidence:.0f} %")
    if not quality.slices_to_check:
        return
    click.echo("Slices to look at (counted from 1, framed in overlay.png):")
    for found in quality.slices_to_check:
        sure = "" if found.confidence is None else f" ({100 * found.confidence:.0f} %)"
        click.echo(f"  {found.slice + 1}{sure}: {' '.join(found.reasons)}")


def _compare(source, output, method, choices, mask_formats, overwrite, as_json):
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.evaluation.compare import compare_methods
    from DSCBrainSegLib.evaluation.compare_write import comparison_names, write_comparison
    from DSCBrainSegLib.series.dicomweb import local_source

    require_matplotlib()
    _check_output(output, comparison_names(mask_formats[0]), overwrite)
    with (
        terminal_progress(wanted=not as_json) as progress,
        local_source(source, progress) as path,
    ):
        comparison = compare_methods(path, method, progress=progress, **choices)
        progress(1, 1, "Writing results")
        facts = write_comparison(comparison, output, mask_formats[0], overwrite)
    if as_json:
        click.echo(json.dumps(facts))
        return
    for made in facts["methods"]:
        if made["failure"]:
            click.echo(f"Failed: {made['method']}: {made['failure']}", err=True)
            continue
        dice = "" if made["dice"] is None else f", Dice with {method} {made['dice']:.4f}"
        volume, seconds = made["volume_ml"], made["seconds"]
        click.echo(f"{made['method']}: {volume:.0f} mL, {seconds:.2f} s{dice}")
    click.echo(f"Time point {facts['frame']['number']}. Results in {output}")


def _check_output(output, names, overwrite) -> None:
    """Say now rather than after the work that results are there or cannot be written."""
    from DSCBrainSegLib.files import output_folder, refuse_existing

    refuse_existing(output, names, overwrite)
    with output_folder(output):
        pass
