"""``dscbrainseg review``: look at masks, correct and draw them in the browser."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("review")
@click.argument("source", metavar="INPUT", default=".", type=click.Path(path_type=Path))
@click.option(
    "--series",
    type=click.Path(path_type=Path),
    help="The series, if INPUT is a folder of results that does not hold it.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="dscbrainseg-review",
    show_default=True,
    help="Folder for the files that Save writes.",
)
@click.option("--no-browser", is_flag=True, help="Only show the link.")
@click.option("--port", default=0, help="Port to listen on; a free one by default.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Any other makes the images reachable from other computers, "
    "unencrypted.",
)
@verbose_option
def command(source, series, output, no_browser, port, host):
    """Review masks in the browser, with 3D Slicer's views and segment editor.

    INPUT is a series (a folder of DICOM files, a NIfTI or NRRD file), a folder of results, or a
    cohort; the present folder by default. Ctrl-C ends it.
    """
    from DSCBrainSegLib.web.entries import find_entries
    from DSCBrainSegLib.web.serve import require_packages, serve

    require_packages()
    entries = find_entries(source, series)
    unsaved = serve(entries, output.absolute(), host, port, not no_browser, click.echo)
    for name in unsaved:
        click.echo(f"Not saved: {name}; the next review of it goes on with the draft.")
