"""Drafts of the review without a browser: on the disk before they are told of, off the loop."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from places import REPOSITORY

from DSCBrainSegLib.errors import OutputError, SeriesError
from DSCBrainSegLib.web.autosave import Keeper
from DSCBrainSegLib.web.drafts import Draft, DraftStore, name_of

SLOW_S = 0.3


class FakeCase:
    """A case whose only mask is a text."""

    state = "segmented"

    def __init__(self, identity):
        self.entry = SimpleNamespace(identity=identity)
        self.mask = "from the files"
        self.truth_loaded = False

    def image_sha256(self):
        return "image"

    def facts(self):
        return {"brain": self.mask}

    def fill(self):
        self.mask = "from the files"

    def load_truth(self):
        self.truth_loaded = True

    def write_masks(self, path):
        path.write_text(self.mask)

    def restore(self, path):
        self.mask = path.read_text()
        if self.mask == "nonsense":
            raise SeriesError(f"{path} cannot be read; restore it or remove it.")


@pytest.fixture
def case(tmp_path, monkeypatch):
    """A case whose drafts lie in a temporary folder."""
    monkeypatch.setenv("DSCBRAINSEG_REVIEW", str(tmp_path / "drafts"))
    return FakeCase("a series")


@pytest.fixture
def slow_disk(monkeypatch):
    """Flushing a file takes its time."""
    flush = os.fsync

    def slowly(file):
        time.sleep(SLOW_S)
        flush(file)

    monkeypatch.setattr(os, "fsync", slowly)


def on_disk(case) -> tuple[str, Draft | None]:
    """Return the mask that a new server would find, and what is told of it."""
    store = DraftStore(case.entry)
    draft = store.read()
    return (store.segmentation(draft).read_text() if draft else "", draft)


def make_keeper(case, kept=lambda keeper: None) -> tuple[Keeper, list[str]]:
    """A keeper of the case, and the sentences it tells."""
    told: list[str] = []
    keeper = Keeper(lambda: kept(keeper), told.append)
    assert keeper.begin(case) == ""
    return keeper, told


def test_what_is_told_as_kept_is_on_the_disk_and_nothing_waits_for_it(case, slow_disk):
    seen, ticks = [], Counter()

    async def work():
        keeper, _ = make_keeper(case, lambda keeper: seen.append((keeper.kept, on_disk(case)[0])))

        async def tick():
            while keeper.is_busy:
                ticks["all"] += 1
                await asyncio.sleep(SLOW_S / 30)

        case.mask = "first stroke"
        keeper.keep()
        ticking = asyncio.create_task(tick())
        await asyncio.sleep(SLOW_S / 3)
        assert keeper.kept == {"brain": "from the files"} and on_disk(case)[0] == ""
        case.mask = "second stroke"
        keeper.keep()
        case.mask = "third stroke"
        keeper.keep()
        await keeper.wait()
        await ticking

    asyncio.run(work())
    assert seen == [
        ({"brain": "first stroke"}, "first stroke"),
        ({"brain": "third stroke"}, "third stroke"),
    ]
    assert ticks["all"] > 20, "the page answers while the disk is waited for"


def test_a_full_disk_is_told_and_tried_again(case, monkeypatch):
    async def work():
        keeper, told = make_keeper(case)
        flush = os.fsync

        def full(_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        case.mask = "a stroke"
        keeper.keep()
        with pytest.raises(OutputError, match="No space left"):
            await keeper.wait()
        assert keeper.kept == {"brain": "from the files"}
        assert len(told) == 1 and "DSCBRAINSEG_REVIEW" in told[0]
        monkeypatch.setattr(os, "fsync", flush)
        await keeper.wait()
        assert on_disk(case)[0] == "a stroke"

    asyncio.run(work())


def test_a_server_that_ends_keeps_what_is_left(case, slow_disk):
    async def work():
        keeper, _ = make_keeper(case)
        case.mask = "first stroke"
        keeper.keep()
        await asyncio.sleep(SLOW_S / 3)
        case.mask = "last stroke"
        return keeper

    asyncio.run(work()).finish()
    assert on_disk(case)[0] == "last stroke"


def test_a_stroke_that_was_undone_stays_undone_in_a_server_that_ends(case, slow_disk):
    async def work():
        keeper, _ = make_keeper(case)
        case.mask = "before"
        await keeper.wait()
        case.mask = "a stroke"
        keeper.keep()
        await asyncio.sleep(SLOW_S / 3)
        case.mask = "before"
        return keeper

    asyncio.run(work()).finish()
    assert on_disk(case)[0] == "before"


def test_what_is_not_expected_is_told_and_not_taken_for_kept(case):
    async def work():
        keeper, told = make_keeper(case)

        def fails(_):
            raise ZeroDivisionError("no reason")

        case.mask, case.write_masks = "a stroke", fails
        keeper.keep()
        with pytest.raises(ZeroDivisionError):
            await keeper.wait()
        assert "ZeroDivisionError: no reason" in told[0]
        assert keeper.kept == {"brain": "from the files"} and not keeper.is_busy

    asyncio.run(work())


def test_saved_masks_are_told_as_saved_until_they_change(case):
    async def work():
        keeper, _ = make_keeper(case)
        case.mask = "a stroke"
        await keeper.wait()
        assert on_disk(case)[1].unsaved
        keeper.mark_saved()
        await keeper.wait()
        assert not on_disk(case)[1].unsaved and on_disk(case)[0] == "a stroke"
        case.mask = "another"
        await keeper.wait()
        assert on_disk(case)[1].unsaved
        case.mask = "a stroke"  # undo
        await keeper.wait()
        assert not on_disk(case)[1].unsaved

    asyncio.run(work())


def test_masks_that_are_as_in_the_files_leave_no_draft(case):
    async def work():
        keeper, _ = make_keeper(case)
        await keeper.wait()
        keeper.mark_saved()
        await keeper.wait()

    asyncio.run(work())
    assert on_disk(case) == ("", None)


@pytest.mark.parametrize(
    ("image", "masks", "told"),
    [("image", "nonsense", "cannot be read"), ("another image", "good", "of other images")],
)
def test_a_draft_that_cannot_be_used_is_moved_aside(case, image, masks, told):
    store = DraftStore(case.entry)
    store.unfinished().write_text(masks)
    store.write(Draft(image, unsaved=True), store.unfinished())
    sentence = Keeper(lambda: None, print).begin(case)
    assert told in sentence and case.mask == "from the files"
    aside = store.folder.with_name(f"{store.folder.name}-old-1")
    assert str(aside) in sentence and (aside / "1.seg.nrrd").read_text() == masks


def test_masks_that_a_kill_left_unfinished_are_no_draft_and_do_not_stay(case):
    store = DraftStore(case.entry)
    store.unfinished().write_text("half")
    assert Keeper(lambda: None, print).begin(case) == ""
    assert case.mask == "from the files" and not store.folder.exists()


def test_what_a_kill_left_beside_a_draft_does_not_stay(case):
    store = DraftStore(case.entry)
    store.unfinished().write_text("kept")
    store.write(Draft("image", unsaved=True), store.unfinished())
    for name in ("2.seg.nrrd", ".review.json-0a1b2c3d", "unfinished.seg.nrrd"):
        (store.folder / name).write_text("half")
    assert "not saved yet" in Keeper(lambda: None, print).begin(case)
    assert case.mask == "kept"
    assert {path.name for path in store.folder.iterdir()} == {"1.seg.nrrd", "review.json"}


TAKE = """
import sys
from DSCBrainSegLib.errors import OutputError
from DSCBrainSegLib.web.locks import Claims
from DSCBrainSegLib.web.drafts import drafts_folder
try:
    claims = Claims(drafts_folder())
    claims.take(sys.argv[1])
    print("taken", flush=True)
    sys.stdin.read()
except OutputError as error:
    print(error)
"""


@contextmanager
def other_review(case):
    """Another process that wants the entry, and what it says."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE, name_of(case.entry)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_two_servers_do_not_keep_drafts_of_one_series(case):
    keeper = Keeper(lambda: None, print)
    with other_review(case) as said:
        assert said == "taken"
        with pytest.raises(OutputError, match="open in another review"):
            keeper.claim(case.entry)
        keeper.begin(FakeCase("another series"))
    assert keeper.begin(case) == "", "the other one was killed"


def test_a_series_that_was_left_is_free_for_another_server(case):
    keeper = Keeper(lambda: None, print)
    keeper.begin(case)
    keeper.leave()
    keeper.begin(FakeCase("another series"))
    with other_review(case) as said:
        assert said == "taken"
    with other_review(FakeCase("another series")) as said:
        assert "open in another review" in said


def test_a_saved_draft_takes_the_ground_truth_of_the_files(case):
    store = DraftStore(case.entry)
    store.unfinished().write_text("saved")
    store.write(Draft("image", unsaved=False), store.unfinished())
    keeper, told = make_keeper(case)
    assert case.mask == "saved" and case.truth_loaded and not told
    assert keeper.kept == {"brain": "saved"}
