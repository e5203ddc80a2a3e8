"""Talk to a DICOMweb server: ask for series, fetch them, store masks (QIDO, WADO, STOW)."""

from __future__ import annotations

import datetime
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError, MissingPackageError, SeriesError

_SERIES_URL = re.compile(r"^(https?://.+)/studies/([0-9.]+)/series/([0-9.]+)/?$")


@dataclass(frozen=True)
class SeriesUrl:
    """A DICOMweb series: root of the service, Study and Series Instance UID."""

    root: str
    study: str
    series: str

    @classmethod
    def parse(cls, text: str) -> SeriesUrl | None:
        """Return the parts of ``https://host/root/studies/1.2/series/3.4``; None for other text."""
        found = _SERIES_URL.match(str(text))
        return cls(*found.groups()) if found else None


def connect(url: str, user: str = "", password_variable: str = "", token_variable: str = ""):
    """Return a DICOMweb client.

    Parameters
    ----------
    url : str
        Root of the service.
    user : str
        For HTTP basic authentication, with the password in the environment.
    password_variable, token_variable : str
        Environment variables that hold password or bearer token.

    Raises
    ------
    MissingPackageError
        dicomweb-client is not installed.
    """
    try:
        from dicomweb_client import DICOMwebClient
        from dicomweb_client.session_utils import (
            create_session,
            create_session_from_user_pass,
        )
    except ImportError as error:
        raise MissingPackageError(
            'DICOMweb needs dicomweb-client; install it with: pip install "DSCBrainSegLib[node]".'
        ) from error
    token = os.environ.get(token_variable, "") if token_variable else ""
    if user:
        password = os.environ.get(password_variable, "")
        session = create_session_from_user_pass(user, password)
    else:
        session = create_session()
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    return DICOMwebClient(url=url, session=session)


def fetch_images(client, study: str, series: str, host: str) -> Iterator:
    """Yield the images of a series as pydicom datasets, as they are stored.

    Raises
    ------
    SeriesError
        The server cannot be reached or has no such series.
    """
    try:
        yield from client.iter_series(study, series)
    except Exception as error:  # the client raises what its HTTP library does
        raise SeriesError(f"{host} did not give the series: {plain(error)}.") from error


@contextmanager
def local_source(source: str, progress=None) -> Iterator[Path]:
    """Yield a path to read from: `source` itself, or a folder with what a DICOMweb address names.

    The folder is removed afterwards.

    Raises
    ------
    SeriesError, MissingPackageError
        As `download_series`.
    """
    address = SeriesUrl.parse(source)
    if address is None:
        if str(source).startswith(("http://", "https://")):
            raise SeriesError(
                f"{source} is not the address of a DICOMweb series; it ends in "
                "/studies/UID/series/UID."
            )
        yield Path(source)
        return
    with tempfile.TemporaryDirectory(prefix="DSCBrainSeg-") as folder:
        download_series(address, Path(folder), progress)
        yield Path(folder)


def download_series(address: SeriesUrl, folder: Path, progress=None) -> int:
    """Write the images of a series into a folder; return how many there were.

    User, password or token are taken from the environment (DSCBRAINSEG_DICOMWEB_USER,
    DSCBRAINSEG_DICOMWEB_PASSWORD, DSCBRAINSEG_DICOMWEB_TOKEN).

    Raises
    ------
    SeriesError, MissingPackageError
        As `fetch_images` and `connect`.
    """
    client = connect(
        address.root,
        os.environ.get("DSCBRAINSEG_DICOMWEB_USER", ""),
        "DSCBRAINSEG_DICOMWEB_PASSWORD",
        "DSCBRAINSEG_DICOMWEB_TOKEN",
    )
    count = 0
    for count, image in enumerate(
        fetch_images(client, address.study, address.series, address.root), start=1
    ):
        image.save_as(folder / f"{count:06d}.dcm", enforce_file_format=True)
        if progress is not None:
            progress(count, 0, "Fetching images")
    if not count:
        raise SeriesError(f"{address.root} has no images of that series; check the address.")
    return count


def find_new_series(client, days: int, fewest_images: int) -> list[tuple[str, str]]:
    """Return (study, series) UIDs of MR series of the last days with enough images."""
    today = datetime.date.today()
    since = today - datetime.timedelta(days=days)
    found = client.search_for_series(
        search_filters={"Modality": "MR", "StudyDate": f"{since:%Y%m%d}-{today:%Y%m%d}"},
        fields=["NumberOfSeriesRelatedInstances"],
    )
    series = []
    for each in found:
        count = _value(each, "00201209")
        if count is None or int(count) >= fewest_images:
            series.append((str(_value(each, "0020000D")), str(_value(each, "0020000E"))))
    return series


def has_instance(client, study: str, series: str, instance: str) -> bool:
    """Ask whether the server has an instance."""
    filters = {"SOPInstanceUID": instance}
    return bool(client.search_for_instances(study, series, search_filters=filters))


def check_url(url: str, name: str) -> None:
    """Raise `ConfigurationError` if an address cannot be a DICOMweb service."""
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"{name} is no web address: {url!r}.")


def plain(error: Exception) -> str:
    """Return an error of the HTTP library in a few words, without addresses that hold UIDs."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    return type(error).__name__


def _value(dataset: dict, tag: str):
    values = dataset.get(tag, {}).get("Value")
    return values[0] if values else None
