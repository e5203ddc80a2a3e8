"""The command group, and how errors become one sentence and an exit code."""

from __future__ import annotations

import signal
import sys
import threading
import traceback

import click

import DSCBrainSegLib
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, DSCBrainSegError

EXIT_INPUT = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A command group that imports a command's module only when it is asked for."""

    _modules = {
        "segment": "DSCBrainSegLib.cli.segment",
        "info": "DSCBrainSegLib.cli.info",
        "simulate": "DSCBrainSegLib.cli.simulate",
        "train-simulated": "DSCBrainSegLib.cli.train_simulated",
        "export-weights": "DSCBrainSegLib.cli.export_weights",
    }

    def list_commands(self, context):
        return list(self._modules)

    def get_command(self, context, name):
        if name not in self._modules:
            return None
        import importlib

        return importlib.import_module(self._modules[name]).command


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
    _let_termination_clean_up()
    try:
        cli.main(args=arguments, prog_name="dscbrainseg", standalone_mode=False, obj=state)
        return 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort, Cancelled):
        return _fail("Interrupted; nothing was written.", EXIT_INTERRUPTED)
    except DSCBrainSegError as error:
        if state["verbose"]:
            traceback.print_exc()
        code = EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_INPUT
        return _fail(str(error), code)
    except Exception as error:  # noqa: BLE001 - a bug must not reach the user as a traceback
        if state["verbose"]:
            traceback.print_exc()
        name = type(error).__name__
        return _fail(
            f"Unexpected problem ({name}: {error}); run again with --verbose and report it.",
            EXIT_INPUT,
        )


def _let_termination_clean_up() -> None:
    """Make SIGTERM end the work the way Ctrl-C does, so that temporary files are removed."""

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, interrupt)


def _fail(sentence: str, code: int) -> int:
    print(f"dscbrainseg: {' '.join(sentence.split())}", file=sys.stderr)
    return code
