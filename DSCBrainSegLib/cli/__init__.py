"""The command line ``dscbrainseg``."""


def run() -> None:
    """Run the command line and exit with its code."""
    import sys

    from DSCBrainSegLib.cli.main import main

    sys.exit(main())
