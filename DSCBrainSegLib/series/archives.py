"""Archives of a study (.zip, .tar) and compressed files (.gz), unpacked for as long as needed."""

from __future__ import annotations

import gzip
import lzma
import shutil
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.dicom_scan import find_files, looks_like_dicom

_PACKED_SUFFIXES = (".zip", ".gz", ".tgz", ".tar")
_IMAGE_SUFFIXES = (".nii.gz", ".img.gz", ".hdr.gz", ".nrrd.gz")  # their readers unpack them
_MOST_DEEP = 3  # an archive in an archive in an archive
_CHUNK_BYTES = 2**20
_SPARE_BYTES = 2**28  # of the disk that stay free


class Unpacked:
    """A temporary folder of unpacked files, removed when this object is, or at exit.

    Parameters
    ----------
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.
    """

    def __init__(
        self,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCallback = never_cancelled,
    ):
        self.folder = Path(tempfile.mkdtemp(prefix="dscbrainseg-"))
        self._finalizer = weakref.finalize(self, shutil.rmtree, self.folder, True)
        self._progress, self._cancelled = progress, cancelled
        self._count = 0

    def files(self, path: Path, depth: int = 1) -> list[Path]:
        """Unpack an archive or compressed file and return what was in it.

        Raises
        ------
        SeriesError
            It is damaged, protected by a password, or larger than the disk.
        """
        target = self.folder / str(self._count)
        self._count += 1
        target.mkdir()
        self._progress(0, 1, "Unpacking")
        try:
            if zipfile.is_zipfile(path):
                self._unzip(path, target)
            elif _is_tar(path):
                self._untar(path, target)
            else:
                self._gunzip(path, target)
        except (OSError, EOFError, ValueError, RuntimeError, NotImplementedError) as error:
            if (
                isinstance(error, OSError)
                and error.strerror
                and not isinstance(error, gzip.BadGzipFile)
            ):
                raise SeriesError(f"{path.name} cannot be unpacked: {error.strerror}.") from error
            raise _damaged(path) from error
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError) as error:
            raise _damaged(path) from error
        return self._inside(find_files([target]), depth)

    def _inside(self, files: list[Path], depth: int) -> list[Path]:
        found = []
        for path in files:
            if depth < _MOST_DEEP and is_packed(path) and not looks_like_dicom(path):
                found += self.files(path, depth + 1)
            else:
                found.append(path)
        return found

    def _unzip(self, path: Path, target: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            if any(item.flag_bits & 1 for item in members):
                raise SeriesError(
                    f"{path.name} is protected by a password; unpack it and give the folder."
                )
            self._check_room(path, sum(item.file_size for item in members))
            for done, item in enumerate(members):
                self._step(done, len(members))
                archive.extract(item, target)

    def _untar(self, path: Path, target: Path) -> None:
        with tarfile.open(path) as archive:
            members = [item for item in archive.getmembers() if item.isfile()]
            self._check_room(path, sum(item.size for item in members))
            for done, item in enumerate(members):
                self._step(done, len(members))
                archive.extract(item, target, filter="data")

    def _gunzip(self, path: Path, target: Path) -> None:
        name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
        room = shutil.disk_usage(self.folder).free - _SPARE_BYTES
        with gzip.open(path) as packed, open(target / name, "wb") as plain:
            while chunk := packed.read(_CHUNK_BYTES):
                check_cancelled(self._cancelled)
                room -= len(chunk)
                if room < 0:
                    raise _too_large(path)
                plain.write(chunk)

    def _check_room(self, path: Path, size: int) -> None:
        if size > shutil.disk_usage(self.folder).free - _SPARE_BYTES:
            raise _too_large(path)

    def _step(self, done: int, total: int) -> None:
        if done % 20 == 0:
            check_cancelled(self._cancelled)
            self._progress(done, total, "Unpacking")


def unpack_all(
    files: list[Path],
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> tuple[list[Path], Unpacked | None]:
    """Return `files` with those unpacked that are archives, and what keeps the unpacked ones.

    An archive beside DICOM files is taken for a copy of them and left alone; compressed files are
    not.

    Raises
    ------
    SeriesError
        As `Unpacked.files`.
    """
    named = [path for path in files if _has_packed_name(path)]
    others = [path for path in files if not _has_packed_name(path)]
    try:
        if any(looks_like_dicom(path) for path in others):
            named = [path for path in named if path.name.lower().endswith(".gz")]
        elif len(others) == 1 and not named:
            named = others  # a file of any name that was asked for
        packed = {path for path in named if is_packed(path)}
    except OSError as error:
        raise SeriesError(f"{error.filename} cannot be opened: {error.strerror}.") from error
    if not packed:
        return files, None
    unpacked = Unpacked(progress, cancelled)
    found = []
    for path in files:
        found += unpacked.files(path) if path in packed else [path]
    return found, unpacked


def is_packed(path: Path) -> bool:
    """Say whether a file's first bytes are those of a zip, gzip or tar file."""
    if path.name.lower().endswith(_IMAGE_SUFFIXES):
        return False
    with open(path, "rb") as file:
        start = file.read(265)
    return start[:4] == b"PK\x03\x04" or start[:2] == b"\x1f\x8b" or start[257:262] == b"ustar"


def _has_packed_name(path: Path) -> bool:
    name = path.name.lower()
    return name.endswith(_PACKED_SUFFIXES) and not name.endswith(_IMAGE_SUFFIXES)


def _is_tar(path: Path) -> bool:
    try:
        with tarfile.open(path) as archive:
            return archive.next() is not None  # zeros are an archive, too, an empty one
    except (OSError, EOFError, tarfile.TarError, zlib.error):
        return False


def _damaged(path: Path) -> SeriesError:
    return SeriesError(f"{path.name} is damaged or not a whole archive; download it again.")


def _too_large(path: Path) -> SeriesError:
    return SeriesError(
        f"{path.name} is larger unpacked than the free space of the disk; unpack the series you "
        "need and give its folder."
    )
