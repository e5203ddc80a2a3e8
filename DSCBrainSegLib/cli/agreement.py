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
    import numpy as np

    from DSCBrainSegLib.errors import SeriesError
    from DSCBrainSegLib.series import read_series

    first, *others = (read_series(path) for path in paths)
    for path, other in zip(paths[1:], others, strict=True):
        same_shape = first.volume_shape == other.volume_shape
        if not (same_shape and np.allclose(first.affine, other.affine, atol=1e-2)):
            raise SeriesError(
                f"{paths[0]} and {path} lie on different grids; compare masks of one series."
            )
    return [series.frames[0] > 0 for series in (first, *others)]
