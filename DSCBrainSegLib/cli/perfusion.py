"""``dscbrainseg perfusion``: perfusion maps inside a mask."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option

FILE = click.Path(path_type=Path)


@click.command("perfusion")
@click.argument("source", metavar="SERIES", type=FILE)
@click.option("--mask", "mask_path", required=True, type=FILE, help="Brain mask on SERIES' grid.")
@click.option("-o", "--output", required=True, type=FILE, help="Folder for maps and page.")
@click.option("--reference-region", "region", type=FILE, help="Normal white matter (a mask).")
@click.option("--motion", is_flag=True, help="Take the head's motion out first.")
@click.option("--dicom", is_flag=True, help="Write DICOM Parametric Maps, too (SERIES is DICOM).")
@click.option("--hand-over", is_flag=True, help="Write files and settings for other packages, too.")
@click.option("--series", "series_uid", help="Series Instance UID, if SERIES holds several.")
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@verbose_option
def command(source, mask_path, output, region, motion, dicom, hand_over, series_uid, overwrite):
    """Compute perfusion maps of a DSC series inside a mask.

    Writes relative CBV (leakage corrected, uncorrected, by gamma variate), CBV, CBF, MTT, Tmax,
    time to peak and the leakage coefficient as NIfTI, the curves, and perfusion.html with the
    maps side by side. A preview for judging masks, not a diagnostic tool.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.files import refuse_existing
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.perfusion import perfusion_maps
    from DSCBrainSegLib.perfusion.hand_over import FOLDER, write_hand_over
    from DSCBrainSegLib.perfusion.write import PAGE, output_names, write_perfusion
    from DSCBrainSegLib.series import read_series

    require_matplotlib()
    names = output_names(dicom) + ([FOLDER] if hand_over else [])
    refuse_existing(output, names, overwrite)
    with terminal_progress() as progress:
        series = read_series(source, series_uid, progress=progress)
        mask = read_mask(mask_path, series)
        white = None if region is None else read_mask(region, series)
        if motion:
            series = _without_motion(series, progress)
        maps = perfusion_maps(series, mask, white, progress=progress)
        facts = write_perfusion(maps, series, output, motion, dicom, overwrite)
        if hand_over:
            write_hand_over(maps, series, output / FOLDER, overwrite)
    click.echo(
        f"Perfusion maps of {facts['mask_voxels']} voxels: baseline time points "
        f"{facts['baseline'][0]} to {facts['baseline'][1]}, {100 * facts['no_bolus_share']:.1f} % "
        f"of the mask without bolus. Look at {output / PAGE}"
    )
    for warning in facts["warnings"]:
        click.echo(f"Note: {warning}", err=True)


def _without_motion(series, progress):
    from DSCBrainSegLib.preprocessing.motion import correct_motion
    from DSCBrainSegLib.preprocessing.motion.register import require_simpleitk
    from DSCBrainSegLib.preprocessing.reference_frame import choose_reference_frame

    require_simpleitk()
    reference = choose_reference_frame(len(series.frames)).index
    return correct_motion(series, reference, progress=progress)[0]
