"""The worker's client with a process that is played: order, crashes, cancelling, bad output."""

import json
import subprocess
import sys

import pytest
from places import REPOSITORY

from DSCBrainSegLib.errors import Cancelled, SeriesError
from DSCBrainSegLib.worker import client as client_module
from DSCBrainSegLib.worker.client import WorkerClient
from DSCBrainSegLib.worker.protocol import (
    ERROR_KINDS,
    EventReader,
    WorkerEnded,
    encode_event,
    error_event,
    error_kind,
    to_exception,
)


class PlayedProcess:
    """A worker whose output and end the test decides."""

    def __init__(self):
        self.starts, self.output, self.ended, self.done = 0, b"", None, []
        self.received = b""

    def start(self):
        self.starts += 1
        self.ended, self.received = None, b""

    def write(self, data):
        self.received += data

    def close_input(self):
        self.done.append("close")

    def kill(self):
        self.done.append("kill")
        self.ended = -9

    def read(self):
        data, self.output = self.output, b""
        return data

    def code(self):
        return self.ended

    def wait(self, seconds):
        return self.ended

    def requests(self):
        return [json.loads(line) for line in self.received.splitlines()]

    def say(self, event, number, **more):
        self.output += encode_event({"event": event, "id": number, **more})


@pytest.fixture
def process():
    return PlayedProcess()


@pytest.fixture
def client(process):
    return WorkerClient(process)


@pytest.fixture
def clock(monkeypatch):
    """The client's clock, in the test's hands."""
    now = [100.0]
    monkeypatch.setattr(client_module.time, "monotonic", lambda: now[0])
    return now


def test_events_are_found_among_log_lines_in_pieces_of_any_length():
    event = {"event": "progress", "id": 1, "message": "Größe"}
    output = (
        b"libcudart not found\r\nhalf a line" + encode_event(event) + b"\n@DSCBrainSeg {oops\n"
        b'@DSCBrainSeg ["no event"]\n' + "Ü\n".encode() + encode_event({"event": "result"})
    )
    for size in (1, 7, len(output)):
        reader, found = EventReader(), []
        for start in range(0, len(output), size):
            found += reader.feed(output[start : start + size])
        assert found == [event, {"event": "result"}]
        assert list(reader.log)[:2] == ["libcudart not found", "half a line"]
        assert list(reader.log)[-1] == "Ü"


def test_every_error_comes_out_as_the_class_that_went_in():
    for error in ERROR_KINDS:
        event = error_event(1, error_kind(error("sentence")), "sentence")
        assert type(to_exception(event)) is error
    assert error_kind(RuntimeError()) == "internal"


def test_a_panel_that_talks_to_the_worker_loads_nothing_heavy():
    code = "import DSCBrainSegLib.worker.client, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    ).stdout.split()
    assert not {"numpy", "keras", "tensorflow", "pydicom", "slicer", "qt"} & set(loaded)


def test_requests_are_handed_over_one_at_a_time_and_answered_in_order(client, process):
    first, second = client.send({"command": "hello"}), client.send({"command": "warm"})
    assert [request["id"] for request in process.requests()] == [first]
    process.say("progress", first, done=1, total=2, message="")
    process.say("result", first)
    assert [(event["event"], event["id"]) for event in client.poll()] == [
        ("progress", first),
        ("result", first),
    ]
    assert [request["command"] for request in process.requests()] == ["hello", "warm"]
    process.say("result", second)
    assert [event["id"] for event in client.poll()] == [second]
    assert client.poll() == [] and process.starts == 1


def test_a_crash_costs_one_case_and_the_next_goes_to_a_new_worker(client, process):
    first, second = client.send({"command": "segment"}), client.send({"command": "segment"})
    process.output += b"Fatal Python error: Segmentation fault\n"
    process.ended = -11
    (event,) = client.poll()
    assert (event["event"], event["id"], event["kind"]) == ("error", first, "ended")
    assert "ended unexpectedly (code -11: it crashed)" in event["message"]
    assert process.starts == 2 and process.requests()[0]["id"] == second
    process.say("result", second)
    assert [event["id"] for event in client.poll()] == [second]


def test_the_last_log_lines_can_be_shown_after_a_crash(client, process):
    client.send({"command": "segment"})
    process.output, process.ended = b"one\ntwo\nFatal Python error\n", -6
    client.poll()
    assert client.last_log(2) == ["two", "Fatal Python error"]
    assert not client.is_running()


def test_a_result_that_came_just_before_the_end_is_not_lost(client, process):
    number = client.send({"command": "segment"})
    process.say("result", number)
    process.ended = -9
    assert [event["event"] for event in client.poll()] == ["result", "error"]
    assert client.poll() == []


def test_a_worker_that_dies_while_idle_is_told_once_and_replaced(client, process):
    client.start()
    process.ended = 1
    number = client.send({"command": "hello"})
    assert process.starts == 2
    (event,) = client.poll()
    assert event["kind"] == "ended" and event["id"] is None
    process.say("result", number)
    assert [event["id"] for event in client.poll()] == [number]


def test_cancelling_asks_first_then_closes_then_kills(client, process, clock):
    active, waiting = client.send({"command": "segment"}), client.send({"command": "segment"})
    client.cancel()
    client.cancel()
    (event,) = client.poll()
    assert (event["id"], event["kind"]) == (waiting, "cancelled")
    assert [request["command"] for request in process.requests()] == ["segment", "cancel"]
    assert process.done == []
    clock[0] += 0.6
    assert client.poll() == [] and process.done == ["close"]
    clock[0] += 0.3
    assert client.poll() == [] and process.done[-1] == "kill"
    (event,) = client.poll()
    assert (event["id"], event["kind"]) == (active, "cancelled")
    assert client.poll() == []


def test_a_case_that_obeys_leaves_the_worker_warm(client, process, clock):
    number = client.send({"command": "segment"})
    client.cancel(number)
    process.say("result", "cancel", cancelling=[number])
    process.say("error", number, kind="cancelled", message="Cancelled; nothing was written.")
    assert [event["id"] for event in client.poll()] == [number]
    clock[0] += 10
    assert client.poll() == [] and process.done == []
    assert client.is_running()


def test_one_of_several_can_be_cancelled(client, process):
    numbers = [client.send({"command": "segment"}) for _ in range(3)]
    client.cancel(numbers[1])
    assert [event["id"] for event in client.poll()] == [numbers[1]]
    process.say("result", numbers[0])
    assert [event["id"] for event in client.poll()] == [numbers[0]]
    assert process.requests()[-1]["id"] == numbers[2]


def test_a_program_that_cannot_be_started_is_an_event_for_each_request(client, process):
    def missing():
        raise FileNotFoundError(2, "No such file or directory")

    process.start = missing
    numbers = [client.send({"command": "hello"}), client.send({"command": "hello"})]
    events = client.poll()
    assert [(event["id"], event["kind"]) for event in events] == [(n, "ended") for n in numbers]
    assert "cannot be started: No such file or directory" in events[0]["message"]
    with pytest.raises(WorkerEnded):
        client.run_blocking({"command": "hello"})


def test_a_worker_that_was_told_to_shut_down_may_end(client, process):
    first, second = client.send({"command": "shutdown"}), client.send({"command": "hello"})
    process.say("result", first)
    assert [event["id"] for event in client.poll()] == [first]
    assert len(process.requests()) == 1, "nothing is sent to a worker that is about to end"
    process.ended = 0
    assert client.poll() == []
    assert process.starts == 2 and process.requests()[0]["id"] == second


def test_stop_forgets_everything(client, process):
    client.send({"command": "segment"})
    client.send({"command": "segment"})
    client.stop()
    assert process.done == ["close", "kill"]
    assert not client.is_running() and client.poll() == []


def test_scripts_wait_and_get_errors_as_exceptions(client, process):
    seen = []

    def answer(data):
        request = json.loads(data)
        if request["command"] == "cancel":
            process.say("error", 2, kind="cancelled", message="Cancelled.")
        elif request.get("input") == "wrong":
            process.say("error", request["id"], kind="input", message="No series.")
        elif request["command"] == "hello":
            process.say("progress", request["id"], done=1, total=2, message="half")
            process.say("result", request["id"], protocol=1)

    process.write = answer
    result = client.run_blocking({"command": "hello"}, lambda *told: seen.append(told))
    assert result["protocol"] == 1 and seen == [(1, 2, "half")]
    with pytest.raises(Cancelled):
        client.run_blocking({"command": "segment"}, cancelled=lambda: True)
    with pytest.raises(SeriesError, match="No series"):
        client.run_blocking({"command": "segment", "input": "wrong"})
