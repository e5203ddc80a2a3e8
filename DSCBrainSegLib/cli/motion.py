"""``dscbrainseg motion``: take the head's motion out of a DSC series."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.series_options import series_options


@click.command("motion")
@click.argument("source", metavar="SERIES", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for the corrected series, motion.csv, motion.json and motion.png.",
)
@click.option(
    "--reference",
    type=click.IntRange(min=1),
    help="Time point, from 1, that the others are brought to. Default: 4.",
)
@click.option(
    "--threshold",
    "threshold_mm",
    metavar="MM",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Displacement above this draws a warning.",
)
@series_options("SERIES")
@click.option(
    "--format",
    "series_format",
    type=click.Choice(["nii", "nrrd"]),
    default="nii",
    show_default=True,
    help="File format of the corrected series.",
)
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@verbose_option
def command(source, output, reference, threshold_mm, series_uid, series_format, overwrite):
    """Correct a DSC series for rigid motion of the head.

    SERIES is a folder of DICOM files, one file of them, or a NIfTI or NRRD file. Every time point
    is brought to where the head was at the reference by interpolating it once; motion.csv gives
    the translations (mm), rotations (degrees) and framewise displacement of each.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.files import output_folder, refuse_existing
    from DSCBrainSegLib.preprocessing.motion import correct_motion
    from DSCBrainSegLib.preprocessing.motion.register import require_simpleitk
    from DSCBrainSegLib.preprocessing.motion.write import output_names, write_correction
    from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame
    from DSCBrainSegLib.series import open_series

    require_simpleitk()
    refuse_existing(output, output_names(series_format), overwrite)
    with output_folder(output):
        pass  # A folder that cannot be written is told now rather than after the work.
    with terminal_progress() as progress:
        progress(0, 1, "Reading headers")
        reader = open_series(source, series_uid, progress)
        chosen = choose_reference_frame(
            reader.frame_count, None if reference is None else reference - 1
        )
        series = reader.read(progress=progress)
        corrected, estimate = correct_motion(series, chosen.index, progress=progress)
        corrected.warnings.extend(chosen.warnings)
        progress(1, 1, "Writing results")
        facts = write_correction(
            corrected, estimate, output, series_format, threshold_mm, overwrite
        )
    click.echo(
        f"Motion: up to {facts['largest_displacement_mm']:.1f} mm from time point "
        f"{facts['reference_frame']}, up to {facts['largest_framewise_displacement_mm']:.1f} mm "
        f"from one time point to the next. Results in {output}"
    )
    for warning in facts["warnings"]:
        click.echo(f"Note: {warning}", err=True)
