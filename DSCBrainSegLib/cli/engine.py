"""Options of commands that compute the network: engine, device, threads."""

from __future__ import annotations

import os

import click

from DSCBrainSegLib.network.engines.options import (
    DEVICE_VARIABLE,
    DEVICES,
    ENGINE_VARIABLE,
    ENGINES,
    THREADS_VARIABLE,
    EngineOptions,
)


def engine_options(function):
    """Add ``--engine``, ``--device`` and ``--threads`` to a command.

    They are handed on in the environment, which processes that the command starts inherit.
    """

    def option(flag: str, kind, variable: str, text: str):
        def remember(context, parameter, value):
            if value is not None:
                before = os.environ.get(variable)
                os.environ[variable] = str(value)
                context.call_on_close(lambda: _put_back(variable, before))

        return click.option(
            flag,
            type=kind,
            expose_value=False,
            callback=remember,
            help=f"{text} Also as {variable}.",
        )

    defaults = EngineOptions()
    options = (
        option(
            "--engine",
            click.Choice(ENGINES),
            ENGINE_VARIABLE,
            f"What computes the network. Default: {defaults.engine}.",
        ),
        option(
            "--device",
            click.Choice(DEVICES),
            DEVICE_VARIABLE,
            f"On what; auto takes the fastest there is. Default: {defaults.device}.",
        ),
        option(
            "--threads",
            click.IntRange(min=1),
            THREADS_VARIABLE,
            "Processor threads of the engine onnx. Default: one per core.",
        ),
    )
    for add in reversed(options):
        function = add(function)
    return function


def _put_back(variable: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = value
