"""Orthanc, another group's archive, on free ports of this computer; and a node beside it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

ORTHANC = shutil.which("Orthanc")
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0
"""Of every wait: the tests share two cores with much else."""


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what: str, seconds: float = PATIENCE_S):
    """Return what `condition` returns once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen in {seconds:.0f} s")


class Orthanc:
    """A running Orthanc with DICOMweb.

    Parameters
    ----------
    folder : Path
        For its settings and storage.
    node_port : int
        Where the node listens, which Orthanc knows as ``node``.
    """

    def __init__(self, folder: Path, node_port: int, port: int = 0, http_port: int = 0):
        self.port, self.http_port = port or free_port(), http_port or free_port()
        self.url = f"http://127.0.0.1:{self.http_port}"
        self.web_url = f"{self.url}/dicom-web"
        settings = {
            "Name": "test",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "DicomAet": "ORTHANC",
            "DicomPort": self.port,
            "HttpPort": self.http_port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomCheckCalledAet": True,
            "DicomAlwaysAllowFind": True,
            "StorageCommitmentReportsSize": 10,
            "DicomModalities": {
                "node": {
                    "AET": "DSCBRAINSEG",
                    "Host": "127.0.0.1",
                    "Port": node_port,
                    "AllowStorageCommitment": True,
                }
            },
            "Plugins": [str(PLUGIN)] if PLUGIN.is_file() else [],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            "OverwriteInstances": False,
        }
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self._log = open(folder / "orthanc.log", "ab")  # noqa: SIM115 - closed in stop
        self._process = subprocess.Popen(
            [ORTHANC, str(folder / "orthanc.json")], stdout=self._log, stderr=self._log
        )
        wait_for(self._answers, "Orthanc's start")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def get(self, path: str):
        """Return the JSON that its REST interface answers."""
        answer = requests.get(f"{self.url}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body):
        """Return the JSON that it answers to a JSON request or to bytes."""
        known = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = requests.post(f"{self.url}{path}", timeout=120, **known)
        answer.raise_for_status()
        return answer.json()

    def upload(self, folder: Path) -> str:
        """Store the files of a folder; return Orthanc's name of their series."""
        for path in sorted(folder.rglob("*.dcm")):
            found = self.post("/instances", path.read_bytes())
        return found["ParentSeries"]

    def find(self, level: str, **query) -> list[dict]:
        """Return what it holds at a level ("Series", "Instance") with these DICOM values."""
        asked = {"Level": level, "Query": query, "Expand": True}
        return self.post("/tools/find", asked)

    def masks(self) -> list[dict]:
        """Return the segmentation series that it holds."""
        return self.find("Series", Modality="SEG")

    def _answers(self) -> bool:
        assert self._process.poll() is None, "Orthanc ended"
        try:
            return self.get("/system")["DicomAet"] == "ORTHANC"
        except requests.RequestException:
            return False


@contextmanager
def orthanc(folder: Path, node_port: int):
    """A running Orthanc; skips where it is not installed."""
    if ORTHANC is None:
        pytest.skip("Orthanc is not installed (Debian: orthanc, orthanc-dicomweb)")
    server = Orthanc(folder, node_port)
    try:
        yield server
    finally:
        server.stop()


class NodeProcess:
    """``dscbrainseg node run`` in a process of its own.

    Parameters
    ----------
    folder : Path
        For its settings and queue.
    settings : dict
        Overrides, by section.
    """

    def __init__(self, folder: Path, archive_port: int, port: int, **settings):
        self.port, self.http_port = port, free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder / "node"
        self._config = folder / "node.toml"
        base = {
            "": {
                "folder": str(self.folder),
                "port": port,
                "http_port": self.http_port,
            },
            "complete": {"quiet_s": 1.0, "patience_s": 30.0},
            "limits": {"min_free_mb": 10.0},
            "segment": {"method": "otsu-post"},
            "send": {"ae_title": "ORTHANC", "address": "127.0.0.1", "port": archive_port},
        }
        for section, values in settings.items():
            base[section] = {**base.get(section, {}), **values}
        if settings.get("send", {}).get("url"):
            base["send"] = settings["send"]
        lines = [f"{key} = {json.dumps(value)}" for key, value in base.pop("").items()]
        for title in ("ORTHANC", "SENDER"):
            peer_port = archive_port if title == "ORTHANC" else 0
            lines += ["[[peers]]", f'ae_title = "{title}"', 'address = "127.0.0.1"']
            lines.append(f"port = {peer_port}")
        for section, values in base.items():
            lines += [f"[{section}]", *(f"{k} = {json.dumps(v)}" for k, v in values.items())]
        self._config.write_text("\n".join(lines))
        self._process: subprocess.Popen | None = None

    @property
    def config(self) -> Path:
        """The settings' file."""
        return self._config

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.start_only()
        wait_for(lambda: self.health(), "the node's start")

    def start_only(self) -> None:
        """Start it and do not wait."""
        command = [sys.executable, "-m", "DSCBrainSegLib", "node", "run", str(self._config)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with open(self.folder.with_name("node.out"), "ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=ROOT
            )

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end; return its exit code."""
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.terminate()
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def health(self) -> dict | None:
        """Return what it says of itself; None if it does not answer."""
        try:
            return requests.get(f"http://127.0.0.1:{self.http_port}/health", timeout=10).json()
        except requests.RequestException:
            assert self._process.poll() is None, self.log()
            return None

    def series(self) -> dict[str, int]:
        """Return how many series are in each state."""
        return (self.health() or {"series": {}})["series"]

    def log(self) -> str:
        """Return all it said."""
        path = self.folder.with_name("node.out")
        return path.read_text() if path.exists() else ""
