"""Health and metrics over HTTP, on this computer only."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.node import queue as states
from DSCBrainSegLib.node.config import NodeConfig
from DSCBrainSegLib.node.metrics import COUNTERS, Metrics
from DSCBrainSegLib.node.queue import SeriesQueue
from DSCBrainSegLib.node.store import FileStore


class HealthServer:
    """Answers ``/health`` (JSON, 503 if something is wrong) and ``/metrics`` (Prometheus text)."""

    def __init__(self, config: NodeConfig, queue: SeriesQueue, store: FileStore, metrics: Metrics):
        self._config, self._queue, self._store = config, queue, store
        self._metrics = metrics
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listen on 127.0.0.1; a port of 0 in the settings turns it off.

        Raises
        ------
        ConfigurationError
            The port is taken.
        """
        if not self._config.http_port:
            return
        pages = {"/health": self._health_page, "/metrics": self._metrics_page}

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self):
                page = pages.get(self.path)
                status, kind, text = page() if page else (404, "text/plain", "Not found.\n")
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", self._config.http_port), Handler)
        except OSError as error:
            raise ConfigurationError(
                f"Health cannot be told on port {self._config.http_port}: {error.strerror}; choose "
                "another http_port, or 0 for none."
            ) from error
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def facts(self) -> dict:
        """Return what ``/health`` says: no UID and no name."""
        counts, free = self._queue.counts(), self._store.free_mb()
        problems = [self._metrics.problem] if self._metrics.problem else []
        if free < self._config.limits.min_free_mb:
            problems.append("The disk is nearly full: no image is taken.")
        return {
            "healthy": not problems,
            "problems": problems,
            "series": counts,
            "waiting": sum(counts[state] for state in states.STATES if state not in states.DONE),
            "oldest_waiting_s": round(self._queue.oldest_waiting(), 1),
            "free_mb": round(free),
            "uptime_s": round(time.time() - self._metrics.started, 1),
        }

    def _health_page(self):
        facts = self.facts()
        return (200 if facts["healthy"] else 503), "application/json", json.dumps(facts) + "\n"

    def _metrics_page(self):
        lines = []
        for name, value in self._metrics.values().items():
            full = f"dscbrainseg_{name}_total"
            lines += [f"# HELP {full} {COUNTERS[name]}", f"# TYPE {full} counter"]
            lines.append(f"{full} {value:.10g}")
        facts = self.facts()
        lines.append("# TYPE dscbrainseg_series gauge")
        lines += [
            f'dscbrainseg_series{{state="{state}"}} {count}'
            for state, count in facts["series"].items()
        ]
        for name in ("oldest_waiting_s", "free_mb"):
            lines += [f"# TYPE dscbrainseg_{name} gauge", f"dscbrainseg_{name} {facts[name]}"]
        return 200, "text/plain; version=0.0.4", "\n".join(lines) + "\n"
