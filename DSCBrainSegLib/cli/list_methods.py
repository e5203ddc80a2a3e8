"""``dscbrainseg list-methods``: what ``--method`` takes."""

from __future__ import annotations

import json

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("list-methods")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbose_option
def command(as_json):
    """List the segmentation methods that --method takes."""
    from DSCBrainSegLib.methods import list_methods

    methods = [
        {"name": each.name, "label": each.label, "weights": each.facts} for each in list_methods()
    ]
    if as_json:
        click.echo(json.dumps({"methods": methods}))
        return
    for each in methods:
        click.echo(f"{each['name']:12s} {each['label']}")
