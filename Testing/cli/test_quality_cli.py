"""What the terminal and segment.json say about the slices a person should look at."""

import json

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.series import write_nifti


@pytest.fixture
def odd_series(tmp_path):
    """A series whose fifth slice holds only the middle of the ball."""
    inside = ball()
    inside[4, :14] = inside[4, 30:] = False
    frames = np.where(inside, 900.0, 40.0)[None].repeat(4, axis=0).astype(np.float32)
    path = tmp_path / "series.nii.gz"
    write_nifti(path, frames, np.diag([3.0, 3.0, 5.0, 1.0]), 1.5)
    return path


@pytest.fixture
def run(capsys):
    """Run ``dscbrainseg segment``; returns exit code and what it printed."""

    def run(*arguments):
        code = main(["segment", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


def test_the_terminal_counts_slices_from_1_and_segment_json_from_0(
    odd_series, threshold_method, tmp_path, run
):
    out = tmp_path / "out"
    code, told = run(odd_series, "-o", out, "--method", threshold_method)
    assert code == 0
    assert "Slices to look at (counted from 1, framed in overlay.png):" in told
    assert "\n  5: Its area" in told
    quality = json.loads((out / "segment.json").read_text())["quality"]
    assert [found["slice"] for found in quality["slices_to_check"]] == [4]
    assert quality["confidence"] is None
    assert quality["per_slice_confidence"] == [None] * len(ball())


def test_nothing_is_listed_where_nothing_is_unusual(series_file, threshold_method, tmp_path, run):
    code, told = run(series_file, "-o", tmp_path / "out", "--method", threshold_method)
    assert code == 0
    assert "Brain mask" in told and "look at" not in told
