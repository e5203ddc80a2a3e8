"""``dscbrainseg simulate``: a DSC series with known truth."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option

NO_TUMOUR = "none"


@click.command("simulate")
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Another number is another head.")
@click.option("--matrix", default=128, show_default=True, help="Rows and columns.")
@click.option("--slices", default=20, show_default=True)
@click.option("--frames", default=60, show_default=True, help="Time points, 1.5 s apart.")
@click.option(
    "--tumour",
    default="glioblastoma",
    show_default=True,
    help=f"Kind of lesion, or '{NO_TUMOUR}'.",
)
@click.option("--overwrite", is_flag=True, help="Replace a series already in the folder.")
@verbose_option
def command(output, seed, matrix, slices, frames, tumour, overwrite):
    """Simulate a DSC series of a head with a tumour, with its exact brain mask.

    OUTPUT gets dicom/, truth/mask.nii.gz, truth/tumour.nii.gz and parameters.json.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.files import refuse_existing
    from DSCBrainSegLib.simulation.phantom import simulate_phantom, write_phantom

    refuse_existing(output, ["dicom", "truth", "parameters.json"], overwrite)
    with terminal_progress() as progress:
        phantom = simulate_phantom(
            seed,
            matrix=matrix,
            slices=slices,
            frames=frames,
            tumour=None if tumour == NO_TUMOUR else tumour,
            progress=progress,
        )
        progress(1, 1, "Writing DICOM files")
        write_phantom(phantom, output, overwrite)
    click.echo(f"Wrote {frames} time points of {slices} slices to {output / 'dicom'}")
