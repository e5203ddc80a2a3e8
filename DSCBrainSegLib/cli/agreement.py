"""``dscbrainseg agreement``: how well one mask agrees with another."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("agreement")
@click.argument("mask", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a sentence.")
@verbose_option
def command(mask, reference, as_json):
    """Compare MASK with REFERENCE: two files on the same grid."""
    figures = compare_files(mask, reference)
    values = {
        "dice": figures.dice,
        "sensitivity": figures.sensitivity,
        "specificity": figures.specificity,
        "accuracy": figures.accuracy,
    }
    if as_json:
        click.echo(json.dumps(values))
    else:
        parts = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        click.echo(f"Against the reference: {parts}".replace("dice", "Dice"))


def compare_files(mask_path: Path, reference_path: Path):
    """Compare two mask files on the same grid.

    Returns
    -------
    metrics.overlap.Overlap

    Raises
    ------
    SeriesError
        A file cannot be read or the grids differ.
    """
    import numpy as np

    from DSCBrainSegLib.errors import SeriesError
    from DSCBrainSegLib.metrics.overlap import overlap
    from DSCBrainSegLib.series import read_series

    mask, reference = (read_series(path) for path in (mask_path, reference_path))
    same_grid = mask.volume_shape == reference.volume_shape and np.allclose(
        mask.affine, reference.affine, atol=1e-2
    )
    if not same_grid:
        raise SeriesError(
            f"{mask_path} and {reference_path} lie on different grids; compare masks of one series."
        )
    return overlap(mask.frames[0] > 0, reference.frames[0] > 0)
