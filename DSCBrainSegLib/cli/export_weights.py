"""``dscbrainseg export-weights``: training checkpoints as a weight file with model card."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("export-weights")
@click.argument(
    "runs", metavar="TRAINING...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The .weights.h5 file to write."
)
@click.option(
    "--card",
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="JSON file with the sections data, recipe, figures, limits and licence.",
)
@click.option("--overwrite", is_flag=True, help="Replace an existing weight file.")
@verbose_option
def command(runs, output, card, overwrite):
    """Write the averaged weights of the folder TRAINING as a file (.weights.h5) for use.

    Beside it lie the .onnx made of it, which is what segments, and the card with both files'
    SHA-256. Of several folders the mean of the weights is written: one training that went on from
    another.
    """
    from DSCBrainSegLib.errors import ConfigurationError
    from DSCBrainSegLib.training.export import export_weights

    if output is None:  # as it was before there was -o: the last of the paths
        *runs, output = runs
    if not runs:
        raise click.UsageError("Missing option '-o' / '--output'.")
    trained = [_read_run(run) for run in runs]
    checkpoints, networks = zip(*trained, strict=True)
    for run, network in zip(runs, networks, strict=True):
        if network != networks[0]:
            raise ConfigurationError(
                f"{run} and {runs[0]} are trainings of different networks; they have no mean."
            )
    export_weights(checkpoints, networks[0], output, _read_card(card), overwrite)
    click.echo(f"Wrote {output}")


def _read_run(run: Path):
    from DSCBrainSegLib.errors import ConfigurationError
    from DSCBrainSegLib.network.config import NetworkConfig
    from DSCBrainSegLib.training.simulated import AVERAGE_NAME

    try:
        settings = json.loads((run / "settings.json").read_text(encoding="utf-8"))
        return run / AVERAGE_NAME, NetworkConfig.from_dict(settings["network"])
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"{run} is not a folder that train-simulated wrote: {error}."
        ) from error


def _read_card(card: Path) -> dict:
    from DSCBrainSegLib.errors import ConfigurationError

    try:
        return json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{card} is not a model card in JSON: {error}.") from error
