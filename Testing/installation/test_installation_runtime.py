"""Installing the runtime folder with the real pip, from small wheels made here; no network."""

import http.server
import importlib.metadata
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import PureWindowsPath

import pytest
from places import REPOSITORY
from wheels import make_wheel

from DSCBrainSegLib.errors import Cancelled, MissingPackageError, OutputError
from DSCBrainSegLib.installation import pip_run, requirements, runtime

LONGEST_PATH = 125
"""Of what is installed, onnxruntime's compiled Python files."""
VERSIONS = {name.split(">=")[0]: "99.0" for name in requirements.LIBRARIES}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with a small wheel of everything the runtime needs."""
    folder = tmp_path_factory.mktemp("wheels")
    for name, version in VERSIONS.items():
        make_wheel(folder, name, version)
    return folder


@pytest.fixture
def base(tmp_path, monkeypatch):
    """An empty place for runtime folders, for an interpreter that lacks all that is needed."""
    base = tmp_path / "Läufe von Bölü 1"
    monkeypatch.setenv(runtime.VARIABLE, str(base))
    monkeypatch.setattr(requirements, "_is_met", lambda requirement: False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    # This machine's own pip settings stay out of the tests.
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    return base


@pytest.fixture
def offline(base, wheels, monkeypatch):
    """pip finds the small wheels and looks nowhere else."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", wheels.as_uri())
    return base


@pytest.fixture
def stalled(base, monkeypatch):
    """A package index that never sends the rest of a wheel; its event says that pip waits."""
    waiting, closing = threading.Event(), threading.Event()

    class Index(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            if self.path.endswith(".whl"):
                self.send_header("Content-Length", "280000000")
                self.end_headers()
                self.wfile.write(b"PK")
                waiting.set()
                closing.wait(60)
                return
            name = self.path.strip("/").split("/")[-1]
            wheel = f"{name.replace('-', '_')}-99.0-py3-none-any.whl"
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<a href="/{wheel}">{wheel}</a>'.encode())

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    yield waiting
    closing.set()
    server.shutdown()
    server.server_close()


def names(base):
    return sorted(path.name for path in base.iterdir()) if base.exists() else []


def test_an_installation_is_complete_used_by_the_worker_and_can_be_removed(offline):
    assert runtime.runtime_state() == runtime.RuntimeState("missing", runtime.runtime_folder())
    told = []
    state = runtime.install(lambda done, total, line: told.append(line))
    assert state.status == "ready" and state.usable
    assert names(offline) == [state.folder.name]
    assert (
        state.size_bytes
        == runtime.folder_size(state.folder) - (state.folder / "complete.json").stat().st_size
    )
    assert any(line.startswith("Successfully installed") for line in told)
    environment = runtime.worker_environment()
    code = "import onnxruntime, DSCBrainSegLib; print(onnxruntime.__version__)"
    printed = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=offline,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert printed == VERSIONS["onnxruntime"]
    assert runtime.install(lambda *_: pytest.fail("nothing was to be done")) == state
    runtime.remove()
    assert names(offline) == []
    assert str(state.folder) not in runtime.worker_environment()["PYTHONPATH"]
    runtime.remove()


def test_an_installation_of_an_older_library_is_installed_anew(offline):
    folder = runtime.runtime_folder()
    folder.mkdir(parents=True)
    (folder / "old.py").touch()
    (folder / "complete.json").write_text(
        json.dumps({"requirements": ["keras>=3.5"], "size_bytes": 1})
    )
    assert runtime.runtime_state().status == "incomplete"
    assert runtime.install().status == "ready"
    assert not (folder / "old.py").exists() and names(offline) == [folder.name]


def test_a_cancelled_installation_ends_pip_and_leaves_nothing(base, stalled):
    begun = []

    def cancelled():
        if stalled.is_set() and not begun:
            begun.append(time.monotonic())
        return stalled.is_set()

    with pytest.raises(Cancelled):
        runtime.install(cancelled=cancelled)
    # pip would wait for the stalled index for minutes.
    assert time.monotonic() - begun[0] < 20
    assert names(base) == []
    assert runtime.runtime_state().status == "missing"


def test_a_killed_installation_is_never_taken_for_a_whole_one(base, stalled, wheels, monkeypatch):
    code = (
        "from DSCBrainSegLib.installation import requirements, runtime; "
        "requirements._is_met = lambda requirement: False; "
        "runtime.install()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY)
    assert stalled.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    state = runtime.runtime_state()
    assert state.status == "incomplete" and not state.usable
    assert str(state.folder) not in runtime.worker_environment()["PYTHONPATH"]
    (rest,) = names(base)
    # A rest that was touched a moment ago may belong to another Slicer that is installing now.
    monkeypatch.delenv("PIP_INDEX_URL")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    assert runtime.install().status == "ready"
    assert rest in names(base)
    os.utime(base / rest, (0, 0))
    runtime._discard(state.folder)
    runtime.install()
    assert names(base) == [state.folder.name]


def test_folders_of_others_are_not_swept(base):
    """A person may name any folder for the runtime: what else lies in it is not ours."""
    others = base / "p-values"
    others.mkdir(parents=True)
    (others / "thesis.txt").write_text("mine")
    os.utime(others, (0, 0))
    runtime.remove()
    assert (others / "thesis.txt").exists()
    assert runtime.runtime_state().status == "missing"


@pytest.mark.parametrize("missing", [None, "onnxruntime"])
def test_a_package_that_cannot_be_found_is_named(offline, wheels, tmp_path, monkeypatch, missing):
    some = tmp_path / "some"
    some.mkdir()
    for name, version in VERSIONS.items():
        if missing and name != missing:
            make_wheel(some, name, version)
    monkeypatch.setenv("PIP_FIND_LINKS", str(some))
    with pytest.raises(MissingPackageError, match=missing or "numpy") as raised:
        runtime.install()
    assert "\n" not in str(raised.value)
    assert names(offline) == []


def test_no_connection_is_said(base, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(MissingPackageError, match="cannot be reached: connect to the internet"):
        runtime.install()
    assert names(base) == []


def test_a_full_disk_is_said_before_the_download(offline, monkeypatch):
    usage = type("Usage", (), {"free": 150_000_000})
    monkeypatch.setattr(runtime.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(OutputError, match=r"has 0\.1 GB of free space .* needs 0\.5 GB"):
        runtime.install()
    assert names(offline) == []


def test_a_place_that_cannot_hold_folders_is_said(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(runtime.VARIABLE, str(tmp_path / "file"))
    monkeypatch.setattr(requirements, "_is_met", lambda requirement: False)
    with pytest.raises(OutputError, match=runtime.VARIABLE):
        runtime.install()


@pytest.mark.parametrize("python", ["/no/such/python", "false"])
def test_a_python_without_pip_is_said(base, python):
    with pytest.raises(MissingPackageError, match=python):
        runtime.install(python=python)
    assert names(base) == []


@pytest.mark.parametrize(
    ("printed", "error", "words"),
    [
        ("OSError: [Errno 28] No space left on device", OutputError, "disk is full"),
        ("Retrying after connection broken by 'ProxyError(...)'", MissingPackageError, "PIP_PROXY"),
        ("ERROR: Cannot unpack file x.whl.", MissingPackageError, "Cannot unpack file x.whl"),
        ("", MissingPackageError, "exit code 2"),
    ],
)
def test_what_pip_says_becomes_one_sentence(printed, error, words):
    found = pip_run._explain(2, printed.splitlines())
    assert type(found) is error and words in str(found)


def test_downloads_are_told_in_bytes_where_pip_can(tmp_path):
    told = []
    lines = pip_run._Lines(lambda *progress: told.append(progress))
    lines.feed(b"Downloading onnxruntime.whl (280 MB)\nProgress 14")
    lines.feed(b"0 of 280\n\n")
    name = "Downloading onnxruntime.whl (280 MB)"
    assert told == [(0, 0, name), (140, 280, name)]
    command = pip_run.install_command("python", tmp_path, ["nothing"], raw_progress=True)
    assert command[command.index("--progress-bar") + 1] == "raw"


def test_an_interpreter_that_has_everything_needs_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(runtime.VARIABLE, str(tmp_path))
    assert runtime.install().status == "built-in"
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "version"), [("onnxruntime", None), ("numpy", "1.24.4"), ("pydicom", "2.4.4")]
)
def test_only_what_is_missing_or_too_old_is_installed(monkeypatch, name, version):
    real = importlib.metadata.version

    def found(asked):
        if asked != name:
            return real(asked)
        if version is None:
            raise importlib.metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(importlib.metadata, "version", found)
    assert not requirements.is_built_in()
    assert [each.split(">=")[0] for each in requirements.requirements()] == [name]


def test_pip_adds_nothing_because_everything_needed_is_named(tmp_path):
    from packaging.requirements import Requirement

    named = {each.split(">=")[0] for each in requirements.LIBRARIES}
    for name in named:
        for line in importlib.metadata.requires(name) or []:
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                assert needed.name.lower() in named, f"{name} needs {needed}"
    command = pip_run.install_command("python", tmp_path, ["numpy"], exactly=True)
    assert "--no-deps" in command


def test_a_folder_that_holds_more_than_is_missing_is_ready(offline, monkeypatch):
    runtime.install()
    monkeypatch.setattr(requirements, "_is_met", lambda each: not each.startswith("onnxruntime"))
    assert runtime.runtime_state().status == "ready"


def test_paths_stay_short_enough_for_windows():
    user = "x" * 20
    base = runtime.base_folder("win32", {"LOCALAPPDATA": f"C:\\Users\\{user}\\AppData\\Local"})
    final = PureWindowsPath(str(base), "3.12-onnx")
    # pip unpacks into a folder of its own inside ours and moves from there.
    partial = f"{runtime._PARTIAL}12345678"
    unpacking = PureWindowsPath(str(base), partial, "pip-target-12345678", "lib", "python")
    for folder in (final, unpacking):
        assert len(str(folder)) + 1 + LONGEST_PATH < 260


def test_what_is_installed_is_what_the_package_declares():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = {name for name in requirements.LIBRARIES if name in project["dependencies"]}
    others = {name.split(">=")[0] for name in requirements.LIBRARIES if name not in ours}
    # What onnxruntime and pynrrd require.
    assert others == {"typing_extensions", "flatbuffers", "protobuf", "packaging"}


def test_the_terminal_entry(offline):
    def call(action):
        code = (
            "import sys; from DSCBrainSegLib.installation import requirements, runtime; "
            "requirements._is_met = lambda requirement: False; "
            f"sys.exit(runtime.main([{action!r}]))"
        )
        return subprocess.run(
            [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True
        )

    assert call("state").stdout.startswith("missing, 0.00 GB")
    assert "ready, " in call("install").stdout.splitlines()[-1]
    assert call("remove").returncode == 0
    assert names(offline) == []
