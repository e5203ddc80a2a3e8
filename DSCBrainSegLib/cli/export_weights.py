"""``dscbrainseg export-weights``: a training checkpoint as a weight file with model card."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("export-weights")
@click.argument("run", metavar="TRAINING", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--card",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="JSON file with the sections data, recipe, figures, limits and licence.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing weight file.")
@verbose_option
def command(run, target, card, overwrite):
    """Write the last checkpoint of the folder TRAINING as TARGET (.weights.h5) with its card."""
    from DSCBrainSegLib.errors import ConfigurationError
    from DSCBrainSegLib.network.config import NetworkConfig
    from DSCBrainSegLib.training.export import export_weights

    try:
        checkpoint = run / json.loads((run / "state.json").read_text())["checkpoint"]
        network = NetworkConfig.from_dict(
            json.loads((run / "settings.json").read_text())["network"]
        )
        sections = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"{run} is not a training folder, or {card} is no model card: {error}."
        ) from error
    export_weights(checkpoint, network, target, sections, overwrite)
    click.echo(f"Wrote {target}")
