"""``dscbrainseg train``: train the network on a cohort by the paper's protocol."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


def _show_config(context, parameter, wanted):
    if wanted:
        click.echo(_settings(context.params["config"]).to_toml(), nl=False)
        context.exit()


def _settings(config):
    from DSCBrainSegLib.training.config import TrainingConfig

    return TrainingConfig.read(config) if config else TrainingConfig()


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
    is_eager=True,
    help="TOML file with the settings that differ from the paper's.",
)
@click.option(
    "--show-config",
    is_flag=True,
    expose_value=False,
    callback=_show_config,
    help="Print the settings as a TOML file and stop.",
)
@verbose_option
def command(cohort, output, config):
    """Train on the training part of COHORT and choose the epoch on its validation part."""
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.network.backend import start_keras
    from DSCBrainSegLib.training.protocol import train_on_cohort

    settings = _settings(config)
    opened = Cohort.open(cohort)
    start_keras()

    def report(done, total, message):
        # A line for each epoch and no bar: a training's output is often a log file.
        if not message.startswith("Reading"):
            click.echo(f"[{done}/{total}] {message}")

    result = train_on_cohort(opened, output, settings, report)
    click.echo(f"Best epoch {result.best_epoch}: {result.weights}")
