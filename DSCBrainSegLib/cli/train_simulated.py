"""``dscbrainseg train-simulated``: train the network on simulated slices."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("train-simulated")
@click.argument("maps", metavar="LABELMAPS", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for checkpoints and log; a run that was stopped there goes on.",
)
@click.option("--minutes", default=60.0, show_default=True, help="Time budget.")
@click.option("--validation", default=4, show_default=True, help="Heads held out (the last ones).")
@click.option("--widths", default="16,32,64,128,256", show_default=True, help="Network widths.")
@click.option("--neighbours", default=1, show_default=True, help="Slices seen on either side.")
@click.option("--bolus/--no-bolus", default=True, help="Use the fall of the signal, too.")
@click.option("--batch", default=16, show_default=True, help="Slices per step.")
@click.option("--learning-rate", default=1e-3, show_default=True, help="At the start.")
@click.option("--seed", default=1, show_default=True)
@click.option("--initial", type=click.Path(path_type=Path), help="Checkpoint to start from.")
@verbose_option
def command(
    maps,
    output,
    minutes,
    validation,
    widths,
    neighbours,
    bolus,
    batch,
    learning_rate,
    seed,
    initial,
):
    """Train on slices simulated from the whole-head label maps (.nii.gz) in LABELMAPS."""
    from DSCBrainSegLib.errors import ConfigurationError
    from DSCBrainSegLib.network.backend import start_keras
    from DSCBrainSegLib.network.config import NetworkConfig
    from DSCBrainSegLib.training.simulated import SimulatedTraining, train_on_simulation

    heads = sorted(maps.glob("*.nii.gz"))
    if len(heads) <= validation or validation < 1:
        raise ConfigurationError(
            f"{maps} holds {len(heads)} label maps; {validation} are held out for validation, so "
            "more than that are needed, and at least one must be held out."
        )
    try:
        network = NetworkConfig(
            widths=tuple(int(width) for width in widths.split(",")),
            neighbours=neighbours,
            bolus_channel=bolus,
        )
    except ValueError as error:
        raise ConfigurationError(f"--widths must be whole numbers with commas: {error}.") from error
    start_keras()
    settings = SimulatedTraining(
        network=network,
        minutes=minutes,
        batch_size=batch,
        learning_rate=learning_rate,
        seed=seed,
    )
    checkpoint = train_on_simulation(
        heads[:-validation], heads[-validation:], output, settings, click.echo, initial
    )
    click.echo(f"Last checkpoint: {checkpoint}; make a weight file of it with export-weights.")
