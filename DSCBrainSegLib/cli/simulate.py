"""``dscbrainseg simulate``: a DSC series of a phantom with exact truth."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.output import output_option

TUMOURS = (
    "glioblastoma",
    "solid",
    "haemorrhage",
    "infarct",
    "cavity",
    "extra_axial",
    "meningioma",
    "craniotomy",
    "none",
)
MOTIONS = ("none", "drift", "nod", "jerk", "restless")

PROTOCOL = (
    "tumour",
    "matrix",
    "slices",
    "repetition_time",
    "echo_time",
    "field_strength",
    "flip_angle",
)
"""What --wide draws."""

FILE = click.Path(path_type=Path)


@click.command("simulate")
@output_option("Folder for the series, its truth and its record.")
@click.option("--seed", type=click.IntRange(min=0), help="Same seed, same series.  [default: 0]")
@click.option("--head", "label_map", type=FILE, help="Whole-head label map (NIfTI, 1 mm).")
@click.option("--wide", is_flag=True, help="Draw scanner, contrast, lesions and motion.")
@click.option(
    "--tumour", type=click.Choice(TUMOURS), help="Kind of lesion.  [default: glioblastoma]"
)
@click.option(
    "--motion",
    type=click.Choice(MOTIONS),
    help="How the head moves; the masks are those of the 4th time point.  [default: none]",
)
@click.option("--matrix", type=int, help="Rows and columns.  [default: 128]")
@click.option("--slices", type=int, help="[default: 20]")
@click.option("--frames", type=int, help="Time points.  [default: 60]")
@click.option("--tr", "repetition_time", type=float, help="Seconds.  [default: 1.5]")
@click.option("--te", "echo_time", type=float, help="Seconds.  [default: 0.03]")
@click.option("--field-strength", type=float, help="Tesla.  [default: 3.0]")
@click.option("--flip-angle", type=float, help="Degrees.  [default: 60]")
@click.option(
    "--replay", type=FILE, help="Make the series of this parameters.json again, bit for bit."
)
@click.option(
    "--format",
    "series_format",
    type=click.Choice(["dicom", "nifti"]),
    default="dicom",
    show_default=True,
)
@click.option("--overwrite", is_flag=True, help="Replace an earlier phantom in the folder.")
@verbose_option
def command(output, overwrite, label_map, wide, replay, series_format, **chosen):
    """Simulate a DSC series of a head with a tumour.

    The folder gets the series (dicom/, or series.nii.gz), truth/ on the series' grid (mask, tumour,
    CBV, MTT, delay, Ktrans, and the head's motion as motion.csv) and parameters.json, which
    replays it. The head is built from the MNI152 brain that nilearn ships, unless --head names a
    label map. --wide draws scanner, contrast, lesions and motion from the whole range that
    networks are trained on.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.files import refuse_existing
    from DSCBrainSegLib.simulation.series.phantom_files import PHANTOM_NAMES, write_phantom

    given = {name: value for name, value in chosen.items() if value is not None}
    _refuse_conflicts(given, wide, replay)
    refuse_existing(output, PHANTOM_NAMES, overwrite)
    with terminal_progress() as progress:
        if replay:
            phantom, identical = _replay(replay, label_map, progress)
        else:
            phantom, identical = _simulate(given, label_map, wide, progress), None
        write_phantom(phantom, output, overwrite, series_format)
    volume = phantom.mask.sum() * phantom.series.voxel_volume_ml
    frames, slices, rows, columns = phantom.series.frames.shape
    click.echo(
        f"Simulated {frames} x {slices} x {rows} x {columns} in {output}, true brain volume in the "
        f"slices {volume:.0f} mL"
    )
    if identical:
        click.echo("Bit for bit the series of the record.")
    elif identical is False:
        click.echo(
            "Note: Not bit for bit the series of the record; another version of NumPy or SciPy "
            "made that.",
            err=True,
        )


def _refuse_conflicts(given: dict, wide: bool, replay: Path | None) -> None:
    if replay and (given or wide):
        raise click.UsageError("--replay takes everything from the record; give only --head.")
    drawn = [_option(name) for name in PROTOCOL if name in given]
    if wide and drawn:
        raise click.UsageError(f"--wide draws {', '.join(drawn)}; leave one of them out.")


def _option(name: str) -> str:
    short = {"repetition_time": "tr", "echo_time": "te"}.get(name, name)
    return "--" + short.replace("_", "-")


def _simulate(given: dict, label_map: Path | None, wide: bool, progress):
    from DSCBrainSegLib.simulation.anatomy.heads import read_head
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom, simulate_wide_phantom

    maps, head = read_head(label_map) if label_map else (None, None)
    if given.get("tumour") == "none":
        given = {**given, "tumour": None}
    simulate = simulate_wide_phantom if wide else simulate_phantom
    return simulate(**given, maps=maps, head=head, progress=progress)


def _replay(replay: Path, label_map: Path | None, progress):
    from DSCBrainSegLib.simulation.series.phantom_files import read_record, replay_phantom

    return replay_phantom(read_record(replay), label_map, progress)
