"""Many series from the command line: segmented, gone on with; a bad one costs only itself."""

import csv
import json
import shutil

import pytest
from dicom_factory import make_affine, write_classic
from small_studies import make_head

from DSCBrainSegLib.cli.main import main


@pytest.fixture
def scans(tmp_path):
    """Two series in folders and a folder that holds none."""
    folder = tmp_path / "scans"
    frames = make_head().frames.astype("uint16")
    for name in ("SECRET one", "SECRET two"):
        write_classic(folder / name, frames, make_affine())
    (folder / "SECRET notes").mkdir()
    (folder / "SECRET notes" / "readme.txt").write_text("nothing")
    return folder


def rows(out):
    with open(out / "summary.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_every_series_gets_its_mask_and_a_bad_one_a_sentence(scans, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["batch", str(scans), "-o", str(out), "--method", "otsu-post"]
    assert main([*command, "--format", "dcm-seg"]) == 1
    states = sorted(row["state"] for row in rows(out))
    assert states == ["done", "done", "failed"]
    assert len(list(out.glob("*/mask.nii.gz"))) == len(list(out.glob("*/mask.dcm"))) == 2
    told = capsys.readouterr()
    assert "2 of 3 series" in told.out and "Failed" in told.err
    for path in (out / "summary.csv", out / "batch.json"):
        assert "SECRET" not in path.read_text()


def test_a_second_call_goes_on_and_does_not_segment_again(scans, tmp_path, capsys):
    out = tmp_path / "out"
    command = ["batch", str(scans / "SECRET one"), str(scans / "SECRET two"), "-o", str(out)]
    command += ["--method", "otsu-post", "--json"]
    assert main(command) == 0
    first = {path: path.stat().st_mtime_ns for path in out.glob("*/mask.nii.gz")}
    lost = sorted(first)[0]
    shutil.rmtree(lost.parent)
    assert main(command) == 0
    again = {path: path.stat().st_mtime_ns for path in out.glob("*/mask.nii.gz")}
    assert set(again) == set(first)
    assert [path for path in first if again[path] == first[path]] == sorted(first)[1:]
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["failed"] == 0


def test_a_list_names_series_and_their_codes(scans, tmp_path, capsys):
    listed = tmp_path / "list.csv"
    listed.write_text("path,code\nscans/SECRET one,A-1\nscans/SECRET two,A-2\n")
    out = tmp_path / "out"
    assert main(["batch", str(listed), "-o", str(out), "--method", "otsu-post"]) == 0
    assert [row["code"] for row in rows(out)] == ["A-1", "A-2"]
    assert (out / "A-1" / "mask.nii.gz").is_file()


@pytest.mark.parametrize(
    ("text", "word"),
    [("file\nx\n", "column"), ("path,code\nx,../up\n", "cannot name"), ("path\n\n ,\n", "path")],
)
def test_a_wrong_list_is_told(tmp_path, capsys, text, word):
    listed = tmp_path / "list.csv"
    listed.write_text(text)
    assert main(["batch", str(listed), "-o", str(tmp_path / "out")]) == 1
    assert word in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
