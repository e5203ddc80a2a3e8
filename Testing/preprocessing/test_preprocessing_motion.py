"""Motion correction: known motion is found, also under the bolus, and taken out once."""

import csv
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from mni_head_once import mni_maps
from moving_head import moving_series

pytest.importorskip("SimpleITK")

from DSCBrainSegLib.errors import (
    Cancelled,
    ConfigurationError,
    MissingPackageError,
    SeriesError,
)
from DSCBrainSegLib.preprocessing.motion import (
    MotionEstimate,
    apply_motion,
    correct_motion,
    estimate_motion,
    motion_warnings,
)

MOTION = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [1.5, -2.0, 2.5, 2.0, -1.5, 3.0],
        [-4.0, 3.0, -3.0, -4.0, 3.0, -5.0],
        [0, 0, 0, 0, 0, 0],
        [0.5, 0.5, -0.5, 0.5, 0.5, 0.5],
    ]
)
BOLUS = [0.0, 1.0, 0.5, 0.0, 1.0]
STILL = np.zeros((5, 6))


def made_up(parameters, reference=0, states=None):
    parameters = np.asarray(parameters, float)
    states = states or ("good",) * len(parameters)
    return MotionEstimate(parameters, np.zeros(3), reference, states, np.ones(len(parameters)))


@pytest.mark.parametrize(
    ("spacing", "affine"),
    [
        ((6.5, 4.2, 4.2), {}),
        ((6.5, 4.2, 4.2), {"angle_deg": 30.0}),
        ((6.5, 4.2, 4.2), {"angle_deg": -20.0, "flip": True}),
        ((5.0, 4.0, 6.0), {}),
    ],
    ids=["axial", "oblique", "oblique, slices from the top", "oblong pixels"],
)
def test_known_motion_is_found_also_under_the_bolus(spacing, affine):
    shape = (18, 48, 30) if spacing[0] == 5.0 else (15, 48, 42)
    estimate = estimate_motion(moving_series(MOTION, BOLUS, shape, spacing, **affine))
    assert estimate.states == ("good",) * 5
    apart = np.abs(estimate.parameters - MOTION)
    # Voxels of 4 to 7 mm and blobs without an edge inside: coarser than any real head.
    assert np.median(apart[[1, 2, 4]]) < 0.2
    assert apart[:, :3].max() < 0.3 and apart[:, 3:].max() < 0.7


def test_phantom_s_motion_is_found_in_and_beyond_the_bolus():
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom

    phantom = simulate_phantom(
        9,
        maps=mni_maps(),
        motion="jerk",
        matrix=80,
        slices=12,
        frames=10,
        slice_thickness_mm=6.0,
        repetition_time=3.5,
    )
    truth = np.array(phantom.parameters["motion"]["parameters"])
    brain = phantom.series.frames[:, phantom.mask].mean(axis=1)
    moved = np.abs(truth).sum(axis=1) > 0.5
    bolus = (brain < 0.92 * brain[3]) & moved
    assert bolus.sum() >= 2 and moved.sum() > 4
    found = estimate_motion(phantom.series)
    apart = np.linalg.norm((found.parameters - truth)[:, :3], axis=1)
    turned = np.linalg.norm((found.parameters - truth)[:, 3:], axis=1)
    for frames in (moved, bolus):
        assert np.median(apart[frames]) < 0.3
        assert np.median(turned[frames]) < 0.3
    np.testing.assert_allclose(found.centre, phantom.parameters["motion"]["centre_lps_mm"])


def test_a_still_head_does_not_move():
    estimate = estimate_motion(moving_series(STILL))
    assert np.abs(estimate.parameters).max() < 0.1
    under_bolus = estimate_motion(moving_series(STILL, BOLUS))
    assert np.abs(under_bolus.parameters).max() < 0.25
    assert not motion_warnings(under_bolus)


def test_correction_undoes_the_motion_and_leaves_the_reference():
    series = moving_series(MOTION, noise=0.0)
    corrected, estimate = correct_motion(series)
    np.testing.assert_array_equal(corrected.frames[3], series.frames[3])
    assert corrected.frames.min() >= 0
    inside = (slice(2, -2), slice(6, -6), slice(6, -6))
    for t in (1, 2, 4):
        before = np.abs(series.frames[t] - series.frames[3])[inside].mean()
        after = np.abs(corrected.frames[t] - series.frames[3])[inside].mean()
        assert after < 0.4 * before
    np.testing.assert_array_equal(corrected.times, series.times)
    np.testing.assert_array_equal(corrected.affine, series.affine)
    assert estimate.reference == 3


def test_known_shift_by_whole_voxels_is_undone_exactly():
    # 2 columns of 4.2 mm to the patient's left: what was at column i is found at i + 2.
    series = moving_series(STILL)
    series.frames[1] = np.roll(series.frames[1], 2, axis=2)
    estimate = made_up([[0] * 6, [8.4, 0, 0, 0, 0, 0], *[[0] * 6] * 3])
    corrected = apply_motion(series, estimate)
    expected = np.roll(series.frames[1], -2, axis=2)
    np.testing.assert_allclose(corrected.frames[1][..., :-2], expected[..., :-2], atol=0.05)
    # From outside the image the nearest measured column stands in.
    np.testing.assert_allclose(corrected.frames[1][..., -1], series.frames[1][..., -1], atol=0.05)


def test_any_number_of_cores_gives_the_same_numbers(monkeypatch):
    from DSCBrainSegLib.preprocessing.motion import frames

    series = moving_series(MOTION, BOLUS)
    monkeypatch.setattr(frames, "core_count", lambda: 1)
    one = estimate_motion(series)
    monkeypatch.setattr(frames, "core_count", lambda: 3)
    np.testing.assert_array_equal(estimate_motion(series).parameters, one.parameters)


@pytest.mark.parametrize("slices", [1, 3])
def test_few_slices_give_motion_within_their_plane(slices):
    motion = STILL.copy()
    motion[1, [0, 1, 5]] = 3.0, -2.0, 4.0
    estimate = estimate_motion(moving_series(motion, BOLUS, shape=(slices, 44, 40)))
    assert estimate.in_plane
    np.testing.assert_allclose(estimate.parameters, motion, atol=0.4)
    np.testing.assert_array_equal(estimate.parameters[:, [2, 3, 4]], 0)
    assert any("few slices" in warning for warning in motion_warnings(estimate))
    corrected = apply_motion(moving_series(motion, shape=(slices, 44, 40)), estimate)
    assert np.isfinite(corrected.frames).all()


def test_few_oblique_slices_move_within_their_own_plane():
    shape, angle = (2, 44, 40), {"angle_deg": 25.0}
    series = moving_series(STILL, shape=shape, **angle)
    series.frames[1] = np.roll(series.frames[1], 1, axis=1)
    estimate = estimate_motion(series)
    np.testing.assert_allclose(estimate.parameters[1, :3], series.affine[:3, 1], atol=0.3)


def test_frames_without_an_image_lie_between_their_neighbours():
    motion = np.outer([0, 1, 2, 3, 4], [1.0, 0, 0, 0, 0, 1.0]) - [3.0, 0, 0, 0, 0, 3.0]
    series = moving_series(motion)
    series.frames[1] = np.nan
    series.frames[4] = 7.0
    corrected, estimate = correct_motion(series)
    assert estimate.states == ("good", "failed", "good", "good", "failed")
    neighbours = estimate.parameters[[0, 2]].mean(axis=0)
    np.testing.assert_allclose(estimate.parameters[1], neighbours)
    np.testing.assert_allclose(estimate.parameters[4], 0, atol=1e-9)
    assert any("have no image" in w and "2, 5" in w for w in motion_warnings(estimate))
    assert np.isnan(corrected.frames[1]).all()
    assert (corrected.frames[4] == 7.0).all()
    assert np.isfinite(corrected.frames[[0, 2, 3]]).all()


def test_a_frame_of_noise_is_doubted():
    series = moving_series(STILL)
    series.frames[2] = np.abs(np.random.default_rng(1).normal(0, 100, series.volume_shape))
    estimate = estimate_motion(series)
    assert estimate.states == ("good", "good", "doubtful", "good", "good")
    assert np.abs(estimate.parameters).max() < 0.1
    assert any("reliably" in w and w.endswith(" 3.") for w in motion_warnings(estimate))


def test_what_cannot_be_registered_is_said_in_a_sentence():
    series = moving_series(STILL)
    with pytest.raises(ConfigurationError, match="Time point 6 does not exist"):
        estimate_motion(series, reference=5)
    with pytest.raises(SeriesError, match="one time point only"):
        estimate_motion(moving_series(STILL[:1]), reference=0)
    with pytest.raises(SeriesError, match="8 x 40 pixels"):
        estimate_motion(moving_series(STILL, shape=(12, 8, 40)))
    sheared = moving_series(STILL)
    sheared.affine[1, 2] += 2.0
    with pytest.raises(SeriesError, match="sheared"):
        estimate_motion(sheared)
    series.frames[3] = 5.0
    with pytest.raises(SeriesError, match="Time point 4 has no image"):
        estimate_motion(series)
    with pytest.raises(ConfigurationError, match="2 time points, the series has 5"):
        apply_motion(series, made_up(STILL[:2]))


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(MissingPackageError, match=r"DSCBrainSegLib\[motion\]"):
        estimate_motion(moving_series(STILL))


def test_progress_counts_frames_and_cancelling_leaves_no_thread():
    told = []
    series = moving_series(MOTION[:4], shape=(16, 80, 80), spacing=(6.0, 2.5, 2.5))
    series = replace(series, frames=np.tile(series.frames, (4, 1, 1, 1)), times=np.arange(16.0))
    series.frame_indices = np.arange(16)

    def cancelled():
        return len(told) > 1

    with pytest.raises(Cancelled):
        estimate_motion(series, progress=lambda *step: told.append(step), cancelled=cancelled)
    # Asked again and again, it stops with frames left; those under way end with their threads.
    assert told[0][:2] == (0, 15) and 1 <= told[-1][0] < 15
    assert not [t for t in threading.enumerate() if t.name.startswith("dscbrainseg-frame")]


def test_framewise_displacement_is_power_s():
    estimate = made_up([[0] * 6, [1, -2, 0, 0, 0, 1.0], [1, -2, 0, 0, 0, 1.0]])
    # 1 + 2 mm and an arc of 1 degree on a sphere of 50 mm.
    step = 3 + 50 * np.pi / 180
    np.testing.assert_allclose(estimate.framewise_displacement, [0, step, 0])
    np.testing.assert_allclose(estimate.displacement, [0, step, step])


def test_motion_over_the_threshold_is_told():
    estimate = made_up([[0] * 6, [0.8, 0, 0, 0, 0, 0], [1.6, 0, 0, 0, 0, 0]])
    warnings = motion_warnings(estimate)
    assert len(warnings) == 1
    assert "1.6 mm away from time point 1, at time point 3" in warnings[0]
    assert len(motion_warnings(estimate, 0.5)) == 2
    assert motion_warnings(estimate, 2.0) == []


def test_the_table_reads_back(tmp_path):
    from DSCBrainSegLib.preprocessing.motion.table import write_motion_table

    estimate = made_up(MOTION, 3, ("good", "failed", "good", "good", "doubtful"))
    write_motion_table(tmp_path / "motion.csv", estimate, np.arange(5) * 1.5)
    with open(tmp_path / "motion.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == list("12345")
    assert [float(row["time_s"]) for row in rows] == [0, 1.5, 3, 4.5, 6]
    names = ("x_mm", "y_mm", "z_mm", "rx_deg", "ry_deg", "rz_deg")
    read = [[float(row[name]) for name in names] for row in rows]
    np.testing.assert_allclose(read, MOTION, atol=1e-4)
    shown = [float(row["fd_mm"]) for row in rows]
    np.testing.assert_allclose(shown, estimate.framewise_displacement, atol=1e-4)
    assert [row["state"] for row in rows] == list(estimate.states)


def test_matrices_lead_to_the_moved_head():
    # A quarter turn about the head's long axis takes its left to its back.
    estimate = MotionEstimate(
        np.array([[0.0, 0, 5, 0, 0, 90]]), np.array([10.0, 20, 30]), 0, ("good",), np.ones(1)
    )
    np.testing.assert_allclose(estimate.matrices[0] @ [11, 20, 30, 1], [10, 21, 35, 1], atol=1e-9)


def test_rigid_parameters_and_matrix_are_inverse():
    from DSCBrainSegLib.geometry import rigid_matrix, rigid_parameters

    centre = np.array([3.0, -20.0, 7.0])
    for row in MOTION * 5:
        np.testing.assert_allclose(
            rigid_parameters(rigid_matrix(row, centre), centre), row, atol=1e-9
        )


@pytest.fixture
def run(capfd):
    """Run the command; returns its exit code, what it printed and its errors."""
    from DSCBrainSegLib.cli.main import main

    def call(*arguments):
        code = main(["motion", *map(str, arguments)])
        return code, *capfd.readouterr()

    return call


@pytest.fixture
def moving_file(tmp_path):
    from DSCBrainSegLib.series import write_nifti

    series = moving_series(MOTION, BOLUS)
    write_nifti(tmp_path / "series.nii.gz", series.frames, series.affine, 1.5)
    return tmp_path / "series.nii.gz"


def test_the_command_writes_series_table_and_picture(run, moving_file, tmp_path):
    import json

    from DSCBrainSegLib.series import read_series

    out = tmp_path / "out"
    code, printed, error = run(moving_file, "-o", out)
    assert code == 0 and "time point 4" in printed
    assert {path.name for path in out.iterdir()} >= {"corrected.nii.gz", "motion.csv"}
    series, corrected = read_series(moving_file), read_series(out / "corrected.nii.gz")
    np.testing.assert_array_equal(corrected.frames[3], series.frames[3])
    np.testing.assert_allclose(corrected.times, series.times)
    assert np.abs(corrected.frames[2] - series.frames[2]).max() > 50
    facts = json.loads((out / "motion.json").read_text(encoding="utf-8"))
    assert facts["frames_above_threshold"] == [2, 3, 4, 5]
    assert error.count("Note: The head moved") == 2
    assert (out / "motion.png").read_bytes()[:4] == b"\x89PNG"
    assert run(moving_file, "-o", out)[0] == 1
    assert run(moving_file, "-o", out, "--overwrite", "--threshold", 90, "--reference", 1)[0] == 0
    facts = json.loads((out / "motion.json").read_text(encoding="utf-8"))
    assert facts["reference_frame"] == 1 and facts["frames_above_threshold"] == []


def test_the_command_writes_a_sequence_for_slicer(run, moving_file, tmp_path):
    from DSCBrainSegLib.series import read_series

    assert run(moving_file, "-o", tmp_path / "out", "--format", "nrrd")[0] == 0
    corrected = read_series(tmp_path / "out" / "corrected.seq.nrrd")
    np.testing.assert_allclose(corrected.times, np.arange(5) * 1.5)
    assert corrected.frames.shape == (5, 15, 48, 42)


def test_the_command_s_errors_are_sentences(run, moving_file, tmp_path):
    from DSCBrainSegLib.series import write_nifti

    out = tmp_path / "out"
    write_nifti(tmp_path / "one.nii.gz", np.random.default_rng(0).random((4, 32, 32)), np.eye(4))
    (tmp_path / "broken.nii.gz").write_bytes(b"nothing")
    for arguments, code, words in (
        ([tmp_path / "one.nii.gz"], 1, "one time point only"),
        ([tmp_path / "broken.nii.gz"], 1, "damaged"),
        ([tmp_path / "absent"], 1, "does not exist"),
        ([moving_file, "--reference", "6"], 2, "Time point 6 does not exist"),
        ([moving_file, "--reference", "0"], 2, "--reference"),
        ([moving_file, "--format", "dicom"], 2, "--format"),
        ([moving_file, "--threshold", "-1"], 2, "--threshold"),
    ):
        found, _, error = run(*arguments, "-o", out)
        assert found == code and words in error and "Traceback" not in error, error
        assert not out.exists()
