"""The command group, and how errors become one sentence and an exit code."""

from __future__ import annotations

import sys
import traceback

import click

import DSCBrainSegLib
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, DSCBrainSegError

EXIT_INPUT = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


COMMANDS = (
    "segment",
    "export-seg",
    "info",
    "review",
    "node",
    "evaluate",
    "agreement",
    "peers",
    "perfusion",
    "mask-effect",
    "motion",
    "cohort",
    "train",
    "grid-search",
    "simulate",
    "train-simulated",
    "export-weights",
)
"""Each lives in a module of its name."""


class LazyGroup(click.Group):
    """A command group that imports a command's module only when it is asked for."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        import importlib

        return importlib.import_module(f"DSCBrainSegLib.cli.{name.replace('-', '_')}").command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(DSCBrainSegLib.__version__, prog_name="dscbrainseg")
def cli() -> None:
    """Brain masks for T2*-weighted (DSC) perfusion MRI. For research; not a medical device."""


def verbose_option(function):
    """Add ``--verbose`` to a command."""

    def remember(context, parameter, value):
        context.find_root().obj["verbose"] = value

    return click.option(
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Show where in the program an error arose.",
    )(function)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional
        The process's own by default.

    Returns
    -------
    int
        0 done; 1 the input or the environment is at fault, said in one sentence; 2 usage;
        130 interrupted.
    """
    state = {"verbose": False}
    try:
        cli.main(args=arguments, prog_name="dscbrainseg", standalone_mode=False, obj=state)
        return 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort, Cancelled):
        return _fail("Interrupted; nothing is left half written.", EXIT_INTERRUPTED)
    except DSCBrainSegError as error:
        if state["verbose"]:
            traceback.print_exc()
        code = EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_INPUT
        return _fail(str(error), code)
    except Exception as error:
        if state["verbose"]:
            traceback.print_exc()
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return _fail(
            f"Unexpected problem ({what}); run again with --verbose and report it.", EXIT_INPUT
        )


def _fail(sentence: str, code: int) -> int:
    print(f"dscbrainseg: {sentence}", file=sys.stderr)
    return code
