"""Ask The Cancer Imaging Archive, through its own package tcia_utils."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from DSCBrainSegLib.cohort.tcia_series import TciaSeries
from DSCBrainSegLib.errors import MissingPackageError, SeriesError

_LOGGER = "tcia_utils.nbia"


class TciaClient(Protocol):
    """What fetching needs of the archive."""

    def list_series(self, collection: str) -> list[TciaSeries]:
        """Return the MR series of a collection."""
        ...

    def download(self, uid: str, folder: Path) -> None:
        """Put the files of a series, its md5hashes.csv and its licence into ``folder/uid``."""
        ...


class TciaUtils:
    """The archive's public server, reached by tcia_utils (tried with version 3.3.5).

    tcia_utils tells of failures in its log only and returns nothing then, so the log is listened
    to. It sets no time limit for answers.

    Raises
    ------
    MissingPackageError
        tcia_utils is not installed.
    """

    def __init__(self):
        try:
            with _messages():
                from tcia_utils import nbia
        except ImportError as error:
            raise MissingPackageError(
                "Fetching from TCIA needs tcia_utils; install it with "
                "'pip install DSCBrainSegLib[tcga]'."
            ) from error
        self._nbia = nbia

    def list_series(self, collection: str) -> list[TciaSeries]:
        """Return the MR series of a collection; empty if the public server lists none.

        Raises
        ------
        SeriesError
            The server cannot be reached or answers with an error or something else.
        """
        with _messages() as errors:
            answer = self._nbia.getSeries(collection=collection, modality="MR")
        if answer is None and errors:
            raise SeriesError(
                f"TCIA gave no list of series: {_one_line(errors)}; check the network and try "
                "again later."
            )
        if not isinstance(answer, list | None) or not all(
            isinstance(item, dict) for item in answer or []
        ):
            raise SeriesError(
                "TCIA's list of series has another format than expected; update tcia_utils and "
                "this program."
            )
        return [TciaSeries.from_answer(item) for item in answer or []]

    def download(self, uid: str, folder: Path) -> None:
        """Put the files of a series, its md5hashes.csv and its licence into ``folder/uid``.

        Raises
        ------
        SeriesError
            The download failed.
        """
        with _messages() as errors:
            self._nbia.downloadSeries(
                [uid], path=str(folder), hash="y", input_type="list", max_workers=1
            )
        if errors or not (folder / uid).is_dir():
            raise SeriesError(f"Series {uid} was not downloaded: {_one_line(errors)}; try again.")


@contextmanager
def _messages() -> Iterator[list[str]]:
    """Collect what tcia_utils logs as errors, and keep it and its set-up off the terminal."""
    errors: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record):
            errors.append(record.getMessage())

    logger, root = logging.getLogger(_LOGGER), logging.getLogger()
    handler = Collector(logging.ERROR)
    kept = logger.propagate, root.level, list(root.handlers)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield errors
    finally:
        logger.removeHandler(handler)
        logger.propagate = kept[0]
        # Importing tcia_utils configures the whole program's logging.
        root.setLevel(kept[1])
        for added in [item for item in root.handlers if item not in kept[2]]:
            root.removeHandler(added)


def _one_line(errors: list[str]) -> str:
    return " ".join(" ".join(errors).split())[:300] or "no reason was given"
