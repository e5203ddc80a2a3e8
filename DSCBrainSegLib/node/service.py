"""The node: its parts, each in a thread of its own, from start to stop."""

from __future__ import annotations

import logging
import logging.handlers
import threading
from collections.abc import Callable

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.node.config import NodeConfig
from DSCBrainSegLib.node.metrics import Metrics
from DSCBrainSegLib.node.queue import SeriesQueue
from DSCBrainSegLib.node.store import QUEUE_NAME, FileStore, short_name

LOG = logging.getLogger("DSCBrainSegLib.node")

IDLE_S = 0.2
"""How often a part looks for work when it has none."""

CLEAN_S = 30.0
LOG_BYTES, LOG_FILES = 5_000_000, 5


class Node:
    """Receives, segments and sends until it is stopped.

    Parameters
    ----------
    config : NodeConfig

    Raises
    ------
    MissingPackageError
        A package of the extra `node` is not installed.
    """

    def __init__(self, config: NodeConfig):
        _require_packages()
        from DSCBrainSegLib.node.archive import archive_of
        from DSCBrainSegLib.node.deliver import Deliverer
        from DSCBrainSegLib.node.health import HealthServer
        from DSCBrainSegLib.node.process import Processor
        from DSCBrainSegLib.node.receive import Receiver

        self._config = config
        self._stop = threading.Event()
        self._store = FileStore(config.folder)
        self._metrics = Metrics()
        self.queue = SeriesQueue(config.folder / QUEUE_NAME)
        parts = (config, self.queue, self._store, self._metrics)
        self._receiver = Receiver(*parts)
        self._processor = Processor(*parts, self._stop)
        self._deliverer = Deliverer(*parts, archive_of(config))
        self._health = HealthServer(*parts)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Take up what was left and begin.

        Raises
        ------
        ConfigurationError
            A port is taken or a certificate cannot be read.
        """
        self._receiver.start()
        back = self.queue.recover()
        self._health.start()
        config = self._config
        LOG.info(
            "The node %s listens on %s port %d; %d series are taken up again.",
            config.ae_title,
            config.address,
            config.port,
            back,
        )
        self._run("segment", self._processor.step)
        self._run("send", self._deliverer.step)
        self._run("complete", self._close_quiet)
        self._run("clean", self._clean, CLEAN_S)
        self._run("commit", self._commit, 1.0)
        if config.poll.url:
            self._run("poll", self._poll, config.poll.every_s)

    def wait(self) -> None:
        """Return once `ask_to_stop` was called."""
        while not self._stop.wait(1.0):
            pass

    def ask_to_stop(self) -> None:
        """Make `wait` return; safe in a signal handler."""
        self._stop.set()

    def stop(self) -> None:
        """End all parts; what is under way is taken up at the next start."""
        self._stop.set()
        self._receiver.stop()
        for thread in self._threads:
            thread.join(self._config.limits.network_timeout_s)
        self._processor.close()
        self._health.stop()
        self.queue.close()
        LOG.info("The node has ended.")

    def _run(self, name: str, step: Callable[[], bool | None], pause_s: float = IDLE_S) -> None:
        def loop() -> None:
            while not self._stop.is_set():
                try:
                    busy = step()
                except Exception as error:
                    # A part that ends in silence is worse than one that tries again.
                    kind = type(error).__name__
                    self._metrics.problem = f"The part {name!r} failed ({kind})."
                    LOG.error("The part %r failed (%s) and goes on.", name, kind)
                    busy = False
                    self._stop.wait(5.0)
                if not busy:
                    self._stop.wait(pause_s)

        thread = threading.Thread(target=loop, name=f"node-{name}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _close_quiet(self) -> None:
        complete = self._config.complete
        for uid in self.queue.close_quiet(complete.quiet_s, complete.patience_s):
            entry = self.queue.entry(uid)
            LOG.info("Series %s is complete: %d images.", short_name(uid), entry.images)

    def _clean(self) -> None:
        keep = self._config.keep
        for entry in self.queue.removable(keep.done_h * 3600, keep.aside_h * 3600):
            if self.queue.mark_removed(entry):
                self._store.remove(entry.uid)

    def _commit(self) -> None:
        from DSCBrainSegLib.node.commitment import answer_commitments

        answer_commitments(self._config, self.queue)

    def _poll(self) -> None:
        from DSCBrainSegLib.node.poll import poll_once

        poll_once(self._config, self.queue, self._receiver)


def start_log(config: NodeConfig) -> None:
    """Log to standard error and to files of bounded size; other libraries' logs are kept out.

    Lines name a series by a hash: no name, number or UID of a patient or study.
    """
    folder = config.folder / "log"
    folder.mkdir(parents=True, exist_ok=True)
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handlers = [
        logging.StreamHandler(),
        logging.handlers.RotatingFileHandler(
            folder / "node.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        ),
    ]
    for handler in handlers:
        handler.setFormatter(form)
        LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    for name in ("pynetdicom", "pydicom", "highdicom", "dicomweb_client", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _require_packages() -> None:
    try:
        import dicomweb_client  # noqa: F401
        import highdicom  # noqa: F401
        import pynetdicom  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f'The node needs {error.name}; install it with: pip install "DSCBrainSegLib[node]".'
        ) from error
