"""The second table of an evaluation: what the masks do to perfusion."""

import csv

import numpy as np
import pytest
from perfusion_case import perfusion_phantom

from DSCBrainSegLib.evaluation.run import evaluate_folder
from DSCBrainSegLib.series import write_mask, write_nifti

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two subjects: one with its series and lesion, one with a single time point."""
    made = tmp_path_factory.mktemp("cases")
    phantom = perfusion_phantom()
    series = phantom.series
    for name in ("with-series", "one-frame"):
        (made / name).mkdir()
        write_nifti(made / name / "frame.nii.gz", series.frames[3], series.affine)
        write_mask(made / name / "reference-mask.nii.gz", phantom.mask, series.affine)
    whole = made / "with-series"
    write_nifti(whole / "series.nii.gz", series.frames, series.affine, series.repetition_time)
    write_mask(whole / "lesion.nii.gz", phantom.lesion, series.affine)
    return made


@pytest.fixture
def results(folder, tmp_path, threshold_method):
    evaluate_folder(folder, [threshold_method], tmp_path / "out")
    return tmp_path / "out"


def test_cases_with_a_series_have_a_row_for_reference_and_method(results):
    with (results / "mask-effect.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["mask"]) for row in rows] == [
        ("with-series", "reference"),
        ("with-series", "threshold"),
    ]
    assert float(rows[0]["lesion_kept"]) == 1
    assert 0 <= float(rows[1]["lesion_kept"]) <= 1
    assert np.isfinite(float(rows[1]["cbv_shift"]))


def test_the_table_and_the_report_show_it(results):
    for name in ("table.md", "report.html"):
        text = (results / name).read_text(encoding="utf-8")
        assert "Effect of the mask on perfusion, 1 case" in text
        assert "not a diagnostic tool" in text
    assert (results / "mask-effect.png").is_file()


def test_without_any_series_there_is_no_such_table(folder, tmp_path, threshold_method):
    evaluate_folder(folder, [threshold_method], tmp_path / "out", bolus=False)
    assert not (tmp_path / "out" / "mask-effect.csv").exists()
    assert "Effect of the mask" not in (tmp_path / "out" / "report.html").read_text("utf-8")
