"""The queue on the disk: what a kill leaves is taken up, and nothing is done twice."""

import json

import pytest

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.node import queue as states
from DSCBrainSegLib.node.archive import ArchiveError
from DSCBrainSegLib.node.config import NodeConfig, Peer, Send
from DSCBrainSegLib.node.deliver import Deliverer
from DSCBrainSegLib.node.metrics import Metrics
from DSCBrainSegLib.node.queue import SeriesQueue
from DSCBrainSegLib.node.store import FileStore, short_name


@pytest.fixture
def queue(tmp_path):
    """An empty queue."""
    opened = SeriesQueue(tmp_path / "queue.sqlite")
    yield opened
    opened.close()


def fill(queue, images=3):
    """Put a complete series into the queue."""
    for number in range(images):
        assert queue.add_image(f"1.2.{number}", "1.2", "1", "class", 10)
    queue.release({"1.2"})
    assert queue.close_quiet(0.0, 60.0) == ["1.2"]


@pytest.mark.parametrize(
    ("path", "left", "found"),
    [
        ([], states.READY, states.READY),
        ([(states.READY, states.SEGMENTING)], states.SEGMENTING, states.READY),
        (
            [(states.READY, states.SEGMENTING), (states.TO_SEND, states.SENDING)],
            states.SENDING,
            states.TO_SEND,
        ),
    ],
)
def test_a_killed_node_goes_on_where_it_was(tmp_path, path, left, found):
    killed = SeriesQueue(tmp_path / "queue.sqlite")
    fill(killed)
    for number, (start, taken) in enumerate(path):
        entry = killed.take(start, taken)
        if number < len(path) - 1:
            assert killed.move(entry, path[number + 1][0])
    assert killed.entry("1.2").state == left
    # Not closed: the process is gone.
    after = SeriesQueue(tmp_path / "queue.sqlite")
    after.recover()
    entry = after.entry("1.2")
    assert entry.state == found
    assert entry.again == (left == states.SENDING)
    after.close()
    killed.close()


def test_an_image_sent_twice_counts_once(queue):
    fill(queue)
    assert not queue.add_image("1.2.0", "1.2", "1", "class", 10)
    assert (queue.entry("1.2").images, queue.entry("1.2").state) == (3, states.READY)


def test_an_image_that_comes_while_its_series_is_segmented_is_not_lost(queue):
    fill(queue)
    entry = queue.take(states.READY, states.SEGMENTING)
    assert queue.add_image("1.2.9", "1.2", "1", "class", 10)
    assert not queue.move(entry, states.TO_SEND)
    found = queue.entry("1.2")
    assert (found.state, found.images, found.revision) == (states.RECEIVING, 4, 1)


def test_an_image_that_comes_after_the_mask_was_sent_gives_a_new_object(queue):
    fill(queue)
    queue.move(queue.take(states.READY, states.SEGMENTING), states.TO_SEND)
    queue.move(queue.take(states.TO_SEND, states.SENDING), states.SENT)
    assert queue.add_image("1.2.9", "1.2", "1", "class", 10)
    assert (queue.entry("1.2").state, queue.entry("1.2").revision) == (states.RECEIVING, 2)


def test_a_cut_series_waits_anew_after_a_kill(queue):
    queue.add_image("1.2.0", "1.2", "1", "class", 10)
    before = queue.entry("1.2").changed
    queue.recover()
    assert queue.entry("1.2").changed > before
    assert queue.close_quiet(0.0, 60.0) == []


def test_a_series_whose_images_were_removed_begins_anew(queue):
    fill(queue)
    queue.move(queue.take(states.READY, states.SEGMENTING), states.LEFT, "No DSC series.")
    (entry,) = queue.removable(-1.0, -1.0)
    assert queue.mark_removed(entry)
    assert not queue.add_image("1.2.0", "1.2", "1", "class", 10)  # known: nothing to do
    assert queue.add_image("1.2.9", "1.2", "1", "class", 10)
    assert (queue.entry("1.2").images, queue.entry("1.2").state) == (1, states.RECEIVING)
    assert queue.add_image("1.2.0", "1.2", "1", "class", 10)


class Archive:
    """An archive that fails as often as it is told to, after or before it stores."""

    def __init__(self, failures=0, stores_before_failing=False, can_say=True):
        self.objects, self.calls = [], 0
        self._failures, self._late, self._can_say = failures, stores_before_failing, can_say

    def has(self, dataset):
        return str(dataset.SOPInstanceUID) in self.objects if self._can_say else None

    def store(self, path, dataset):
        self.calls += 1
        if self._late or self.calls > self._failures:
            self.objects.append(str(dataset.SOPInstanceUID))
        if self.calls <= self._failures:
            raise ArchiveError("The archive is away.")


@pytest.fixture
def finished(tmp_path, queue):
    """A series with a mask on the disk; returns what makes a deliverer."""
    import pydicom
    from pydicom.uid import generate_uid

    store = FileStore(tmp_path)
    fill(queue)
    queue.move(queue.take(states.READY, states.SEGMENTING), states.TO_SEND)
    mask = pydicom.Dataset()
    mask.file_meta = pydicom.dataset.FileMetaDataset()
    mask.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    mask.SOPClassUID, mask.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.4", generate_uid()
    folder = store.results("1.2")
    folder.mkdir()
    mask.save_as(folder / "mask.dcm", enforce_file_format=True)

    def make(archive, attempts=5):
        send = Send("ARCHIVE", "127.0.0.1", 1, first_retry_s=0.0, last_retry_s=0.0)
        send = Send(**{**vars(send), "attempts": attempts})
        config = NodeConfig(folder=tmp_path, peers=(Peer("A", "b"),), send=send)
        return Deliverer(config, queue, store, Metrics(), archive)

    return make


def test_a_mask_whose_answer_was_lost_is_not_sent_again(queue, finished):
    archive = Archive(failures=1, stores_before_failing=True)
    deliverer = finished(archive)
    assert deliverer.step() and deliverer.step()
    assert (archive.calls, len(archive.objects)) == (1, 1)
    assert queue.entry("1.2").state == states.SENT
    assert not deliverer.step()


def test_a_mask_is_sent_again_until_the_archive_is_back(queue, finished):
    archive = Archive(failures=3)
    deliverer = finished(archive)
    while deliverer.step():
        pass
    assert (archive.calls, len(archive.objects)) == (4, 1)
    assert queue.entry("1.2").state == states.SENT


def test_a_mask_that_is_never_taken_is_put_aside_with_the_reason(queue, finished):
    deliverer = finished(Archive(failures=99), attempts=3)
    while deliverer.step():
        pass
    entry = queue.entry("1.2")
    assert entry.state == states.ASIDE
    assert "3 attempts" in entry.reason and "away" in entry.reason


CONFIG = """
folder = "{folder}"
[[peers]]
ae_title = "MR1"
address = "127.0.0.1"
[send]
ae_title = "PACS"
address = "127.0.0.1"
port = 104
"""


def test_status_and_retry_of_what_was_put_aside(tmp_path, capsys):
    (tmp_path / "node.toml").write_text(CONFIG.format(folder=tmp_path))
    queue = SeriesQueue(tmp_path / "queue.sqlite")
    fill(queue)
    queue.move(queue.take(states.READY, states.SEGMENTING), states.ASIDE, "No brain was found.")
    queue.close()
    assert main(["node", "status", str(tmp_path / "node.toml"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["series"]["aside"] == 1
    assert found["aside"][0]["reason"] == "No brain was found."
    assert main(["node", "retry", str(tmp_path / "node.toml"), short_name("1.2")]) == 0
    queue = SeriesQueue(tmp_path / "queue.sqlite")
    assert queue.entry("1.2").state == states.READY
    queue.close()
    assert main(["node", "retry", str(tmp_path / "node.toml"), "0123"]) == 2


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"folder": ""}, "folder"),
        ({"colour": 1}, "colour"),
        ({"port": "eleven"}, "port"),
        ({"peers": []}, "nobody may send"),
        ({"peers": [{"ae_title": "A" * 17, "address": "x"}]}, "16 letters"),
        ({"peers": [{"ae_title": "A"}]}, "address"),
        ({"send": {}}, r"\[send\]"),
        ({"send": {"url": "http://a", "ae_title": "P", "address": "a", "port": 1}}, r"\[send\]"),
        ({"limits": {"min_free_mb": "much"}}, "min_free_mb"),
        ({"tls": {"certificate": "a.pem"}}, "belong together"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, change, word):
    right = {
        "folder": str(tmp_path),
        "peers": [{"ae_title": "MR1", "address": "127.0.0.1"}],
        "send": {"ae_title": "PACS", "address": "127.0.0.1", "port": 104},
    }
    assert NodeConfig.from_dict(right).send.port == 104
    with pytest.raises(ConfigurationError, match=word):
        NodeConfig.from_dict({**right, **change})


def test_the_example_of_the_documentation_is_right():
    from places import REPOSITORY

    config = NodeConfig.read(REPOSITORY / "docs" / "deployment" / "node.toml")
    assert config.peers[1] == Peer("ROUTER", "192.0.2.11", 104)
    assert config.send.ae_title == "PACS"
