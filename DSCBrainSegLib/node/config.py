"""The node's settings, from a TOML file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError


@dataclass(frozen=True)
class Peer:
    """Who may send: a calling AE title from an address. `port` is asked for storage commitment."""

    ae_title: str
    address: str
    port: int = 0


@dataclass(frozen=True)
class Tls:
    """Certificates as PEM files. With `authority` both sides must show a certificate of it."""

    certificate: str = ""
    key: str = ""
    authority: str = ""
    also_send: bool = False


@dataclass(frozen=True)
class Limits:
    """Bounds on what one sender, one series or one fault can take. Sizes in MB, times in s."""

    max_image_mb: float = 512.0
    max_series_mb: float = 4096.0
    max_series_images: int = 50_000
    max_associations: int = 10
    min_free_mb: float = 2048.0
    network_timeout_s: float = 60.0
    segment_timeout_s: float = 900.0
    segment_attempts: int = 3


@dataclass(frozen=True)
class Complete:
    """When a series counts as complete.

    `quiet_s` after the last image, if its association was released; `patience_s` if it was cut,
    because the sender will send again.
    """

    quiet_s: float = 20.0
    patience_s: float = 900.0


@dataclass(frozen=True)
class Segment:
    """How series are segmented; `frame` is counted from 1, 0 is the default, -1 automatic."""

    method: str = "network"
    frame: int = 0
    weights: str = ""
    labelmap: bool = False
    overlay: bool = False


@dataclass(frozen=True)
class Send:
    """Where masks go: by C-STORE (`ae_title`, `address`, `port`), or by STOW-RS (`url`).

    Password and token of STOW-RS are read from the environment variables named here.
    """

    ae_title: str = ""
    address: str = ""
    port: int = 0
    url: str = ""
    user: str = ""
    password_variable: str = "DSCBRAINSEG_STOW_PASSWORD"
    token_variable: str = "DSCBRAINSEG_STOW_TOKEN"
    first_retry_s: float = 5.0
    last_retry_s: float = 900.0
    attempts: int = 200


@dataclass(frozen=True)
class Poll:
    """A DICOMweb server that is asked for new series (`url` empty: none)."""

    url: str = ""
    every_s: float = 60.0
    days: int = 1
    fewest_images: int = 20
    user: str = ""
    password_variable: str = "DSCBRAINSEG_POLL_PASSWORD"
    token_variable: str = "DSCBRAINSEG_POLL_TOKEN"


@dataclass(frozen=True)
class Keep:
    """How long images stay on the node's disk after their series is done, in hours."""

    done_h: float = 1.0
    aside_h: float = 168.0


@dataclass(frozen=True)
class NodeConfig:
    """All settings; see docs/deployment.md for the file."""

    folder: Path
    ae_title: str = "DSCBRAINSEG"
    address: str = "127.0.0.1"
    port: int = 11112
    http_port: int = 8142
    peers: tuple[Peer, ...] = ()
    tls: Tls = field(default_factory=Tls)
    limits: Limits = field(default_factory=Limits)
    complete: Complete = field(default_factory=Complete)
    segment: Segment = field(default_factory=Segment)
    send: Send = field(default_factory=Send)
    poll: Poll = field(default_factory=Poll)
    keep: Keep = field(default_factory=Keep)

    @classmethod
    def read(cls, path: str | Path) -> NodeConfig:
        """Read a TOML file.

        Raises
        ------
        ConfigurationError
            It cannot be read, or a setting is unknown, missing or of the wrong type.
        """
        try:
            import tomllib
        except ImportError:  # Python 3.10
            import tomli as tomllib
        try:
            with open(path, "rb") as file:
                found = tomllib.load(file)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise ConfigurationError(f"{path} is not a TOML file: {error}.") from error
        return cls.from_dict(found, str(path))

    @classmethod
    def from_dict(cls, found: dict, name: str = "The node's settings") -> NodeConfig:
        """Return checked settings; errors as in `read`."""
        found = dict(found)
        if not found.get("folder"):
            raise ConfigurationError(f"{name}: 'folder', where the queue is kept, is missing.")
        sections = {
            "tls": Tls,
            "limits": Limits,
            "complete": Complete,
            "segment": Segment,
            "send": Send,
            "poll": Poll,
            "keep": Keep,
        }
        values = {
            key: _section(kind, found.pop(key), f"{name}, [{key}]")
            for key, kind in sections.items()
            if key in found
        }
        peers = found.pop("peers", [])
        if not isinstance(peers, list):
            raise ConfigurationError(f"{name}: peers is a list of [[peers]].")
        values["peers"] = tuple(_section(Peer, peer, f"{name}, [[peers]]") for peer in peers)
        values["folder"] = Path(found.pop("folder"))
        plain = {"ae_title": "", "address": "", "port": 0, "http_port": 0}
        for key, value in found.items():
            if key not in plain:
                raise ConfigurationError(f"{name}: there is no setting {key!r}.")
            values[key] = _typed(value, type(plain[key]), f"{name}: {key}")
        config = cls(**values)
        config._check(name)
        return config

    def _check(self, name: str) -> None:
        send = self.send
        by_store = bool(send.ae_title and send.address and send.port)
        if by_store == bool(send.url):
            raise ConfigurationError(
                f"{name}, [send]: give either ae_title, address and port for C-STORE, or url for "
                "STOW-RS."
            )
        if not self.peers and not self.poll.url:
            raise ConfigurationError(
                f"{name}: nobody may send; name who may with [[peers]], or a server with [poll]."
            )
        if bool(self.tls.certificate) != bool(self.tls.key):
            raise ConfigurationError(f"{name}, [tls]: certificate and key belong together.")
        titles = [self.ae_title, send.ae_title, *(peer.ae_title for peer in self.peers)]
        long = [title for title in titles if len(title) > 16]
        if long:
            raise ConfigurationError(f"{name}: the AE title {long[0]!r} has more than 16 letters.")


def _section(kind: type, found, name: str):
    if not isinstance(found, dict):
        raise ConfigurationError(f"{name} is not a section of settings.")
    fields = {each.name: each for each in dataclasses.fields(kind)}
    values = {}
    for key, value in found.items():
        if key not in fields:
            raise ConfigurationError(f"{name}: there is no setting {key!r}.")
        wanted = {"str": str, "int": int, "float": float, "bool": bool}[fields[key].type]
        values[key] = _typed(value, wanted, f"{name}: {key}")
    missing = [
        each.name
        for each in fields.values()
        if each.default is dataclasses.MISSING and each.name not in values
    ]
    if missing:
        raise ConfigurationError(f"{name}: {missing[0]!r} is missing.")
    return kind(**values)


def _typed(value, wanted: type, name: str):
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise ConfigurationError(f"{name} cannot be {value!r}; its type is {wanted.__name__}.")
    return value
