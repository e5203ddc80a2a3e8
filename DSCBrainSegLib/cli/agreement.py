"""``dscbrainseg agreement``: how well one mask agrees with another."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("agreement")
@click.argument("mask", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@click.option(
    "--lesion",
    type=click.Path(path_type=Path),
    help="Mask of the lesion on the same grid: how much of it is kept is told, too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a sentence.")
@verbose_option
def command(mask, reference, lesion, as_json):
    """Compare MASK with REFERENCE: two files on the same grid."""
    from DSCBrainSegLib.metrics.lesion import lesion_kept
    from DSCBrainSegLib.metrics.overlap import overlap

    paths = (mask, reference) if lesion is None else (mask, reference, lesion)
    masks = read_masks(*paths)
    figures = overlap(*masks[:2])
    values = {
        "dice": figures.dice,
        "sensitivity": figures.sensitivity,
        "specificity": figures.specificity,
        "accuracy": figures.accuracy,
        "outward share": figures.outward_share,
    }
    if lesion is not None:
        values["lesion kept"] = lesion_kept(masks[0], masks[2], masks[1])
    if as_json:
        click.echo(json.dumps({name.replace(" ", "_"): each for name, each in values.items()}))
    else:
        parts = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        click.echo(f"Against the reference: {parts}".replace("dice", "Dice"))


def read_masks(*paths: Path) -> list:
    """Read mask files on the same grid.

    Returns
    -------
    list of ndarray of bool, shape (K, J, I)

    Raises
    ------
    SeriesError
        A file cannot be read or the grids differ.
    """
    from DSCBrainSegLib.masks import read_own_mask
    from DSCBrainSegLib.masks.placing import place

    first, *others = (read_own_mask(path) for path in paths)
    shape = first.voxels.shape
    return [
        first.voxels,
        *(
            place([mask], first.affine, shape, str(path))
            for path, mask in zip(paths[1:], others, strict=True)
        ),
    ]
