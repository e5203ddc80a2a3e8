"""Fetch the DSC series of TCGA-GBM (or another collection of TCIA), so that it can be resumed.

A folder of such a download::

    CITATION-AND-LICENCE.txt
    TCGA-06-0119/<Series Instance UID>/   DICOM files
    manifests/<Series Instance UID>.json  where they came from, licence, hash of each file

A series without manifest is not complete and is fetched again.
"""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from DSCBrainSegLib.cohort.ground_truth import now
from DSCBrainSegLib.cohort.tcia_client import TciaClient
from DSCBrainSegLib.cohort.tcia_manifest import (
    MANIFEST_FORMAT,
    MANIFESTS_NAME,
    images_path,
    is_complete,
    manifest_path,
    read_manifests,
)
from DSCBrainSegLib.cohort.tcia_notice import (
    CONTROLLED_ACCESS_URL,
    NOTICE_NAME,
    TCGA_GBM,
    notice,
)
from DSCBrainSegLib.cohort.tcia_series import SeriesFilter, TciaSeries, choose_series
from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.files import hidden_name, write_json, write_text
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

_HASHES_NAME = "md5hashes.csv"
_SPACE_FACTOR = 1.1
"""Of the announced size: manifests, and blocks that are not full."""


@dataclass(frozen=True)
class FetchPlan:
    """What there is to fetch.

    Parameters
    ----------
    collection : str
    series : list of TciaSeries
        All that suit.
    left_out : dict of str to int
        Series that do not, by reason.
    """

    collection: str
    series: list[TciaSeries]
    left_out: dict[str, int]


@dataclass(frozen=True)
class Fetched:
    """What a fetch did.

    Parameters
    ----------
    new, complete : list of TciaSeries
        Fetched now; there already and intact.
    failed : dict of str to str
        Reason by UID; the next fetch tries them again.
    """

    new: list[TciaSeries]
    complete: list[TciaSeries]
    failed: dict[str, str]


def plan_fetch(
    client: TciaClient, collection: str = TCGA_GBM, wanted: SeriesFilter | None = None
) -> FetchPlan:
    """Ask the archive which series of a collection may be DSC; nothing is written.

    Raises
    ------
    SeriesError
        The archive cannot be reached, or lists no MR series of the collection.
    """
    found = client.list_series(collection)
    if not found:
        raise SeriesError(
            f"TCIA's public server lists no MR series of {collection}: the name may be wrong, or "
            f"its heads may be under controlled access (see {CONTROLLED_ACCESS_URL}); fetch them "
            "with TCIA's own program then and add the folders with 'dscbrainseg cohort add'."
        )
    return FetchPlan(collection, *choose_series(found, wanted or SeriesFilter()))


def fetch(
    client: TciaClient,
    plan: FetchPlan,
    folder: str | Path,
    most: int | None = None,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Fetched:
    """Download the planned series that are not there yet; each is whole or not there.

    Parameters
    ----------
    client : TciaClient
    plan : FetchPlan
    folder : path
        Made if it does not exist.
    most : int, optional
        Series to have in all, in the plan's order.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Fetched

    Raises
    ------
    OutputError
        The folder cannot be written, holds another collection, or the disk has too little space.
    Cancelled
        `cancelled` returned True; the series fetched so far are kept.
    """
    folder = Path(folder)
    planned = plan.series if most is None else plan.series[:most]
    fetched = Fetched([], [], {})
    try:
        (folder / MANIFESTS_NAME).mkdir(parents=True, exist_ok=True)
        _remove_partial(folder)
        there = read_manifests(folder, plan.collection)
        missing = []
        for series in planned:
            check_cancelled(cancelled)
            (fetched.complete if is_complete(folder, series) else missing).append(series)
        _require_space(folder, missing)
        for done, series in enumerate(missing):
            check_cancelled(cancelled)
            progress(done, len(missing), f"Fetching series {done + 1} of {len(missing)}")
            try:
                there[series.uid] = _fetch_series(client, plan.collection, series, folder)
            except SeriesError as error:
                fetched.failed[series.uid] = str(error)
                continue
            fetched.new.append(series)
            # After each series, so that data never lie there without their licence.
            write_text(folder / NOTICE_NAME, _notice(plan.collection, there))
        progress(len(missing), len(missing), "Done")
    except OSError as error:
        raise OutputError(
            f"Cannot write to {folder}: {error.strerror or error}; what was fetched so far is "
            "kept. Check space and permissions."
        ) from error
    return fetched


def _fetch_series(client: TciaClient, collection: str, series: TciaSeries, folder: Path) -> dict:
    """Download one series and return its manifest."""
    work = hidden_name(folder, "partial")
    try:
        work.mkdir()
        client.download(series.uid, work)
        got = work / series.uid
        texts = [_take(path) for path in sorted(got.glob("*")) if "LICENSE" in path.name.upper()]
        hashes = _server_hashes(got)
        files = _verified(got, series, hashes)
        manifest = {
            **MANIFEST_FORMAT,
            "collection": collection,
            **asdict(series),
            "downloaded_at": now(),
            "md5_from_archive": hashes is not None,
            "licence_texts": texts,
            "files": files,
        }
        target = images_path(folder, series)
        manifest_path(folder, series.uid).unlink(missing_ok=True)
        if target.exists():  # without manifest, or damaged: replaced by what is whole
            target.rename(work / "replaced")
        target.parent.mkdir(exist_ok=True)
        got.rename(target)
        write_json(manifest_path(folder, series.uid), manifest)
        return manifest
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _verified(folder: Path, series: TciaSeries, hashes: list[str] | None) -> dict[str, dict]:
    """Return size and hashes of each file after comparing them with what the archive announced."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            files[path.relative_to(folder).as_posix()] = {
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            }
    if not files or (series.images and len(files) != series.images):
        raise SeriesError(
            f"Series {series.uid} came with {len(files)} files, TCIA announced {series.images}; "
            "fetch again."
        )
    if hashes is not None and sorted(facts["md5"] for facts in files.values()) != sorted(hashes):
        raise SeriesError(
            f"Files of series {series.uid} differ from the checksums that TCIA gave; fetch again."
        )
    return files


def _server_hashes(folder: Path) -> list[str] | None:
    """Take the archive's MD5 list out of the folder; None if it gave none."""
    path = folder / _HASHES_NAME
    if not path.is_file():
        return None
    rows: Sequence[list[str]] = list(csv.reader(_take(path).splitlines()))
    # Two columns, Filename and MD5Hash; names in the list and in the archive need not agree.
    return [row[1].strip().lower() for row in rows[1:] if len(row) > 1]


def _take(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    path.unlink()
    return text


def _require_space(folder: Path, missing: list[TciaSeries]) -> None:
    needed = int(sum(series.size_bytes for series in missing) * _SPACE_FACTOR)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OutputError(
            f"{folder} has {free / 1e9:.1f} GB free, the series need {needed / 1e9:.1f} GB; choose "
            "another folder or fetch fewer."
        )


def _remove_partial(folder: Path) -> None:
    for path in folder.glob(".partial-*"):
        shutil.rmtree(path, ignore_errors=True)


def _notice(collection: str, manifests: dict[str, dict]) -> str:
    known = [field.name for field in fields(TciaSeries)]
    series = [TciaSeries(**{key: facts[key] for key in known}) for facts in manifests.values()]
    texts = {text: None for facts in manifests.values() for text in facts["licence_texts"]}
    return notice(collection, series, texts)
