"""Echoes in the lists that people see: the command line's, the worker's, and the browser's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dicom_factory import make_affine, write_classic
from synthetic_head import ellipsoid

from DSCBrainSegLib.cli.main import main


@pytest.fixture
def folder(tmp_path):
    """A bright ball with two echoes in one series; the second is darker by a third."""
    ball = 100 + 900 * ellipsoid((6, 24, 24), (5, 18, 18), (12, 48, 48))
    frames = np.stack([ball] * 5).astype(np.uint16)
    for echo, echo_time in enumerate((14.0, 45.0)):
        write_classic(
            tmp_path / "dicom",
            (frames / (1 + 0.5 * echo)).astype(np.uint16),
            make_affine(),
            vendor="ge",
            echo_time_ms=echo_time,
            SeriesInstanceUID="1.2.3",
            prefix=f"e{echo}",
        )
    return tmp_path / "dicom"


def test_info_lists_every_echo_and_says_which_is_used(folder, capsys):
    assert main(["info", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "1.2.3@14ms" in shown.out and "TE 14 ms, echo 1 of 2" in shown.out
    assert "1.2.3@45ms" in shown.out and "TE 45 ms, echo 2 of 2" in shown.out
    assert "echo 2 (45 ms) is used, --echo chooses" in shown.err
    assert main(["info", str(folder), "--echo", "1", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [each["echo"] for each in facts["series"]] == [1, 2]
    assert facts["chosen"]["echo"] == 1
    assert facts["chosen"]["echo_time_s"] == 0.014


def test_segment_takes_the_echo_that_was_asked_for_and_the_report_says_which(folder, tmp_path):
    out = tmp_path / "out"
    arguments = ["segment", str(folder), "-o", str(out), "--method", "otsu", "--echo", "1"]
    assert main(arguments) == 0
    facts = json.loads((out / "segment.json").read_text())
    assert (facts["series"]["echo"], facts["series"]["echoes"]) == (1, 2)
    assert facts["series"]["echo_time_s"] == 0.014


def test_an_echo_that_is_not_there_is_one_sentence(folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["segment", str(folder), "-o", str(out), "--echo", "3"]) == 1
    message = capsys.readouterr().err.strip()
    assert "2 echoes (14 ms, 45 ms); there is no echo 3" in message
    assert not out.exists()
    assert main(["segment", str(folder), "-o", str(out), "--echo", "0"]) == 2


def test_the_browser_lists_each_echo_and_keeps_masks_with_theirs(folder, tmp_path):
    from DSCBrainSegLib.series import read_series
    from DSCBrainSegLib.web.entries import find_entries

    entries = find_entries(folder)
    assert [entry.name for entry in entries] == [
        "ep2d_perf, TE 14 ms, echo 1 of 2",
        "ep2d_perf, TE 45 ms, echo 2 of 2",
    ]
    for entry, echo_time in zip(entries, (0.014, 0.045), strict=True):
        assert read_series(entry.path, entry.series_uid).echo_time == echo_time
    out = tmp_path / "out"
    arguments = ["segment", str(folder), "-o", str(out), "--method", "otsu", "--echo", "1"]
    assert main(arguments) == 0
    (entry,) = find_entries(out, folder)
    assert read_series(entry.path, entry.series_uid).echo_time == 0.014
    assert list(entry.masks) == ["otsu"]
