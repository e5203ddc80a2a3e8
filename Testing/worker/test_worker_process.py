"""A real worker process: masks in the right place, bad requests, cancelling, crashes, orphans."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from bright_ball import ball
from dicom_factory import make_affine, write_classic
from places import REPOSITORY, SUPPORT

from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, DSCBrainSegError, SeriesError
from DSCBrainSegLib.installation.runtime import worker_environment
from DSCBrainSegLib.pipeline import segment_series
from DSCBrainSegLib.series import read_series, write_nrrd
from DSCBrainSegLib.worker.client import WorkerClient, worker_command
from DSCBrainSegLib.worker.protocol import EventReader

BALL = ball()
FRAMES = np.stack([np.where(BALL, 900 + 10 * t, 40) for t in range(5)]).astype(np.uint16)


@pytest.fixture(scope="module")
def client():
    """One warm worker for all tests that do not end it."""
    with WorkerClient() as client:
        yield client


@pytest.fixture
def nrrd(tmp_path):
    path = tmp_path / "Köpfe (2 Stück)" / "Durchblutung 1.nrrd"
    path.parent.mkdir()
    write_nrrd(path, FRAMES, make_affine("oblique"), np.arange(5) * 1.5)
    return path


def request(source, output, **more):
    fields = {"command": "segment", "input": str(source), "output": str(output)}
    return {**fields, "method": "otsu", **more}


def names(folder):
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


@pytest.mark.parametrize("orientation", ["axial", "oblique"])
@pytest.mark.parametrize("kind", ["nrrd", "dicom", "npy"])
def test_a_mask_lies_on_the_voxels_of_its_series(client, tmp_path, kind, orientation):
    affine = make_affine(orientation)
    out = tmp_path / "Ergebnis ä 1"
    more = {}
    if kind == "nrrd":
        source = tmp_path / "Serie ü.nrrd"
        write_nrrd(source, FRAMES, affine)
    elif kind == "dicom":
        source = tmp_path / "Serie ü"
        write_classic(source, FRAMES, affine)
    else:
        source = tmp_path / "Serie ü.npy"
        np.save(source, FRAMES)
        more = {"affine": affine.tolist(), "format": "npy", "frame": 1}
    told = []
    result = client.run_blocking(
        request(source, out, **more), lambda done, total, message: told.append(message)
    )
    assert names(out) == [f"mask.{more.get('format', 'nrrd')}"]
    if kind == "npy":
        mask = np.load(result["mask_file"])
    else:
        stored = read_series(result["mask_file"])
        mask = stored.frames[0]
        np.testing.assert_allclose(stored.affine, affine, atol=1e-4)
    np.testing.assert_array_equal(mask > 0, BALL)
    assert result["volume_ml"] == pytest.approx(BALL.sum() * 1.75 * 1.5 * 5 / 1000, abs=0.01)
    assert result["frame"]["index"] == more.get("frame", 3)
    assert result["frame"]["number"] == more.get("frame", 3) + 1
    assert result["weights"] is None and result["timings_s"]["segment"] > 0
    assert "Writing the mask" in told


def test_hello_says_what_the_worker_can_do_without_loading_a_network(client):
    hello = client.run_blocking({"command": "hello"})
    assert hello["protocol"] == 1
    assert [method["name"] for method in hello["methods"]][:2] == ["network", "otsu"]
    assert hello["versions"]["numpy"] == np.__version__
    assert "core" in hello["device"]
    assert 0 < hello["seconds_per_slice"] < 0.1
    assert not hello["seconds_per_slice_is_measured"]


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"command": "dance"}, ConfigurationError, "no command 'dance'"),
        ({"command": "hello", "volume": 11}, ConfigurationError, "unknown field 'volume'"),
        ({"command": "segment"}, ConfigurationError, "no output folder"),
        ({"output": "o"}, ConfigurationError, "no input"),
        ({"input": 3}, ConfigurationError, "'input' of the request cannot be 3"),
        ({"input": ["a.dcm", 3]}, ConfigurationError, "a path or a list of paths"),
        ({"input": "nowhere.nrrd"}, SeriesError, "nowhere.nrrd does not exist"),
        ({"input": "nirgendwo ü"}, SeriesError, "nirgendwo ü does not exist"),
        ({"input": "nowhere.npy", "affine": np.eye(4).tolist()}, SeriesError, "does not exist"),
        ({"input": "nowhere.npy"}, ConfigurationError, "needs its affine"),
        ({"input": "a.nrrd", "affine": np.eye(4).tolist()}, ConfigurationError, "own geometry"),
        ({"input": "a", "method": "magic"}, ConfigurationError, "no segmentation method 'magic'"),
        ({"input": "a", "frame": "late"}, ConfigurationError, "counted from 0 or 'auto'"),
        ({"input": "a", "format": "png"}, ConfigurationError, "nrrd, dcm-seg, dcm-labelmap, npy"),
        ({"input": "a", "weights": "w.h5"}, ConfigurationError, "no weights"),
    ],
)
def test_a_bad_request_is_one_sentence_and_the_worker_goes_on(
    client, tmp_path, fields, error, words
):
    if "command" not in fields:
        more = {"output": str(tmp_path / "o"), "method": "otsu"} if "input" in fields else {}
        fields = {"command": "segment", **more, **fields}
    with pytest.raises(error, match=words) as raised:
        client.run_blocking(fields)
    assert "Traceback" not in str(raised.value)
    assert client.is_running() and names(tmp_path) == []


def test_a_batch_goes_on_behind_a_case_that_fails(client, nrrd, tmp_path):
    sources = [nrrd, tmp_path / "nothing.nrrd", nrrd]
    numbers = [
        client.send(request(source, tmp_path / str(place))) for place, source in enumerate(sources)
    ]
    ends = []
    deadline = time.monotonic() + 20
    while len(ends) < 3 and time.monotonic() < deadline:
        ends += [event for event in client.poll() if event["event"] != "progress"]
        time.sleep(0.01)
    assert [(event["id"], event["event"]) for event in ends] == list(
        zip(numbers, ["result", "error", "result"], strict=True)
    )
    assert [names(tmp_path / str(place)) for place in range(3)] == [
        ["mask.nrrd"],
        [],
        ["mask.nrrd"],
    ]


def test_damaged_files_are_named(client, tmp_path):
    for name in ("a.npy", "a.nrrd"):
        (tmp_path / name).write_bytes(b"\x93NUMPY garbage")
        more = {"affine": np.eye(4).tolist()} if name.endswith("npy") else {}
        with pytest.raises(SeriesError, match=f"{name} is damaged"):
            client.run_blocking(request(tmp_path / name, tmp_path / "o", **more))
    np.save(tmp_path / "b.npy", np.zeros((3, 3)))
    with pytest.raises(SeriesError, match=r"shape \(3, 3\)"):
        client.run_blocking(request(tmp_path / "b.npy", tmp_path / "o", affine=np.eye(4).tolist()))


def test_a_mask_that_exists_is_kept_unless_asked(client, nrrd, tmp_path):
    out = tmp_path / "o"
    client.run_blocking(request(nrrd, out))
    (out / "mask.nrrd").write_text("edited by hand")
    with pytest.raises(DSCBrainSegError, match="already holds mask.nrrd"):
        client.run_blocking(request(nrrd, out))
    assert (out / "mask.nrrd").read_text() == "edited by hand"
    client.run_blocking(request(nrrd, out, overwrite=True))
    assert read_series(out / "mask.nrrd").frames.sum() == BALL.sum()


def test_lines_that_are_no_requests_are_answered_and_survived():
    child = ChildProcess(worker_command(), worker_environment())
    child.start()
    child.write(
        b'hello\n[1]\n\n{"command": "hello"}\n{"id": 2}\n\xff\xfe\n{"id": true, "command": "x"}\n'
        b'{"id": 3, "command": "cancel", "request": 77}\n{"id": "x", "command": "dance", '
        b'"verbose": true}\n{"id": 4, "command": "shutdown"}\n'
    )
    assert child.wait(20) == 0
    events = EventReader().feed(child.read())
    told = [(event["id"], event.get("message", "")) for event in events]
    assert [number for number, _ in told] == [None, None, None, 2, None, None, 3, "x", 4]
    for place, words in ((0, "JSON"), (1, "object"), (2, "no id"), (3, "no command"), (4, "JSON")):
        assert words in told[place][1]
    assert events[6]["cancelling"] == []
    assert "Traceback" in events[7]["traceback"] and "traceback" not in events[0]


# A worker whose work stops dead at the stage that STAGE names, after it has touched STARTED.
STOPPING = """
import ctypes, os, sys, time
from pathlib import Path

def stop(*arguments, **options):
    Path(os.environ["STARTED"]).touch()
    time.sleep(60)

def stop_while_writing(path, *mask_and_header):
    Path(path).write_bytes(b"NRRD0004")
    stop()

def stop_in_native_code(*arguments):
    Path(os.environ["STARTED"]).touch()
    # No other thread runs meanwhile, as while a large library is loaded.
    ctypes.PyDLL(None).sleep(60)

def obey(volume, spacing):
    Path(os.environ["STARTED"]).touch()
    time.sleep(0.15)
    return volume > volume.mean()

import DSCBrainSegLib.network.predict, DSCBrainSegLib.series
from DSCBrainSegLib import methods

stage = os.environ["STAGE"]
methods.register_method(methods.SegmentationMethod("stop", "", stop))
methods.register_method(methods.SegmentationMethod("obey", "", obey))
if stage == "import":
    DSCBrainSegLib.network.predict.prepare_network = stop_in_native_code
elif stage == "weights":
    DSCBrainSegLib.network.predict.prepare_network = stop
elif stage == "read":
    DSCBrainSegLib.series.open_series = stop
elif stage == "write":
    DSCBrainSegLib.series.write_mask = stop_while_writing
from DSCBrainSegLib.worker.serve import serve
from DSCBrainSegLib.worker.streams import take_over_streams
serve(*take_over_streams())
"""
METHODS = {"import": "network", "weights": "network", "segment": "stop", "obey": "obey"}


class CountedChild(ChildProcess):
    starts = 0

    def start(self):
        self.starts += 1
        super().start()


def stopping_child(stage, started):
    environment = {**worker_environment(), "STAGE": stage, "STARTED": str(started)}
    return CountedChild([sys.executable, "-c", STOPPING], environment)


def wait_for(path, seconds=30):
    deadline = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert path.exists()


@pytest.mark.parametrize("stage", ["read", "import", "weights", "segment", "write", "obey"])
def test_cancel_needs_not_wait_for_what_does_not_obey_at_any_stage(stage, nrrd, tmp_path):
    started, out = tmp_path / "started", tmp_path / "out"
    child = stopping_child(stage, started)
    with WorkerClient(child) as client:
        number = client.send(request(nrrd, out, method=METHODS.get(stage, "otsu")))
        wait_for(started)
        events, begun = [], time.monotonic()
        client.cancel()
        while not any(event["event"] == "error" for event in events):
            events += client.poll()
            time.sleep(0.01)
        # Half a second on an idle machine; what does not obey would take a minute.
        assert time.monotonic() - begun < 20
        assert (events[-1]["id"], events[-1]["kind"]) == (number, "cancelled")
        assert client.poll() == []
        assert not (out / "mask.nrrd").exists()
        if stage != "write":
            assert names(out) == []
        # Whether the old worker obeyed or a new one is needed, the client goes on.
        if stage in ("import", "weights", "segment", "obey"):
            client.run_blocking(request(nrrd, tmp_path / "next"))
            assert names(tmp_path / "next") == ["mask.nrrd"]
            assert child.starts == (1 if stage == "obey" else 2)


def test_a_killed_worker_is_one_sentence(nrrd, tmp_path):
    started = tmp_path / "started"
    child = stopping_child("segment", started)
    with WorkerClient(child) as client:
        number = client.send(request(nrrd, tmp_path / "o", method="stop"))
        wait_for(started)
        child.kill()
        events = []
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and "error" not in [e["event"] for e in events]:
            events += client.poll()
            time.sleep(0.01)
        assert client.poll() == []
        assert [event["event"] for event in events].count("error") == 1
        assert events[-1]["id"] == number
        assert events[-1]["message"].startswith(
            "The segmentation process ended unexpectedly (code -9: it was killed"
        )
        assert client.run_blocking({"command": "hello"})["protocol"] == 1


PARENT = """
import sys, time
from DSCBrainSegLib.worker.client import WorkerClient
from test_worker_process import request, stopping_child
child = stopping_child("segment", sys.argv[1])
client = WorkerClient(child)
client.send(request(sys.argv[2], sys.argv[3], method="stop"))
print(child._process.pid, flush=True)
time.sleep(60)
"""


def is_alive(process_id):
    stat = Path(f"/proc/{process_id}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_worker_does_not_outlive_its_parent(nrrd, tmp_path):
    started = tmp_path / "started"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, started, nrrd, tmp_path / "o"],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                [str(REPOSITORY), str(SUPPORT), str(Path(__file__).parent)]
            ),
        },
    )
    try:
        worker = int(parent.stdout.readline())
        wait_for(started)
        assert is_alive(worker)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
    deadline = time.monotonic() + 2
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(worker)


NOISY = """
import os
from DSCBrainSegLib import methods

def segment(volume, spacing):
    print("@DSCBrainSeg is my name", end="", flush=True)
    os.write(1, b"raw")
    assert os.stat(0).st_rdev == os.stat(os.devnull).st_rdev, "a library could take our requests"
    return volume > volume.mean()

methods.register_method(methods.SegmentationMethod("noisy", "", segment))
from DSCBrainSegLib.worker.serve import serve
from DSCBrainSegLib.worker.streams import take_over_streams
serve(*take_over_streams())
"""


def test_what_libraries_print_stays_apart_from_the_events(nrrd, tmp_path):
    command = [sys.executable, "-c", NOISY]
    with WorkerClient(ChildProcess(command, worker_environment())) as client:
        result = client.run_blocking(request(nrrd, tmp_path / "o", method="noisy"))
        assert result["mask"]["voxels"] == BALL.sum()
        assert client.last_log() == ["@DSCBrainSeg is my nameraw"]
    with subprocess.Popen(
        command,
        env=worker_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        case = {"id": 1, **request(nrrd, tmp_path / "p", method="noisy")}
        process.stdin.write(f'{json.dumps(case)}\n{{"id": 2, "command": "shutdown"}}\n')
        process.stdin.flush()
        lines = [line for line in process.stdout if line.strip()]
    assert len(lines) > 2 and all(line.startswith("@DSCBrainSeg {") for line in lines)


def test_no_patient_name_reaches_the_answers_or_the_log(tmp_path):
    def name_the_patient(dataset, time_point, slice_index):
        dataset.PatientName, dataset.PatientID = "Secret^Person", "ID4711"

    write_classic(tmp_path / "dicom", FRAMES, make_affine(), edit=name_the_patient)
    child = ChildProcess(worker_command(), worker_environment())
    child.start()
    for number, method in enumerate(("otsu", "magic")):
        line = {**request(tmp_path / "dicom", tmp_path / method, method=method), "id": number}
        child.write(json.dumps(line).encode() + b"\n")
    child.write(b'{"id": 9, "command": "shutdown"}\n')
    child.wait(20)
    printed = child.read()
    assert b'"volume_ml"' in printed and b"no segmentation method" in printed
    assert b"Secret" not in printed and b"4711" not in printed


@pytest.mark.parametrize("stage", ["Reading headers", "Choosing the time point"])
def test_reading_a_long_series_looks_for_cancel(stage, tmp_path):
    frames = np.concatenate([FRAMES, FRAMES + 1])
    write_classic(tmp_path / "dicom", frames, make_affine())
    told, asked = [""], []

    def cancelled():
        asked.append(told[-1])
        return asked.count(stage) == 3

    with pytest.raises(Cancelled):
        segment_series(
            tmp_path / "dicom",
            "otsu",
            frame="auto",
            progress=lambda done, total, message: told.append(message),
            cancelled=cancelled,
        )
    assert asked[-1] == stage
