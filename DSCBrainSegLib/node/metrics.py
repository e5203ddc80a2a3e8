"""Counters since the node started, for health and metrics."""

from __future__ import annotations

import threading
import time

COUNTERS = {
    "images_received": "Images received",
    "bytes_received": "Bytes received",
    "images_refused": "Images refused",
    "images_passed_over": "Images of other modalities, acknowledged and not kept",
    "associations_refused": "Associations refused",
    "associations_cut": "Associations cut before they were released",
    "series_segmented": "Series segmented",
    "segment_seconds": "Seconds spent on segmenting",
    "masks_sent": "Masks sent",
    "send_failures": "Attempts to send that failed",
    "processor_failures": "Segmentation processes that ended unexpectedly",
}


class Metrics:
    """Counts what happens; may be used from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._values = dict.fromkeys(COUNTERS, 0.0)
        self.started = time.time()
        self.problem = ""

    def add(self, name: str, value: float = 1.0) -> None:
        """Count."""
        with self._lock:
            self._values[name] += value

    def values(self) -> dict[str, float]:
        """Return all counters."""
        with self._lock:
            return dict(self._values)
