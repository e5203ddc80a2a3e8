"""What the worker has told of DICOM series, kept on this computer from one start to the next."""

import hashlib
import json
import logging
import os

import slicer

NAME = "DSCBrainSeg-series.json"


class KnownSeries:
    """Facts by series. Series are called by a hash: the file names no patient and no UID."""

    def __init__(self):
        folder = os.path.dirname(slicer.app.slicerUserSettingsFilePath)
        self._path = os.path.join(folder, NAME)
        self._facts = self._read()

    def get(self, uid, fileCount):
        """Return the facts; None if the series is not DSC, KeyError if it is not known.

        A series that has grown since is not known.
        """
        return self._facts[_key(uid, fileCount)]

    def put(self, uid, fileCount, facts):
        """Keep the facts of a series, None if it is not DSC."""
        self._facts[_key(uid, fileCount)] = facts

    def clear(self):
        """Forget all."""
        self._facts = {}

    def save(self):
        """Write the file; a disk that cannot be written costs time at the next start only."""
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            with open(self._path, "w", encoding="utf-8") as file:
                json.dump(self._facts, file)
        except OSError as error:
            logging.warning("DSCBrainSeg: %s", error.strerror)

    def _read(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                facts = json.load(file)
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}


def _key(uid, fileCount):
    return hashlib.sha256(f"{uid} {fileCount}".encode()).hexdigest()[:32]
