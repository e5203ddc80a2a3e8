"""``dscbrainseg train-simulated``: train the network on simulated slices."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option


@click.command("train-simulated")
@click.argument(
    "maps", metavar="LABELMAPS...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for checkpoints and log; a run that was stopped there goes on.",
)
@click.option("--minutes", default=60.0, show_default=True, help="Time budget.")
@click.option("--validation", default=4, show_default=True, help="Heads of each folder held out.")
@click.option("--widths", default="16,32,64,128,256", show_default=True, help="Network widths.")
@click.option("--neighbours", default=1, show_default=True, help="Slices seen on either side.")
@click.option(
    "--context",
    multiple=True,
    type=float,
    help="See a slice so many mm below and above, too; may be repeated.",
)
@click.option("--bolus/--no-bolus", default=True, help="Use the fall of the signal, too.")
@click.option("--batch", default=16, show_default=True, help="Slices per step.")
@click.option("--learning-rate", default=1e-3, show_default=True, help="At the start.")
@click.option("--bfloat16", is_flag=True, help="16-bit arithmetic, for processors that have it.")
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
    context,
    bolus,
    batch,
    learning_rate,
    bfloat16,
    seed,
    initial,
):
    """Train on slices simulated from the whole-head label maps (.nii.gz) in folders LABELMAPS.

    The last maps of each folder are held out for validation.
    """
    from DSCBrainSegLib.errors import ConfigurationError
    from DSCBrainSegLib.network.backend import start_keras
    from DSCBrainSegLib.network.config import NetworkConfig
    from DSCBrainSegLib.training.simulated import SimulatedTraining, train_on_simulation

    training, held_out = [], []
    for folder in maps:
        heads = sorted(folder.glob("*.nii.gz"))
        if len(heads) <= validation or validation < 1:
            raise ConfigurationError(
                f"{folder} holds {len(heads)} label maps; {validation} are held out for "
                "validation, so more than that are needed, and at least one must be held out."
            )
        training += heads[:-validation]
        held_out += heads[-validation:]
    try:
        network = NetworkConfig(
            widths=tuple(int(width) for width in widths.split(",")),
            neighbours=neighbours,
            context_mm=context,
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
        mixed_precision=bfloat16,
        seed=seed,
    )
    average = train_on_simulation(training, held_out, output, settings, click.echo, initial)
    click.echo(f"Averaged weights: {average}; make a weight file of them with export-weights.")
