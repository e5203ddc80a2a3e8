"""``dscbrainseg simulate``: a DICOM DSC series of a phantom with exact truth."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option

TUMOURS = ("glioblastoma", "solid", "haemorrhage", "infarct", "cavity", "extra_axial", "none")
MOTIONS = ("none", "drift", "nod", "jerk", "restless")


@click.command("simulate")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Same seed, same phantom.")
@click.option("--tumour", type=click.Choice(TUMOURS), default="glioblastoma", show_default=True)
@click.option(
    "--motion",
    type=click.Choice(MOTIONS),
    default="none",
    show_default=True,
    help="How the head moves; the masks are those of the 4th time point.",
)
@click.option("--matrix", default=128, show_default=True, help="Rows and columns.")
@click.option("--slices", default=20, show_default=True)
@click.option("--frames", default=60, show_default=True, help="Time points.")
@click.option("--tr", "repetition_time", default=1.5, show_default=True, help="Seconds.")
@click.option("--te", "echo_time", default=0.03, show_default=True, help="Seconds.")
@click.option("--field-strength", default=3.0, show_default=True, help="Tesla.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier phantom in the folder.")
@verbose_option
def command(output, overwrite, tumour, **protocol):
    """Simulate a DSC series of a head with a tumour.

    OUTPUT gets dicom/ (the series), truth/mask.nii.gz and truth/tumour.nii.gz (exact, on the
    series' grid) and parameters.json (with the head's position in every frame, if it moves). The
    head is built from the MNI152 brain that nilearn ships.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.files import refuse_existing
    from DSCBrainSegLib.simulation.phantom import PHANTOM_NAMES, simulate_phantom, write_phantom

    refuse_existing(output, PHANTOM_NAMES, overwrite)
    with terminal_progress() as progress:
        phantom = simulate_phantom(
            tumour=None if tumour == "none" else tumour, progress=progress, **protocol
        )
        write_phantom(phantom, output, overwrite)
    volume = phantom.mask.sum() * phantom.series.voxel_volume_ml
    frames, slices, rows, columns = phantom.series.frames.shape
    click.echo(
        f"Simulated {frames} x {slices} x {rows} x {columns} in {output}, true brain volume in the "
        f"slices {volume:.0f} mL"
    )
