"""``dscbrainseg export-seg``: a mask file as a DICOM SEG."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.series_options import series_options

PATH = click.Path(path_type=Path)


@click.command("export-seg")
@click.argument("mask", metavar="MASK", type=PATH)
@click.argument("series", metavar="SERIES", type=PATH)
@click.option("-o", "--output", required=True, type=PATH, help="The DICOM file to write.")
@click.option(
    "--made",
    "kind",
    type=click.Choice(["automatic", "edited", "drawn"]),
    default="edited",
    show_default=True,
    help="How the mask came about: Segment Algorithm Type automatic, semiautomatic or manual.",
)
@click.option("--method", help="Method that made it.  [default: what segment.json beside it says]")
@click.option(
    "--frame", type=click.IntRange(min=1), help="Time point it was made on, from 1.  [default: 4]"
)
@series_options("SERIES")
@click.option("--creator", default="", help="Who edited or drew it, as Family^Given.")
@click.option("--labelmap", is_flag=True, help="Label map segmentation instead of a binary one.")
@click.option("--overwrite", is_flag=True, help="Replace the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbose_option
def command(
    mask, series, output, kind, method, frame, series_uid, creator, labelmap, overwrite, as_json
):
    """Write MASK, a NIfTI or NRRD file on the grid of SERIES, as a DICOM SEG.

    SERIES is the DICOM folder the mask was made on; the SEG refers to the images of one time point
    and belongs to the same patient and study.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.dicom_seg.export import export_dicom_seg

    with terminal_progress(wanted=not as_json) as progress:
        written = export_dicom_seg(
            mask,
            series,
            output,
            kind=kind,
            method=method,
            frame=None if frame is None else frame - 1,
            series_uid=series_uid,
            creator=creator,
            labelmap=labelmap,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        facts = {
            "file": str(written.path),
            "sop_instance_uid": written.sop_instance_uid,
            "frame": written.frame + 1,
        }
        click.echo(json.dumps(facts))
        return
    click.echo(f"DICOM SEG of time point {written.frame + 1}: {written.path}")
