"""The options of every command that takes one series of several: ``--series`` and ``--echo``."""

from __future__ import annotations

import functools

import click


def series_options(source: str):
    """Add ``--series`` and ``--echo`` to a command, which gets both as ``series_uid``.

    Parameters
    ----------
    source : str
        What the command calls the argument that may hold several series.
    """

    def decorate(function):
        @click.option(
            "--series", "series_uid", help=f"Series Instance UID, if {source} holds several."
        )
        @click.option(
            "--echo",
            type=click.IntRange(min=1),
            help="Which echo of several, from 1.  [default: the one nearest 30 ms]",
        )
        @functools.wraps(function)
        def command(*arguments, series_uid, echo, **options):
            from DSCBrainSegLib.series import with_echo

            return function(*arguments, series_uid=with_echo(series_uid, echo), **options)

        return command

    return decorate
