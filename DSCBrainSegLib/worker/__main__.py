"""``python -m DSCBrainSegLib.worker`` is the worker process."""

from DSCBrainSegLib.worker.serve import serve
from DSCBrainSegLib.worker.streams import take_over_streams

if __name__ == "__main__":
    serve(*take_over_streams())
