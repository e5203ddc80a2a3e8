"""``dscbrainseg mask-effect``: what masks do to perfusion."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option

FILE = click.Path(path_type=Path)


@click.command("mask-effect")
@click.argument("source", required=False, type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="Folder for table, CSV and plot.")
@click.option("--reference", type=FILE, help="The mask of SOURCE that others are compared with.")
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="[NAME=]FILE",
    help="A mask of SOURCE to compare; repeatable.",
)
@click.option("--lesion", type=FILE, help="Mask of the lesion of SOURCE.")
@click.option("--sweep", is_flag=True, help="Grow and shrink the reference, leave the lesion out.")
@click.option(
    "--simulate",
    "count",
    type=click.IntRange(min=1),
    help="Simulate this many abnormal series instead of reading SOURCE.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of the first simulated one.")
@click.option("--methods", default="", help="Methods to segment with, with commas.")
@click.option("--overwrite", is_flag=True, help="Replace results already in the folder.")
@verbose_option
def command(source, output, reference, masks, lesion, sweep, count, seed, methods, overwrite):
    """Measure what the choice of the mask does to perfusion.

    \b
    Any two masks of one series:
      dscbrainseg mask-effect SERIES --reference A.nii.gz --mask B.nii.gz -o OUT
    Every kind of error, and methods, on simulated series with exact truth:
      dscbrainseg mask-effect --simulate 40 --methods network,otsu -o OUT
      dscbrainseg mask-effect FOLDER -o OUT     (of "dscbrainseg simulate", one or many)

    Shows where the arterial input (AIF) is taken, how far CBV moves with it, what is left of the
    lesion, and how many voxels without a bolus are inside. A preview for judging masks.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.files import refuse_existing
    from DSCBrainSegLib.perfusion import effect_sweep
    from DSCBrainSegLib.perfusion.effect_write import EFFECT_NAMES, write_effects

    names = [name.strip() for name in methods.split(",") if name.strip()]
    _refuse_conflicts(source, reference, masks, lesion, sweep, count)
    require_matplotlib()
    refuse_existing(output, EFFECT_NAMES, overwrite)
    with terminal_progress() as progress:
        if reference is not None:
            rows = _of_one_series(source, reference, masks, lesion, sweep, names, progress)
        elif count:
            cases = effect_sweep.simulated_cases(count, seed)
            rows = effect_sweep.sweep(cases, count, names, progress)
        else:
            found = effect_sweep.find_true_cases(source)
            cases = (effect_sweep.read_true_case(path) for path in found)
            rows = effect_sweep.sweep(cases, len(found), names, progress)
        write_effects(rows, output, overwrite)
    click.echo((output / EFFECT_NAMES[0]).read_text(encoding="utf-8"))
    for row in rows:
        if row.failure:
            click.echo(f"Failed: {row.case}, {row.mask}: {row.failure}", err=True)


def _refuse_conflicts(source, reference, masks, lesion, sweep, count) -> None:
    if (source is None) == (count is None):
        raise click.UsageError("Give a SOURCE or --simulate, one of them.")
    if reference is None and (masks or lesion or sweep):
        raise click.UsageError("--mask, --lesion and --sweep need --reference.")
    if reference is not None and count:
        raise click.UsageError("--reference belongs to a SOURCE, not to --simulate.")


def _of_one_series(source, reference, masks, lesion, sweep, methods, progress):
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.perfusion.effect import effects_of_masks
    from DSCBrainSegLib.perfusion.mask_variants import mask_variants
    from DSCBrainSegLib.pipeline import segment_series
    from DSCBrainSegLib.series import read_series

    progress(0, 2, "Reading")
    series = read_series(source, progress=progress)
    right = read_mask(reference, series)
    part = None if lesion is None else read_mask(lesion, series)
    compared = mask_variants(right, part) if sweep else {}
    for text in masks:
        name, _, path = text.rpartition("=")
        compared[name or Path(path).name] = read_mask(Path(path), series)
    for method in methods:
        compared[method] = segment_series(series, method).mask
    progress(1, 2, "Measuring")
    return effects_of_masks("series", series, compared, right, part)
