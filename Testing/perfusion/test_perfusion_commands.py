"""``dscbrainseg perfusion`` and ``mask-effect`` as a user runs them."""

import json

import numpy as np
import pytest
from perfusion_case import perfusion_phantom

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.series import read_series, write_mask
from DSCBrainSegLib.simulation.series.phantom_files import write_phantom

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("perfusion") / "series 1"
    write_phantom(perfusion_phantom(), made)
    return made


@pytest.fixture(scope="module")
def results(folder, tmp_path_factory):
    pytest.importorskip("highdicom")
    out = tmp_path_factory.mktemp("results")
    mask = folder / "truth" / "mask.nii.gz"
    command = ["perfusion", str(folder / "dicom"), "--mask", str(mask), "-o", str(out)]
    assert main([*command, "--dicom", "--hand-over"]) == 0
    return out


def test_maps_lie_on_the_series_grid(folder, results):
    series = read_series(folder / "dicom")
    found = read_series(results / "rcbv.nii.gz")
    assert found.volume_shape == series.volume_shape
    np.testing.assert_allclose(found.affine, series.affine, atol=1e-3)


def test_page_shows_every_slice_and_says_that_it_is_a_preview(results):
    page = (results / "perfusion.html").read_text(encoding="utf-8")
    brain = perfusion_phantom().mask.any(axis=(1, 2)).sum()
    assert page.count('class="strip"') == brain
    assert "not a diagnostic tool" in page
    assert "http" not in page  # nothing is loaded from elsewhere


def test_curves_and_figures_count_time_points_from_one(results):
    facts = json.loads((results / "perfusion.json").read_text(encoding="utf-8"))
    lines = (results / "curves.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "time_s,artery,brain,white_matter"
    assert len(lines) == 1 + 40
    first, last = facts["baseline"]
    brain = np.array([float(line.split(",")[2]) for line in lines[1:]])
    assert abs(brain[first - 1 : last].mean()) < 0.05
    assert brain.argmax() == facts["peak"] - 1


def test_dicom_maps_hold_the_values_in_the_study_of_the_images(folder, results):
    import pydicom

    made = pydicom.dcmread(results / "dicom" / "rcbv.dcm")
    image = pydicom.dcmread(next((folder / "dicom").rglob("*.dcm")))
    assert made.StudyInstanceUID == image.StudyInstanceUID
    assert made.SeriesInstanceUID != image.SeriesInstanceUID
    assert made.ContentQualification == "RESEARCH"
    # The slices of the simulated series run from the feet up; a DICOM object may turn them round.
    height = [
        frame.PlanePositionSequence[0].ImagePositionPatient[2]
        for frame in made.PerFrameFunctionalGroupsSequence
    ]
    upwards = made.pixel_array[np.argsort(height)]
    np.testing.assert_array_equal(upwards, read_series(results / "rcbv.nii.gz").frames[0])
    unit = pydicom.dcmread(results / "dicom" / "mtt.dcm")
    mapping = unit.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    assert mapping.MeasurementUnitsCodeSequence[0].CodeValue == "s"


def test_hand_over_begins_at_the_steady_state(folder, results):
    settings = json.loads((results / "hand-over" / "settings.json").read_text(encoding="utf-8"))
    cut = read_series(results / "hand-over" / "series.nii.gz")
    first = settings["first_usable_frame_of_the_series"] - 1
    whole = read_series(folder / "dicom")
    np.testing.assert_array_equal(cut.frames, whole.frames[first:])
    assert settings["frames"] == len(cut.frames) == len(settings["aif_per_s"])
    assert settings["echo_time_s"] == pytest.approx(0.03)
    assert settings["repetition_time_s"] == pytest.approx(1.5)


def test_nothing_is_overwritten_unasked(folder, results, capsys):
    mask = folder / "truth" / "mask.nii.gz"
    command = ["perfusion", str(folder / "dicom"), "--mask", str(mask), "-o", str(results)]
    assert main(command) == 1
    assert "already holds" in capsys.readouterr().err


def test_dicom_maps_of_a_nifti_series_are_refused_and_nothing_is_left(folder, results, tmp_path):
    packed = results / "hand-over" / "series.nii.gz"
    mask = results / "hand-over" / "mask.nii.gz"
    out = tmp_path / "out"
    assert main(["perfusion", str(packed), "--mask", str(mask), "-o", str(out), "--dicom"]) == 1
    assert not out.exists()


def test_two_masks_of_one_series_are_compared(folder, tmp_path, capsys):
    phantom = perfusion_phantom()
    smaller = phantom.mask.copy()
    smaller[:, :, : smaller.shape[2] // 2] = False
    write_mask(tmp_path / "half.nii.gz", smaller, phantom.series.affine)
    truth = folder / "truth"
    command = ["mask-effect", str(folder / "dicom"), "--reference", str(truth / "mask.nii.gz")]
    command += ["--mask", f"half={tmp_path / 'half.nii.gz'}", "-o", str(tmp_path / "out")]
    assert main([*command, "--lesion", str(truth / "tumour.nii.gz")]) == 0
    assert "| half |" in capsys.readouterr().out
    assert (tmp_path / "out" / "mask-effect.png").stat().st_size > 5000


def test_a_folder_of_simulated_series_is_swept_with_methods(folder, tmp_path, threshold_method):
    out = tmp_path / "out"
    command = ["mask-effect", str(folder.parent), "--methods", threshold_method, "-o", str(out)]
    assert main(command) == 0
    table = (out / "mask-effect.md").read_text(encoding="utf-8")
    for mask in ("truth", "grown 2", "shrunk 1", "without lesion", "no mask", "threshold"):
        assert f"| {mask}" in table


def test_a_folder_without_truth_is_refused(tmp_path, capsys):
    assert main(["mask-effect", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "truth/mask.nii.gz" in capsys.readouterr().err
