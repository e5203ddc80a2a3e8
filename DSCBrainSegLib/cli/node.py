"""``dscbrainseg node``: receive DSC series by DICOM, send masks back."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option

CONFIG = click.argument("config", metavar="CONFIG", type=click.Path(path_type=Path))


@click.group("node")
def command() -> None:
    """Receive DSC series by DICOM, segment them, send the masks back as DICOM SEG.

    CONFIG is a TOML file; see docs/deployment.md.
    """


@command.command("run")
@CONFIG
@verbose_option
def run(config) -> None:
    """Run until it is stopped (Ctrl-C, SIGTERM); goes on where it was killed."""
    import signal

    from DSCBrainSegLib.node.config import NodeConfig
    from DSCBrainSegLib.node.service import Node, start_log

    settings = NodeConfig.read(config)
    node = Node(settings)
    start_log(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: node.ask_to_stop())
    node.start()
    try:
        node.wait()
    finally:
        node.stop()


@command.command("status")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbose_option
def status(config, as_json) -> None:
    """Say what is in the queue; series are named by a hash, as in the log."""
    from DSCBrainSegLib.node.config import NodeConfig
    from DSCBrainSegLib.node.queue import ASIDE, SeriesQueue
    from DSCBrainSegLib.node.store import QUEUE_NAME, short_name

    settings = NodeConfig.read(config)
    queue = SeriesQueue(settings.folder / QUEUE_NAME)
    aside = [
        {"series": short_name(each.uid), "images": each.images, "reason": each.reason}
        for each in queue.entries(ASIDE)
    ]
    counts = queue.counts()
    queue.close()
    if as_json:
        click.echo(json.dumps({"series": counts, "aside": aside}))
        return
    for state, count in counts.items():
        click.echo(f"{state:12s} {count}")
    for each in aside:
        click.echo(f"Put aside: {each['series']} ({each['images']} images): {each['reason']}")


@command.command("retry")
@CONFIG
@click.argument("series", required=False)
@verbose_option
def retry(config, series) -> None:
    """Try again what was put aside: all, or the SERIES of that hash."""
    from DSCBrainSegLib.errors import ConfigurationError
    from DSCBrainSegLib.node.config import NodeConfig
    from DSCBrainSegLib.node.queue import ASIDE, SeriesQueue
    from DSCBrainSegLib.node.store import QUEUE_NAME, short_name

    settings = NodeConfig.read(config)
    queue = SeriesQueue(settings.folder / QUEUE_NAME)
    chosen = [each.uid for each in queue.entries(ASIDE) if series in (None, short_name(each.uid))]
    if series and not chosen:
        queue.close()
        raise ConfigurationError(f"No series {series} was put aside; see: dscbrainseg node status.")
    count = sum(queue.retry_aside(uid) for uid in chosen)
    queue.close()
    click.echo(f"{count} series are tried again.")
