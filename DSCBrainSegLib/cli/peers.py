"""``dscbrainseg peers``: our methods beside tools of other projects."""

from __future__ import annotations

from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.evaluation.external.run import DEFAULT_METHODS


@click.command("peers")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder for results and tables; what it holds is not measured again.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Real series: one sub-folder each with frame.nii.gz and reference-mask.nii.gz.",
)
@click.option(
    "--label-maps",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Whole-head label maps to simulate the abnormal test set from, a folder for each source; "
    "without them no such set. Repeatable.",
)
@click.option("--count", default=100, show_default=True, help="Simulated volumes.")
@click.option("--seed", default=4, show_default=True, help="Of the simulated set.")
@click.option(
    "--methods",
    default=",".join(DEFAULT_METHODS),
    show_default=True,
    help="With commas; also robex, hd-bet and hd-bet-no-tta, which take minutes for a volume.",
)
@click.option(
    "--weights",
    multiple=True,
    metavar="[NAME=]FILE",
    help="Network weights: as the method network:NAME, or for the network itself. Repeatable.",
)
@click.option(
    "--cases",
    default="",
    help='Only these cases; names with commas, * and ? as in "simulated-0?0,siemens-*".',
)
@click.option("--tables-only", is_flag=True, help="Measure nothing, write the tables again.")
@verbose_option
def command(output, data, label_maps, count, seed, methods, weights, cases, tables_only):
    """Measure our methods and the peers on real series and on simulated abnormal brains.

    What was measured before is not measured again; the command may be stopped at any time.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.evaluation.chosen import NetworkWeights
    from DSCBrainSegLib.evaluation.external.cases import make_simulated_set
    from DSCBrainSegLib.evaluation.external.run import measure_peers, real_set, simulated_set
    from DSCBrainSegLib.evaluation.external.write import TABLES_NAME, write_peers

    if not (data or label_maps):
        raise click.UsageError("Give --data, --label-maps or both.")
    names, patterns = _split(methods), _split(cases)
    networks = [NetworkWeights.parse(text) for text in weights]
    absent = []
    require_matplotlib()
    with terminal_progress() as progress:
        sets = [real_set(data)] if data else []
        if label_maps:
            folder = output / "simulated"
            make_simulated_set(folder, label_maps, count, seed, progress)
            sets.append(simulated_set(folder, count))
        if not tables_only:
            absent = measure_peers(output, sets, names, networks, patterns, progress)
        write_peers(output, sets, absent)
    click.echo((output / TABLES_NAME).read_text(encoding="utf-8"))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
