"""Where the node keeps files: names made of hashes, so that no path tells who a patient is."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

QUEUE_NAME = "queue.sqlite"


def short_name(uid: str) -> str:
    """Return what logs and folders call a series."""
    return hashlib.sha256(uid.encode()).hexdigest()[:12]


class FileStore:
    """Images and results of the series in the queue.

    Parameters
    ----------
    folder : Path
        The node's own; made if it does not exist.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        for path in (folder / "incoming", folder / "results"):
            path.mkdir(parents=True, exist_ok=True)
        os.chmod(folder, 0o700)

    def images(self, series: str) -> Path:
        """Return the folder of the images of a series."""
        return self.folder / "incoming" / short_name(series)

    def results(self, series: str) -> Path:
        """Return the folder of what was made of a series."""
        return self.folder / "results" / short_name(series)

    def save_image(self, series: str, uid: str, data: bytes) -> None:
        """Write an image so that it is on the disk, whole, when this returns.

        Raises
        ------
        OSError
            It cannot be written.
        """
        folder = self.images(series)
        folder.mkdir(exist_ok=True)
        target = folder / f"{short_name(uid)}.dcm"
        # A hidden name: an image that is half written is not read as one.
        part = folder / f".{target.name}"
        try:
            with open(part, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        except OSError:
            part.unlink(missing_ok=True)
            raise

    def remove(self, series: str) -> None:
        """Remove the images and results of a series."""
        shutil.rmtree(self.images(series), ignore_errors=True)
        shutil.rmtree(self.results(series), ignore_errors=True)

    def free_mb(self) -> float:
        """Return how much room there is on the disk, in MB."""
        return shutil.disk_usage(self.folder).free / 1e6
