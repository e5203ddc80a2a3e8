"""``dscbrainseg cohort fetch-tcga``: DSC series of TCGA-GBM from The Cancer Imaging Archive."""

from __future__ import annotations

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.output import output_option


@click.command("fetch-tcga")
@output_option("Folder to fetch into.", required=False)
@click.option("--list", "list_only", is_flag=True, help="List the series that suit and stop.")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched and stop.")
@click.option("--max", "most", type=click.IntRange(min=1), help="Fetch at most N series.")
@click.option("--collection", default="TCGA-GBM", show_default=True, help="TCIA's collection.")
@click.option("--patient", "patients", multiple=True, help="Only this code; may be repeated.")
@click.option("--include", help="Pattern of descriptions to take, instead of the built-in one.")
@click.option("--exclude", help="Pattern of descriptions to leave out, instead of the built-in.")
@click.option("--min-images", type=click.IntRange(min=1), help="Fewest files of a series.")
@verbose_option
def command(output, list_only, dry_run, most, collection, patients, include, exclude, min_images):
    """Fetch the series of a collection that are named like T2*-weighted DSC perfusion.

    The folder gets one folder for each patient and series, hashes of all files, and what to cite.
    What is there and intact is not fetched again. Add the series to a cohort with 'cohort add'.
    """
    from DSCBrainSegLib.cli.cohort_text import text_table
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.cohort.tcga import fetch, plan_fetch
    from DSCBrainSegLib.cohort.tcia_client import TciaUtils
    from DSCBrainSegLib.cohort.tcia_manifest import is_complete
    from DSCBrainSegLib.cohort.tcia_notice import NOTICE_NAME, citation, licences
    from DSCBrainSegLib.cohort.tcia_series import EXCLUDE, INCLUDE, MIN_IMAGES, SeriesFilter
    from DSCBrainSegLib.errors import ConfigurationError, SeriesError

    if output is None and not list_only:
        raise ConfigurationError("Give the folder to fetch into, or --list to look only.")
    wanted = SeriesFilter(
        INCLUDE if include is None else include,
        EXCLUDE if exclude is None else exclude,
        MIN_IMAGES if min_images is None else min_images,
        patients,
    )
    client = TciaUtils()
    plan = plan_fetch(client, collection, wanted)
    series = plan.series if most is None else plan.series[:most]
    if list_only or dry_run:
        there = {item.uid for item in series if output is not None and is_complete(output, item)}
        rows = [
            (
                item.patient,
                item.description or item.protocol,
                item.images,
                f"{item.size_bytes / 1e6:.0f}",
                "there" if item.uid in there else "to fetch",
                item.uid,
            )
            for item in series
        ]
        header = ("Patient", "Description", "Images", "MB", "State", "Series Instance UID")
        click.echo(text_table(header, rows))
        size = sum(item.size_bytes for item in series if item.uid not in there) / 1e9
        click.echo(f"{len(series)} series, {size:.1f} GB to fetch")
        for reason, count in plan.left_out.items():
            click.echo(f"Left out: {count} ({reason})")
        return
    with terminal_progress() as progress:
        fetched = fetch(client, plan, output, most, progress)
    click.echo(f"{len(fetched.new)} series fetched, {len(fetched.complete)} were there already")
    if series:
        click.echo(f"\nTo cite:\n{citation(collection, series)}\n\nLicence, as TCIA named it:")
        for licence in licences(series):
            click.echo(licence)
        click.echo(f"All of it is in {output / NOTICE_NAME}")
    for reason in fetched.failed.values():
        click.echo(f"Failed: {reason}", err=True)
    if fetched.failed:
        raise SeriesError(f"{len(fetched.failed)} series were not fetched; run the command again.")
