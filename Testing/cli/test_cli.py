"""The command line as a user meets it: results, sentences, exit codes, nothing half written."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from bright_ball import ball
from places import REPOSITORY

from DSCBrainSegLib.cli.info import _shown
from DSCBrainSegLib.cli.main import main

RESULTS = {"mask.nii.gz", "overlay.png", "segment.json", "report.html"}


@pytest.fixture
def run(capfd):
    """Run the command line in this process; returns its exit code and what it printed."""

    def call(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return call


def names(folder):
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def assert_one_sentence(error, *words):
    assert error.startswith("dscbrainseg: ") and error.count("\n") == 1, error
    assert "Traceback" not in error
    for word in words:
        assert word in error


def test_segment_writes_mask_overlay_figures_and_report(run, series_file, threshold_method):
    from PIL import Image

    from DSCBrainSegLib.series import read_series

    out = series_file.parent / "Ergebnis ä"
    code, printed, _ = run("segment", series_file, "-o", out, "--method", threshold_method)
    assert code == 0
    assert names(out) == RESULTS
    assert "mL" in printed
    mask = read_series(out / "mask.nii.gz")
    np.testing.assert_array_equal(mask.frames[0] > 0, ball())
    np.testing.assert_allclose(mask.affine, read_series(series_file).affine, atol=1e-4)
    facts = json.loads((out / "segment.json").read_text())
    assert facts["volume_ml"] == pytest.approx(ball().sum() * 0.045, abs=0.01)
    assert facts["frame"]["number"] == 4
    assert facts["mask"]["voxels"] == ball().sum()
    overlay = np.asarray(Image.open(out / "overlay.png").convert("RGB")).astype(int)
    # The outline is coloured, everything else but numbers grey.
    assert (np.ptp(overlay, axis=-1) > 100).sum() > 500
    report = (out / "report.html").read_text()
    assert "data:image/png;base64" in report and "http" not in report.split("</style>")[1]


def test_json_prints_the_figures_and_nothing_else(run, series_file, threshold_method, tmp_path):
    code, printed, error = run(
        "segment", series_file, "-o", tmp_path / "o", "--method", threshold_method, "--json"
    )
    assert code == 0 and error == ""
    assert json.loads(printed) == json.loads((tmp_path / "o" / "segment.json").read_text())


def test_frame_numbers_count_from_one(run, series_file, threshold_method, tmp_path):
    arguments = ("segment", series_file, "--method", threshold_method, "--json")
    _, printed, _ = run(*arguments, "-o", tmp_path / "a", "--frame", "2")
    assert json.loads(printed)["frame"] == {
        "number": 2,
        "count": 6,
        "time_s": 1.5,
        "reason": "chosen by the user",
    }
    for number, word in enumerate(("auto", "AUTO")):
        assert run(*arguments, "-o", tmp_path / f"auto-{number}", "--frame", word)[0] == 0


def test_nrrd_mask(run, series_file, threshold_method, tmp_path):
    from DSCBrainSegLib.series import read_series

    code, *_ = run(
        "segment", series_file, "-o", tmp_path, "--method", threshold_method, "--format", "nrrd"
    )
    assert code == 0
    np.testing.assert_array_equal(read_series(tmp_path / "mask.nrrd").frames[0] > 0, ball())


def test_existing_results_are_kept_unless_asked(run, series_file, threshold_method, tmp_path):
    arguments = ("segment", series_file, "-o", tmp_path, "--method", threshold_method)
    (tmp_path / "overlay.png").write_text("mine")
    code, _, error = run(*arguments)
    assert code == 1
    assert_one_sentence(error, "overlay.png", "--overwrite")
    assert (tmp_path / "overlay.png").read_text() == "mine"
    (tmp_path / "notes.txt").write_text("keep")
    assert run(*arguments, "--overwrite")[0] == 0
    assert (tmp_path / "notes.txt").read_text() == "keep"
    assert (tmp_path / "overlay.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["segment"], 2),
        (["segment", "x"], 2),
        (["segment", "x", "-o", "y", "--frame", "0"], 2),
        (["segment", "x", "-o", "y", "--frame", "first"], 2),
        (["segment", "x", "-o", "y", "--format", "png"], 2),
        (["segment", "x", "-o", "y", "--method", "magic"], 2),
        (["unknown"], 2),
        (["segment", "no-such-folder", "-o", "y", "--method", "otsu"], 1),
        (["info", "no-such-folder"], 1),
        (["--help"], 0),
        (["--version"], 0),
    ],
)
def test_exit_codes(run, arguments, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, _, error = run(*arguments)
    assert found == code
    assert "Traceback" not in error
    assert not names(tmp_path), "nothing may be left behind"


def test_a_full_disk_leaves_nothing(run, series_file, threshold_method, tmp_path, monkeypatch):
    import DSCBrainSegLib.series as series_package

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(series_package, "write_mask", full)
    out = tmp_path / "deep" / "out"
    code, _, error = run("segment", series_file, "-o", out, "--method", threshold_method)
    assert code == 1
    assert_one_sentence(error, "No space left on device", "free space")
    assert not (tmp_path / "deep").exists()


def test_an_output_that_cannot_be_a_folder(run, series_file, threshold_method):
    code, _, error = run("segment", series_file, "-o", series_file, "--method", threshold_method)
    assert code == 1
    assert_one_sentence(error, "is a file, not a folder")


def test_a_read_only_folder(run, series_file, threshold_method, tmp_path, monkeypatch):
    import tempfile

    def refuse(**options):
        # What the system answers in a read-only folder; root, who runs CI, may write anywhere.
        raise PermissionError(errno.EACCES, "Permission denied", str(options["dir"]))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    code, _, error = run("segment", series_file, "-o", tmp_path, "--method", threshold_method)
    assert code == 1
    assert_one_sentence(error, "Permission denied")


def test_a_bug_is_one_sentence_and_verbose_shows_where(run, series_file, monkeypatch, tmp_path):
    import DSCBrainSegLib.pipeline as pipeline

    def broken(*arguments, **options):
        raise RuntimeError("surprise")

    monkeypatch.setattr(pipeline, "segment_series", broken)
    arguments = ("segment", series_file, "-o", tmp_path / "o", "--method", "otsu")
    code, _, error = run(*arguments)
    assert code == 1
    assert_one_sentence(error, "surprise", "--verbose")
    assert "Traceback" in run(*arguments, "--verbose")[2]


def test_info_describes_a_series(run, series_file):
    code, printed, _ = run("info", series_file, "--json")
    facts = json.loads(printed)
    assert code == 0
    assert facts["chosen"]["time_points"] == 6
    assert facts["chosen"]["voxel_size_mm"] == [3.0, 3.0, 5.0]
    assert run("info", series_file)[1].count("\n") > 5
    assert _shown(37.83 / 1000) == "0.03783" and _shown([3.0, 2.5]) == "3 x 2.5"


SLOW = """
import os, signal, time
# A test suite in the background ignores Ctrl-C, and its children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from DSCBrainSegLib import methods
from DSCBrainSegLib.cli import run

def segment(volume, spacing):
    Path(os.environ["STARTED"]).touch()
    time.sleep(60)

methods.register_method(methods.SegmentationMethod("slow", "", segment))
run()
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing(sent, series_file, tmp_path):
    out, started = tmp_path / "out", tmp_path / "started"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "segment", series_file, "-o", out, "--method", "slow"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "STARTED": str(started)},
    )
    deadline = time.monotonic() + 60
    while not started.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started.exists()
    process.send_signal(sent)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    # Behind the ^C that a terminal shows the sentence starts a new line.
    assert_one_sentence(error.lstrip("\n"), "nothing is left half written")
    assert not out.exists()


def test_training_settings_are_shown_without_a_cohort(run, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("epochs = 3\n", encoding="utf-8")
    code, printed, error = run("train", "--show-config", "--config", mine)
    assert (code, error) == (0, "")
    assert printed.startswith("epochs = 3\n") and "[network]" in printed
    mine.write_text("epochs = 0\n", encoding="utf-8")
    code, printed, error = run("train", "--config", mine, "--show-config")
    assert (code, printed) == (2, "")
    assert_one_sentence(error, "mine.toml", "epochs")


def test_no_patient_name_leaves_the_header(run, threshold_method, tmp_path):
    import pydicom

    from DSCBrainSegLib.series import DSCSeries, write_dicom_series

    frames = np.where(ball(), 900, 40)[None].repeat(4, axis=0).astype(np.uint16)
    series = DSCSeries(frames, np.arange(4) * 1.5, np.diag([3.0, 3, 5, 1]), 0.03, 1.5)
    for path in write_dicom_series(series, tmp_path / "dicom"):
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "Secret^Person"
        dataset.PatientID = "ID4711"
        dataset.PatientBirthDate = "19610203"
        dataset.save_as(path)
    code, printed, error = run(
        "segment", tmp_path / "dicom", "-o", tmp_path / "o", "--method", threshold_method, "--json"
    )
    assert code == 0
    written = [path.read_bytes() for path in (tmp_path / "o").iterdir()]
    for secret in ("Secret", "4711", "19610203"):
        assert secret not in printed + error
        assert not any(secret.encode() in content for content in written)
