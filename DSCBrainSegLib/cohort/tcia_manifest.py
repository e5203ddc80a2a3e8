"""What is known of a series fetched from TCIA: where it came from, licence, hash of each file."""

from __future__ import annotations

from pathlib import Path

from DSCBrainSegLib.cohort.tcia_series import TciaSeries
from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.files import file_sha256, read_json

MANIFESTS_NAME = "manifests"
MANIFEST_FORMAT = {"format": "dscbrainseg-tcia-series", "version": 1}

_ORIGIN_FACTS = ("collection", "licence", "licence_url", "doi", "downloaded_at")


def images_path(folder: Path, series: TciaSeries) -> Path:
    """Return the folder of a series' DICOM files."""
    return folder / series.patient / series.uid


def manifest_path(folder: Path, uid: str) -> Path:
    """Return where the manifest of a series is; written last, so that it tells of a whole one."""
    return folder / MANIFESTS_NAME / f"{uid}.json"


def is_complete(folder: Path, series: TciaSeries) -> bool:
    """Say whether a series is there with every file as it was downloaded."""
    path = manifest_path(folder, series.uid)
    if not path.is_file():
        return False
    try:
        files = read_json(path)["files"]
        images = images_path(folder, series)
        return bool(files) and all(
            (images / name).is_file() and file_sha256(images / name) == facts["sha256"]
            for name, facts in files.items()
        )
    except (SeriesError, KeyError, TypeError, AttributeError, OSError):
        return False


def read_manifests(folder: Path, collection: str) -> dict[str, dict]:
    """Return the manifests of a download by UID.

    Raises
    ------
    OutputError
        They are of another collection.
    SeriesError
        One is damaged.
    """
    found = {}
    for path in sorted((folder / MANIFESTS_NAME).glob("*.json")):
        facts = read_json(path)
        if facts.get("collection") != collection:
            raise OutputError(
                f"{folder} holds series of {facts.get('collection')}; choose a folder of its own "
                f"for {collection}."
            )
        found[path.stem] = facts
    return found


def tcia_origin(source: Path, series_uid: str) -> dict:
    """Return what the manifest of a fetched series tells of its origin, for a cohort.

    Parameters
    ----------
    source : Path
        The folder the series was read from.
    series_uid : str

    Returns
    -------
    dict
        Empty if the series was not fetched from TCIA by this program.
    """
    if not series_uid:
        return {}
    for parent in [source.resolve(), *source.resolve().parents][:4]:
        path = manifest_path(parent, series_uid)
        if path.is_file():
            facts = read_json(path)
            told = {key: facts[key] for key in _ORIGIN_FACTS if facts.get(key)}
            return {"archive": "TCIA", **told}
    return {}
