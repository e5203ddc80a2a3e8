"""The command line ``dscbrainseg``."""


def run() -> None:
    """Run the command line and exit with its code."""
    import signal
    import sys

    from DSCBrainSegLib.cli.main import main

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    # A polite kill ends the work the way Ctrl-C does, so that temporary files are removed.
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(main())
