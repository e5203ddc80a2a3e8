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


COMMANDS = {
    "segment": "Segment the brain in a DSC series.",
    "batch": "Segment many series; call it again with the same OUTPUT to go on.",
    "export-seg": "Write MASK, a NIfTI or NRRD file on the grid of SERIES, as a DICOM SEG.",
    "info": "Say what series INPUT holds, and the facts of the one that would be segmented.",
    "list-methods": "List the segmentation methods that --method takes.",
    "review": "Review masks in the browser, with 3D Slicer's views and segment editor.",
    "node": "Receive DSC series by DICOM, segment them, send the masks back as DICOM SEG.",
    "evaluate": "Compare methods with reference masks.",
    "agreement": "Compare MASK with REFERENCE: two files on the same grid.",
    "peers": "Measure our methods and the peers on real series and on simulated abnormal brains.",
    "perfusion": "Compute perfusion maps of a DSC series inside a mask.",
    "mask-effect": "Measure what the choice of the mask does to perfusion.",
    "motion": "Correct a DSC series for rigid motion of the head.",
    "cohort": "Keep subjects with ground truth in a folder, split and export them.",
    "train": "Train on the training part of COHORT and choose the epoch on its validation part.",
    "grid-search": "Train every combination of settings on COHORT and rank them by "
    "validation loss.",
    "simulate": "Simulate a DSC series of a head with a tumour.",
    "train-simulated": "Train on slices simulated from the whole-head label maps "
    "(.nii.gz) in folders LABELMAPS.",
    "export-weights": "Write the averaged weights of the folder TRAINING as a file (.weights.h5) "
    "for use.",
}
"""Each lives in a module of its name, which begins its help with this sentence."""


class LazyGroup(click.Group):
    """A command group that imports a command's module only when it is asked for."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        import importlib

        return importlib.import_module(f"DSCBrainSegLib.cli.{name.replace('-', '_')}").command

    def format_commands(self, context, formatter):
        """List the commands without importing them, which would take longer than all else."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


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
        # Without standalone mode click hands a command's own exit code back.
        code = cli.main(args=arguments, prog_name="dscbrainseg", standalone_mode=False, obj=state)
        return code if isinstance(code, int) else 0
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
