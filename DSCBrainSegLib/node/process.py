"""Segment the series that are complete, one after another, in a process of its own.

A crash, too much memory or too much time costs the process and an attempt, never the node.
"""

from __future__ import annotations

import logging
import threading
import time

from DSCBrainSegLib.errors import (
    Cancelled,
    ConfigurationError,
    DSCBrainSegError,
    MissingPackageError,
    OutputError,
    SeriesError,
    WeightsError,
)
from DSCBrainSegLib.node import queue as states
from DSCBrainSegLib.node.config import NodeConfig
from DSCBrainSegLib.node.metrics import Metrics
from DSCBrainSegLib.node.queue import Entry, SeriesQueue
from DSCBrainSegLib.node.route import BROKEN, DSC, judge_series
from DSCBrainSegLib.node.store import FileStore, short_name
from DSCBrainSegLib.worker.client import WorkerClient

LOG = logging.getLogger("DSCBrainSegLib.node")

ENVIRONMENT_RETRY_S = 60.0
"""Wait after a fault that is not the series': no weights, no package, no room on the disk."""

_ENVIRONMENT = (MissingPackageError, WeightsError, OutputError, ConfigurationError)


class Processor:
    """Takes ready series from the queue and leaves results to send.

    Parameters
    ----------
    config : NodeConfig
    queue : SeriesQueue
    store : FileStore
    metrics : Metrics
    stop : threading.Event
        Ends what is under way.
    """

    def __init__(
        self,
        config: NodeConfig,
        queue: SeriesQueue,
        store: FileStore,
        metrics: Metrics,
        stop: threading.Event,
    ):
        self._config, self._queue, self._store = config, queue, store
        self._metrics, self._stop = metrics, stop
        self._worker = WorkerClient()

    def close(self) -> None:
        """End the segmentation process."""
        self._worker.stop()

    def step(self) -> bool:
        """Work on one series; False if none is ready."""
        entry = self._queue.take(states.READY, states.SEGMENTING)
        if entry is None:
            return False
        name = short_name(entry.uid)
        verdict = judge_series(self._store.images(entry.uid))
        if verdict.kind != DSC:
            state = states.ASIDE if verdict.kind == BROKEN else states.LEFT
            LOG.info("Series %s: %s", name, verdict.reason)
            self._queue.move(entry, state, verdict.reason)
            return True
        start = time.monotonic()
        try:
            facts = self._segment(entry)
        except DSCBrainSegError as error:
            self._failed(entry, error, time.monotonic() - start)
            return True
        seconds = time.monotonic() - start
        self._metrics.problem = ""
        self._metrics.add("series_segmented")
        self._metrics.add("segment_seconds", seconds)
        if self._queue.move(entry, states.TO_SEND):
            LOG.info("Series %s: %.0f mL in %.1f s.", name, facts["volume_ml"], seconds)
        else:
            LOG.info("Series %s: images came meanwhile; it is segmented again.", name)
        return True

    def _segment(self, entry: Entry) -> dict:
        wanted = self._config.segment
        frame = {0: None, -1: "auto"}.get(wanted.frame, wanted.frame - 1)
        request = {
            "command": "segment",
            "input": str(self._store.images(entry.uid)),
            "output": str(self._store.results(entry.uid)),
            "method": wanted.method,
            "frame": frame,
            "series_uid": entry.uid,
            "format": "dcm-labelmap" if wanted.labelmap else "dcm-seg",
            "overlay": wanted.overlay,
            # The same object again after a kill: an archive that got it twice keeps it once.
            "uid_seed": f"{entry.uid}|{entry.revision}|{wanted.method}",
            "overwrite": True,
        }
        if wanted.weights:
            request["weights"] = wanted.weights
        deadline = time.monotonic() + self._config.limits.segment_timeout_s
        return self._worker.run_blocking(
            request, cancelled=lambda: self._stop.is_set() or time.monotonic() > deadline
        )

    def _failed(self, entry: Entry, error: DSCBrainSegError, seconds: float) -> None:
        name, limits = short_name(entry.uid), self._config.limits
        if self._stop.is_set():
            self._queue.move(entry, states.READY)
            return
        if isinstance(error, SeriesError):
            reason = _nameless(str(error), str(self._store.images(entry.uid)))
            LOG.error("Series %s is put aside: %s", name, reason)
            self._queue.move(entry, states.ASIDE, reason)
            return
        if isinstance(error, _ENVIRONMENT):
            self._metrics.problem = str(error)
            LOG.error("Series %s waits: %s", name, error)
            # Not the series' fault: it never counts against it.
            self._queue.move(entry, states.READY, str(error), ENVIRONMENT_RETRY_S)
            return
        self._metrics.add("processor_failures")
        reason = str(error)
        if isinstance(error, Cancelled):
            reason = f"It took longer than {limits.segment_timeout_s:g} s."
        if entry.attempts + 1 >= limits.segment_attempts:
            reason = f"Given up after {entry.attempts + 1} attempts: {reason}"
            LOG.error("Series %s is put aside: %s", name, reason)
            self._queue.move(entry, states.ASIDE, reason)
            return
        LOG.warning("Series %s is tried again after %.0f s: %s", name, seconds, reason)
        self._queue.move(entry, states.READY, reason, 1.0, attempt=True)


def _nameless(sentence: str, folder: str) -> str:
    """Leave paths and texts of the header, in quotation marks, out of a sentence."""
    parts = sentence.replace(folder, "the series").split("'")
    return "'...'".join(parts[::2]) if len(parts) % 2 else parts[0]
