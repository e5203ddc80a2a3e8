"""Hand finished masks to the archive: once, however often the node is killed meanwhile."""

from __future__ import annotations

import logging
from pathlib import Path

from DSCBrainSegLib.node import queue as states
from DSCBrainSegLib.node.archive import Archive, ArchiveError
from DSCBrainSegLib.node.config import NodeConfig
from DSCBrainSegLib.node.metrics import Metrics
from DSCBrainSegLib.node.queue import Entry, SeriesQueue
from DSCBrainSegLib.node.store import FileStore, short_name

LOG = logging.getLogger("DSCBrainSegLib.node")


class Deliverer:
    """Takes finished series from the queue.

    Parameters
    ----------
    config : NodeConfig
    queue : SeriesQueue
    store : FileStore
    metrics : Metrics
    archive : Archive
    """

    def __init__(
        self,
        config: NodeConfig,
        queue: SeriesQueue,
        store: FileStore,
        metrics: Metrics,
        archive: Archive,
    ):
        self._config, self._queue, self._store = config, queue, store
        self._metrics, self._archive = metrics, archive

    def step(self) -> bool:
        """Send what was made of one series; False if none is due."""
        entry = self._queue.take(states.TO_SEND, states.SENDING)
        if entry is None:
            return False
        name = short_name(entry.uid)
        files = sorted(self._store.results(entry.uid).glob("*.dcm"))
        if not files:
            self._queue.move(entry, states.READY, "The mask is gone from the disk.")
            return True
        try:
            for path in files:
                self._send(path, entry)
        except ArchiveError as error:
            self._failed(entry, error)
            return True
        self._queue.move(entry, states.SENT)
        LOG.info("Series %s: the mask is in the archive.", name)
        return True

    def _send(self, path: Path, entry: Entry) -> None:
        from pydicom import dcmread

        header = dcmread(path, stop_before_pixels=True)
        # A first attempt whose answer was lost may have arrived.
        unsure = bool(entry.again or entry.attempts)
        if unsure and self._archive.has(header):
            LOG.info("Series %s: the archive has the mask already.", short_name(entry.uid))
            return
        self._archive.store(path, header)
        self._metrics.add("masks_sent")

    def _failed(self, entry: Entry, error: ArchiveError) -> None:
        send, name = self._config.send, short_name(entry.uid)
        self._metrics.add("send_failures")
        if entry.attempts + 1 >= send.attempts:
            reason = f"Not sent after {entry.attempts + 1} attempts: {error}"
            LOG.error("Series %s is put aside: %s", name, reason)
            self._queue.move(entry, states.ASIDE, reason)
            return
        wait = min(send.last_retry_s, send.first_retry_s * 2 ** min(entry.attempts, 20))
        LOG.warning("Series %s is sent again in %.0f s: %s", name, wait, error)
        self._queue.move(entry, states.TO_SEND, str(error), wait, attempt=True)
