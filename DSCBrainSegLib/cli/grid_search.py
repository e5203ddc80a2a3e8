"""``dscbrainseg grid-search``: compare settings of the training protocol."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("grid-search")
@click.argument("cohort", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for all runs and the table; a search that was stopped there goes on.",
)
@click.option(
    "--search",
    type=click.Path(path_type=Path),
    help="TOML file with [base] settings and [axes] of values; a grid of eight by default.",
)
@verbose_option
def command(cohort, output, search):
    """Train every combination of settings on COHORT and rank them by validation loss."""
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.errors import SeriesError
    from DSCBrainSegLib.network.backend import start_keras
    from DSCBrainSegLib.training.config import TrainingConfig
    from DSCBrainSegLib.training.grid_search import search_grid
    from DSCBrainSegLib.training.search_report import make_table, write_search
    from DSCBrainSegLib.training.search_space import DEFAULT_AXES, SearchSpace

    space = SearchSpace.read(search) if search else SearchSpace(TrainingConfig(), DEFAULT_AXES)
    opened = Cohort.open(cohort)
    start_keras()
    trials = search_grid(
        opened, output, space, lambda done, total, text: click.echo(f"[{done}/{total}] {text}")
    )
    write_search(trials, output)
    click.echo(make_table(trials))
    if all(trial.problem for trial in trials):
        raise SeriesError(f"No combination could be trained; see {output / 'grid.md'}.")
