"""Many series in one loop: what fails costs no other, and a stopped batch goes on."""

import csv
import json

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.case_loop import Job, segment_many
from DSCBrainSegLib.errors import Cancelled, ConfigurationError
from DSCBrainSegLib.methods import SegmentationMethod, get_method
from DSCBrainSegLib.results.segment_batch import segment_batch
from DSCBrainSegLib.results.sources import BatchSource, find_sources
from DSCBrainSegLib.series import DSCSeries, write_nifti

AFFINE = np.diag([3.0, 3.0, 5.0, 1.0])


class Counted:
    """A method that notes its calls."""

    def __init__(self, **more):
        self.calls = 0
        self.method = SegmentationMethod("counted", "for tests", self._segment, **more)

    def _segment(self, volume, spacing):
        self.calls += 1
        return volume > 0.5 * volume.max()


def series(inside=True):
    frames = np.where(ball() & inside, 900.0, 40.0)[None].repeat(4, axis=0)
    frames[:, 0, 0, 0] = 41.0
    return DSCSeries(frames=frames, times=np.arange(4.0), affine=AFFINE)


@pytest.fixture
def folder(tmp_path):
    """Three files named after people; the second is damaged."""
    folder = tmp_path / "scans"
    folder.mkdir()
    for name in ("Doe^Jane", "Roe^Richard", "Poe^Edgar"):
        write_nifti(folder / f"{name}.nii.gz", series().frames, AFFINE, 1.5)
    (folder / "Poe^Edgar.nii.gz").write_bytes(b"damaged")
    return folder


def test_a_series_that_fails_costs_no_other_and_is_told_without_its_file_name(folder):
    method = Counted().method
    jobs = [Job(f"scan-{n}", path, method) for n, path in enumerate(sorted(folder.iterdir()))]
    done = list(segment_many(jobs))
    assert [outcome.result is not None for outcome in done] == [True, False, True]
    assert "Poe" not in done[1].failure and str(folder) not in done[1].failure
    assert "scan-1" in done[1].failure and done[0].failure == ""
    assert done[0].seconds > 0 and np.isnan(done[1].seconds)


def test_an_unexpected_error_is_named_by_its_kind():
    def broken(volume, spacing):
        raise RuntimeError("out\nof luck")

    (outcome,) = segment_many([Job("one", series(), SegmentationMethod("broken", "", broken))])
    assert outcome.failure == "RuntimeError: out of luck"


def test_each_job_is_made_after_the_outcome_before_was_seen():
    counted, seen = Counted(), []

    def jobs():
        for number in range(3):
            assert len(seen) == number
            yield Job(str(number), series(), counted.method, context=number)

    for outcome in segment_many(jobs()):
        seen.append(outcome.job.context)
    assert seen == [0, 1, 2] and counted.calls == 3


def test_an_untimed_call_comes_once_before_the_first_of_each_method():
    counted = Counted()
    list(segment_many([Job(name, series(), counted.method) for name in "ab"], warm_up=True))
    assert counted.calls == 3


def test_an_empty_mask_is_a_failure_unless_methods_are_measured():
    nothing = SegmentationMethod("nothing", "", lambda volume, spacing: volume > np.inf)
    job = Job("one", series(), nothing)
    (judged,) = segment_many([job])
    assert "no brain was found" in judged.failure
    (measured,) = segment_many([job], judge=False)
    assert measured.result.mask.sum() == 0 and measured.result.quality is None


def test_cancelling_keeps_what_was_handed_out():
    counted, seen = Counted(), []
    jobs = [Job(name, series(), counted.method) for name in "abc"]
    with pytest.raises(Cancelled):
        for outcome in segment_many(jobs, cancelled=lambda: counted.calls >= 2):
            seen.append(outcome.job.name)
    assert seen == ["a"]


def test_progress_counts_series_and_names_the_steps():
    told = []
    jobs = [Job(name, series(), Counted().method) for name in "ab"]
    list(segment_many(jobs, progress=lambda *step: told.append(step)))
    assert [step[:2] for step in told][:: len(told) - 1] == [(0, 2), (2, 2)]
    assert any(message.startswith("b: Segmenting") for _, _, message in told)


def rows(out):
    return list(csv.DictReader((out / "summary.csv").open(encoding="utf-8")))


def test_a_folder_of_series_becomes_a_folder_of_results(folder, tmp_path, threshold_method):
    out = tmp_path / "out"
    items = list(segment_batch(find_sources(folder), out, threshold_method))
    assert [item.state for item in items] == ["done", "failed", "done"]
    assert [row["state"] for row in rows(out)] == ["done", "failed", "done"]
    first = out / items[0].code
    names = {path.name for path in first.iterdir()}
    assert names == {"mask.nii.gz", "overlay.png", "segment.json", "report.html"}
    facts = json.loads((first / "segment.json").read_text())
    assert facts["volume_ml"] == items[0].facts["volume_ml"]
    for path in out.rglob("*"):
        if path.is_file():
            assert b"Doe" not in path.read_bytes() and b"Poe" not in path.read_bytes()


def test_a_batch_goes_on_where_it_was_stopped(folder, tmp_path, monkeypatch, threshold_method):
    out, seen = tmp_path / "out", []
    with pytest.raises(Cancelled):
        for item in segment_batch(
            find_sources(folder), out, threshold_method, cancelled=lambda: len(seen) >= 1
        ):
            seen.append(item.state)
    kept = (out / "series-001" / "mask.nii.gz").stat().st_mtime_ns
    write_nifti(folder / "Poe^Edgar.nii.gz", series().frames, AFFINE, 1.5)
    items = list(segment_batch(find_sources(folder), out, threshold_method))
    assert [item.state for item in items] == ["done"] * 3
    assert (out / "series-001" / "mask.nii.gz").stat().st_mtime_ns == kept
    # All done: nothing is segmented again.
    monkeypatch.setattr("DSCBrainSegLib.case_loop._segment", None)
    assert len(list(segment_batch(find_sources(folder), out, threshold_method))) == 3


def test_other_settings_and_a_used_folder_are_refused(folder, tmp_path, threshold_method):
    out = tmp_path / "out"
    list(segment_batch(find_sources(folder), out, threshold_method))
    for more in ({"frame": 1}, {"bolus": False}):
        with pytest.raises(ConfigurationError, match="other settings"):
            list(segment_batch(find_sources(folder), out, threshold_method, **more))
    with pytest.raises(ConfigurationError, match="empty folder"):
        list(segment_batch(find_sources(folder), folder, threshold_method))


def test_a_batch_of_an_earlier_version_is_gone_on_with(folder, tmp_path, threshold_method):
    out = tmp_path / "out"
    out.mkdir()
    source = BatchSource("", str(folder / "Doe^Jane.nii.gz"))
    item = {"code": "x", "key": source.key, "state": "waiting", "failure": "", "facts": {}}
    facts = {"format": "dscbrainseg-batch", "version": 1, "method": threshold_method}
    (out / "batch.json").write_text(json.dumps({**facts, "frame": None, "items": [item]}))
    (done,) = segment_batch([source], out, threshold_method)
    assert (done.code, done.state) == ("x", "done")


def test_a_mask_format_that_a_series_cannot_have_fails_that_series(
    folder, tmp_path, threshold_method
):
    pytest.importorskip("highdicom")
    items = segment_batch(
        find_sources(folder), tmp_path / "out", threshold_method, mask_formats=("nii.gz", "dcm-seg")
    )
    assert {item.state for item in items} == {"failed"}
    with pytest.raises(ConfigurationError, match="written as"):
        list(segment_batch([], tmp_path / "none", threshold_method, mask_formats=("gif",)))
    assert not (tmp_path / "none").exists()


def test_a_method_s_weights_belong_to_the_job(tmp_path):
    with pytest.raises(ConfigurationError, match="uses no weights"):
        get_method("otsu").with_weights(tmp_path / "x.weights.h5")
