"""``python -m DSCBrainSegLib`` is the command line."""

from DSCBrainSegLib.cli import run

if __name__ == "__main__":
    run()
