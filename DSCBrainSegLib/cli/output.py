"""The option ``-o`` of commands that once took their output as an argument, which they still do."""

from __future__ import annotations

import functools
from pathlib import Path

import click

PATH = click.Path(path_type=Path)


def output_option(text: str, required: bool = True):
    """Add ``-o`` to a command; the path may still stand where the argument was."""

    def decorate(function):
        @functools.wraps(function)
        def with_output(*arguments, output, old_output, **more):
            if output is not None and old_output is not None:
                raise click.UsageError(f"The output is named twice: {output} and {old_output}.")
            named = output if output is not None else old_output
            if named is None and required:
                raise click.UsageError("Missing option '-o' / '--output'.")
            return function(*arguments, output=named, **more)

        option = click.option("-o", "--output", type=PATH, help=text)
        return click.argument("old_output", metavar="", required=False, type=PATH)(
            option(with_output)
        )

    return decorate
