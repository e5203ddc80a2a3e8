"""The list of a batch on disk: states, going on after a stop, nothing that names a patient."""

import csv
import json

import pytest
from cohort_factory import make_cohort

from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.results.batch import Batch, describe_item
from DSCBrainSegLib.results.sources import BatchSource, find_sources

ANSWER = {
    "event": "result",
    "id": 3,
    "mask_file": "/somewhere/mask.nii.gz",
    "volume_ml": 1200.4,
    "frame": {"number": 4, "index": 3},
    "warnings": ["Look at it."],
    "quality": {"confidence": 0.8, "slices_to_check": [{"slice": 6, "reasons": ["Blurred."]}]},
}


def sources(*names):
    return [BatchSource(name, f"/data/{name}") for name in names]


def finish(batch, item, answer=ANSWER):
    batch.begin(item)
    (batch.output / item.code).mkdir(parents=True, exist_ok=True)
    (batch.output / item.code / "mask.nii.gz").touch()
    batch.finish(item, dict(answer))


def open_batch(folder, *names, method="otsu", frame=None):
    batch = Batch(folder, method, frame)
    batch.add(sources(*names))
    return batch


def test_what_is_done_stays_done_and_the_rest_goes_on(tmp_path):
    batch = open_batch(tmp_path / "out", "A", "B", "C")
    first, second, third = batch.items
    assert batch.next_item() is first
    finish(batch, first)
    batch.begin(second)
    batch.fail(second, "/data/B holds no series.")
    assert second.failure == "series-002 holds no series."
    batch.begin(third)  # and the program is killed
    again = open_batch(tmp_path / "out", "C", "A", "B")
    assert [item.state for item in again.items] == ["waiting", "done", "failed"]
    assert [item.code for item in again.items] == ["series-003", "series-001", "series-002"]
    again.retry_failed()
    assert [item.state for item in again.items] == ["waiting", "done", "waiting"]
    assert again.source(again.next_item()).label == "C"


@pytest.mark.parametrize("name", ["mask.nii.gz", "segment.json"])
def test_a_mask_that_was_deleted_is_made_again(tmp_path, name):
    batch = open_batch(tmp_path / "out", "A")
    finish(batch, batch.items[0])
    assert open_batch(tmp_path / "out", "A").items[0].state == "done"
    (tmp_path / "out" / "series-001" / name).unlink()
    assert open_batch(tmp_path / "out", "A").items[0].state == "waiting"


def test_the_summary_has_the_figures_and_no_names(tmp_path):
    batch = open_batch(tmp_path / "out", "Muster^Max", "B")
    finish(batch, batch.items[0])
    batch.save()
    with open(tmp_path / "out" / "summary.csv", newline="") as file:
        done, waiting = csv.DictReader(file)
    assert (done["volume_ml"], done["time_point"], done["confidence"]) == ("1200.4", "4", "0.8")
    assert done["slices_to_check"] == "7" and done["warnings"] == "Look at it."
    assert waiting["state"] == "waiting" and waiting["volume_ml"] == ""
    assert batch.summary() == (
        "1 waiting, 1 done; brain volumes 1200 to 1200 mL; 1 with slices to check"
    )
    assert describe_item(batch.items[0]) == "look at slice 7; Look at it."
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"Muster" not in path.read_bytes() and b"/somewhere" not in path.read_bytes()
    assert json.loads((tmp_path / "out/series-001/segment.json").read_text())["frame"]["number"]


def test_the_request_names_files_and_only_a_series_has_a_time_point(tmp_path):
    batch = Batch(tmp_path / "out", "otsu", 5)
    cohort = make_cohort(tmp_path / "cohort", names=("a",))
    batch.add([*find_sources(cohort.folder), BatchSource("x", ("/d/1.dcm", "/d/2.dcm"))])
    single, series = (batch.request(item) for item in batch.items)
    assert single["frame"] is None and single["input"].endswith("frame.nii.gz")
    assert series["frame"] == 5 and series["input"] == ["/d/1.dcm", "/d/2.dcm"]
    assert series["output"] == str(tmp_path / "out" / "series-001")
    item = batch.items[1]
    batch.begin(item)
    batch.fail(item, "/d/2.dcm in /d is damaged.")
    assert item.failure == "series-001 in series-001 is damaged."


def test_a_failure_names_no_file(tmp_path):
    patient = tmp_path / "in" / "DOE_JANE"
    patient.mkdir(parents=True)
    for name in ("DOE_JANE.MR.0001.IMA", "12345678", "1"):
        (patient / name).touch()
    batch = Batch(tmp_path / "out", "otsu")
    listed = tuple(str(path) for path in sorted(patient.iterdir()))
    batch.add([BatchSource("x", str(tmp_path / "in")), BatchSource("y", listed)])
    said = "DOE_JANE/DOE_JANE.MR.0001.IMA and 12345678 in DOE_JANE are cut short at time point 1."
    for item in batch.items:
        batch.begin(item)
        batch.fail(item, said)
        assert item.failure.endswith("are cut short at time point 1.")
    for path in (tmp_path / "out").rglob("*.*"):
        assert "DOE" not in path.read_text() and "12345678" not in path.read_text()


def test_folders_are_searched_as_people_export_them(tmp_path):
    for name in ("P1/im1.dcm", "P2/deep/im1.dcm", "s.nii.gz", "notes.txt", ".hidden/x.dcm"):
        (tmp_path / "many" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "many" / name).write_bytes(b"x")
    (tmp_path / "many" / "empty").mkdir()
    assert [source.label for source in find_sources(tmp_path / "many")] == ["P1", "P2", "s.nii.gz"]
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "im1.dcm").write_bytes(b"x")
    (one,) = find_sources(tmp_path / "one")
    assert one.files == str(tmp_path / "one")
    (tmp_path / "none").mkdir()
    for wrong, words in ((tmp_path / "none", "holds no series"), (tmp_path / "gone", "not a")):
        with pytest.raises(SeriesError, match=words):
            find_sources(wrong)


def test_folders_with_other_results_are_refused(tmp_path):
    open_batch(tmp_path / "out", "A").save()
    for method, frame in (("aabl", None), ("otsu", 2)):
        with pytest.raises(ConfigurationError, match="choose another folder"):
            Batch(tmp_path / "out", method, frame)
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="choose an empty folder"):
        Batch(tmp_path / "used", "otsu")
    (tmp_path / "out" / "batch.json").write_text('{"format": "other"}')
    with pytest.raises(SeriesError, match="not of this program"):
        Batch(tmp_path / "out", "otsu")
    (tmp_path / "file").write_text("x")
    with pytest.raises((OutputError, ConfigurationError)):
        open_batch(tmp_path / "file" / "below", "A").save()
