"""``dscbrainseg train``: train the network on a cohort by the paper's protocol."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("train")
@click.argument("cohort", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for checkpoints, log and weights; a run that was stopped there goes on.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="TOML file with the settings that differ from the paper's.",
)
@click.option("--show-config", is_flag=True, help="Print the settings and stop.")
@verbose_option
def command(cohort, output, config, show_config):
    """Train on the training part of COHORT and choose the epoch on its validation part."""
    import json

    from DSCBrainSegLib.cli.network_start import load_keras
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.training.config import TrainingConfig
    from DSCBrainSegLib.training.protocol import train_on_cohort

    settings = TrainingConfig.read(config) if config else TrainingConfig()
    if show_config:
        click.echo(json.dumps(settings.to_dict(), indent=2))
        return
    opened = Cohort.open(cohort)
    load_keras()

    last = [""]

    def report(done, total, message):
        # One line for each epoch: a training's output is often a log file.
        if message != last[0]:
            click.echo(f"[{done}/{total}] {message}")
            last[0] = message

    result = train_on_cohort(opened, output, settings, report)
    click.echo(f"Best epoch {result.best_epoch}: {result.weights}")
