"""Keep what the file libraries have to say about odd headers off the user's terminal."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Silence the warnings and log lines of pydicom, highdicom, decoders, nibabel, pynrrd.

    Real headers break the standard in ways that do not matter here; what does matter is said in
    the series' own warnings, without patient data. Loggers are quietened, not replaced, so that a
    program with its own logging keeps it outside this block.
    """
    loggers = [
        logging.getLogger(name) for name in ("pydicom", "highdicom", "nibabel.global", "nrrd")
    ]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
