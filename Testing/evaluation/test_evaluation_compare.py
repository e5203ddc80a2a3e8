"""``segment --compare``: every method on one series, and none lost by another's failure."""

import json

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib import methods
from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.display import METHOD_COLOURS, REFERENCE_COLOUR
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.series import read_series

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")

SHARED = {"compare.png", "compare.md", "compare.json"}


def above_half(volume, spacing):
    return volume > 0.5 * volume.max()


def left_half(volume, spacing):
    mask = above_half(volume, spacing)
    mask[:, :, : mask.shape[2] // 2] = False
    return mask


def broken(volume, spacing):
    raise ValueError("out of luck")


def nothing(volume, spacing):
    return np.zeros(volume.shape, bool)


@pytest.fixture
def registry(monkeypatch):
    """Only these methods exist."""

    def fill(**functions):
        found = {name: SegmentationMethod(name, name, each) for name, each in functions.items()}
        monkeypatch.setattr(methods.registry, "_METHODS", found)

    fill(otsu=above_half, aabl=left_half, cusum=broken, network=nothing)
    return fill


@pytest.fixture
def compare(series_file, tmp_path, capfd):
    """Run the command; returns exit code, output folder and what was printed."""

    def call(*arguments, out=None):
        out = out or tmp_path / "out"
        command = ["segment", series_file, "-o", out, "--compare", "--method", "otsu", *arguments]
        code = main([str(argument) for argument in command])
        return code, out, *capfd.readouterr()

    return call


def test_every_method_leaves_its_mask_and_one_that_fails_costs_nothing(registry, compare):
    code, out, printed, error = compare()
    assert code == 0
    masks = {"mask-otsu.nii.gz", "mask-aabl.nii.gz"}
    assert {path.name for path in out.iterdir()} == SHARED | masks
    np.testing.assert_array_equal(read_series(out / "mask-otsu.nii.gz").frames[0] > 0, ball())
    half = read_series(out / "mask-aabl.nii.gz").frames[0] > 0
    assert 0 < half.sum() < ball().sum()
    assert "cusum: ValueError: out of luck" in error and "network: " in error
    facts = json.loads((out / "compare.json").read_text())
    rows = {row["method"]: row for row in facts["methods"]}
    assert list(rows) == ["otsu", "aabl", "cusum", "network"]
    assert rows["otsu"]["dice"] == 1.0
    assert rows["otsu"]["volume_ml"] == pytest.approx(ball().sum() * 0.045, abs=0.01)
    dice = 2 * half.sum() / (half.sum() + ball().sum())
    assert rows["aabl"]["dice"] == pytest.approx(dice, abs=1e-4)
    assert facts["frame"]["number"] == 4 and facts["compared_with"] == "otsu"
    table = (out / "compare.md").read_text()
    assert f"| aabl | {half.sum() * 0.045:.0f} |" in table and f"{dice:.4f}" in table
    assert "| cusum | – | – | – | ValueError: out of luck |" in table
    assert f"Dice with otsu {dice:.4f}" in printed


def test_the_picture_has_every_method_in_its_colour_and_no_reference(registry, compare):
    _, out, *_ = compare()
    picture = np.asarray(Image.open(out / "compare.png").convert("RGB"), float)

    def columns(colour):
        near = np.abs(picture - colour).max(axis=2) < 12
        return np.flatnonzero(near.any(axis=0)) / picture.shape[1]

    otsu, aabl = columns(METHOD_COLOURS["otsu"]), columns(METHOD_COLOURS["aabl"])
    assert otsu.size and aabl.size and 0.2 < otsu.min() < otsu.max() < aabl.min() < 0.7
    assert not columns(REFERENCE_COLOUR).size


def test_no_path_and_no_name_of_the_input_is_written(registry, compare, series_file):
    _, out, *_ = compare()
    for name in ("compare.json", "compare.md"):
        text = (out / name).read_text()
        assert "Größe" not in text and "perfusion" not in text and str(out) not in text


def test_results_are_kept_unless_asked_and_stale_masks_go(registry, compare):
    code, out, *_ = compare()
    before = {path: path.read_bytes() for path in out.iterdir()}
    code, _, _, error = compare()
    assert code == 1 and "compare.png" in error and "--overwrite" in error
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    (out / "notes.txt").write_text("keep")
    registry(otsu=above_half, aabl=broken)
    assert compare("--overwrite")[0] == 0
    assert not (out / "mask-aabl.nii.gz").exists(), "it is not of this run"
    assert (out / "notes.txt").read_text() == "keep"


def test_the_chosen_method_may_fail(registry, compare):
    registry(otsu=broken, aabl=left_half)
    code, out, *_ = compare()
    assert code == 0
    rows = json.loads((out / "compare.json").read_text())["methods"]
    assert rows[0]["failure"] and rows[1]["dice"] is None


def test_when_all_fail_it_says_why_and_leaves_nothing(registry, compare, tmp_path):
    registry(otsu=nothing, aabl=broken)
    code, out, _, error = compare()
    assert code == 1 and "no brain was found" in error and error.count("\n") == 1
    assert not out.exists()
    assert compare("--frame", "99")[0] == 2


def test_json_and_nrrd(registry, compare):
    code, out, printed, _ = compare("--json", "--format", "nrrd", "--frame", "2")
    assert code == 0
    facts = json.loads(printed)
    assert facts == json.loads((out / "compare.json").read_text())
    assert facts["frame"]["number"] == 2
    np.testing.assert_array_equal(read_series(out / "mask-otsu.nrrd").frames[0] > 0, ball())


def test_unknown_methods_and_series_are_told(registry, compare, tmp_path):
    assert compare("--method", "magic")[0] == 2
    assert main(["segment", str(tmp_path / "no"), "-o", str(tmp_path / "o"), "--compare"]) == 1
    assert not (tmp_path / "o").exists()
