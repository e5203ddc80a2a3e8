"""Whole series: perfusion truth, wide draws, label maps, and the record that replays them."""

import csv
import json

import nibabel
import numpy as np
import pytest
from synthetic_head import make_head, make_maps

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.geometry import rigid_matrix, volume_centre
from DSCBrainSegLib.series import read_series
from DSCBrainSegLib.simulation.anatomy.heads import find_label_maps, read_head
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue
from DSCBrainSegLib.simulation.perfusion.constants import PERFUSION
from DSCBrainSegLib.simulation.series.motion import HeadMotion, frame_poses
from DSCBrainSegLib.simulation.series.phantom import simulate_phantom, simulate_wide_phantom
from DSCBrainSegLib.simulation.series.phantom_files import (
    read_record,
    replay_phantom,
    write_phantom,
)
from DSCBrainSegLib.simulation.series.phantom_wide import draw_wide

SMALL = {
    "matrix": 48,
    "slices": 4,
    "frames": 6,
    "slice_thickness_mm": 12.0,
    "gap_mm": 6.0,
    "repetition_time": 4.0,
    "field_of_view_mm": 192.0,
}
FREESURFER = {
    Tissue.SKIN: 511,
    Tissue.MUSCLE: 507,
    Tissue.CORTICAL_BONE: 515,
    Tissue.CSF: 24,
    Tissue.CORTEX: 3,
    Tissue.WHITE_MATTER: 2,
    Tissue.VENTRICLE: 4,
}


@pytest.fixture(scope="module")
def maps():
    return make_maps()


@pytest.fixture(scope="module")
def label_map(tmp_path_factory):
    """The head of ellipsoids as a label map in FreeSurfer's numbers."""
    labels = make_head().labels
    raw = np.zeros(labels.shape, np.int16)
    for tissue, value in FREESURFER.items():
        raw[labels == tissue] = value
    path = tmp_path_factory.mktemp("maps") / "head_01.nii.gz"
    # (k, j, i) to (S, P, L) is (i, j, k) in LPS, which NIfTI stores with two negative axes.
    nibabel.save(nibabel.Nifti1Image(raw.transpose(2, 1, 0), np.diag([-1.0, -1, 1, 1])), path)
    return path


@pytest.fixture(scope="module")
def wide(maps):
    return simulate_wide_phantom(11, frames=5, motion="jerk", maps=maps)


def test_maps_show_the_blood_volume_of_the_tissues(maps):
    phantom = simulate_phantom(5, maps=maps, tumour="glioblastoma", **SMALL)
    assert set(phantom.tissue_maps) == {
        "cbv",
        "mtt",
        "delay",
        "ktrans",
        "vessels",
        "tissue",
    }
    for values in phantom.tissue_maps.values():
        assert values.dtype == np.float32 and values.shape == phantom.mask.shape
        assert not values[~phantom.mask].any() and np.isfinite(values).all()
    inside = phantom.mask & ~phantom.lesion
    cbv = phantom.tissue_maps["cbv"]
    grey, white = PERFUSION[Tissue.CORTEX].cbv, PERFUSION[Tissue.WHITE_MATTER].cbv
    # White matter is most of this head; its rim is grey.
    assert np.median(cbv[inside]) == pytest.approx(white, rel=0.35)
    assert white < np.percentile(cbv[inside], 98) < 1.4 * grey
    mtt, delay = phantom.tissue_maps["mtt"], phantom.tissue_maps["delay"]
    assert 3.0 < np.median(mtt[inside]) < 7.0
    assert 0.8 < np.median(delay[inside]) < 3.5
    leak = phantom.tissue_maps["ktrans"]
    assert leak[phantom.lesion].mean() > 5 * leak[inside].mean()


def test_blood_volume_shows_in_the_series_itself(maps):
    """Where the map says more blood, the bolus takes more signal."""
    longer = {**SMALL, "frames": 24, "repetition_time": 2.0}
    phantom = simulate_phantom(5, maps=maps, tumour=None, **longer)
    frames = phantom.series.frames.astype(float)
    inside = phantom.mask & (frames[3] > 0.4 * frames[3][phantom.mask].mean())
    loss = np.log(frames[3][inside]) - np.log(np.maximum(frames[:, inside].min(axis=0), 1))
    flow = phantom.tissue_maps["cbv"][inside] / np.maximum(phantom.tissue_maps["mtt"][inside], 1)
    assert np.corrcoef(loss, flow)[0, 1] > 0.7


def test_wide_series_draws_protocol_and_contrast(maps):
    drawn = [draw_wide(np.random.default_rng(seed), maps, 20) for seed in range(30)]
    acquisitions = [one.model.acquisition for one in drawn]
    assert len({a.matrix for a in acquisitions}) > 4
    assert {a.field_strength_t for a in acquisitions} == {1.5, 3.0}
    assert all(a.pulse is None for a in acquisitions)
    assert 0.3 < np.mean([bool(one.model.lesions) for one in drawn]) < 0.95
    assert {one.motion for one in drawn} >= {"none", "jerk"}
    for one in drawn:
        duration = 19 * one.model.acquisition.repetition_time_s
        assert 0.1 * duration < one.model.kinetics.bolus.arrival_s < 0.5 * duration


def test_wide_series_is_whole_and_consistent(wide):
    series = wide.series
    assert series.frames.shape[0] == 5 and series.frames.shape[1:] == wide.mask.shape
    assert series.frames.dtype == np.uint16
    assert wide.mask.any() and not (wide.lesion & ~wide.mask).any()
    facts = wide.parameters["acquisition"]
    assert series.repetition_time == facts["repetition_time_s"]
    size = facts["reconstructed"] or facts["matrix"]
    assert series.frames.shape[2:] == (size, size)
    assert json.loads(json.dumps(wide.parameters)) == wide.parameters


def test_artefacts_of_wide_series_lie_in_every_frame(maps):
    for seed in range(60):
        draws = draw_wide(np.random.default_rng([seed, 78]), maps, 3)
        if draws.model.artefacts.border > 0 and draws.model.acquisition.matrix <= 96:
            break
    phantom = simulate_wide_phantom(seed, frames=3, motion="none", maps=maps)
    assert draws.model.artefacts.border > 0
    assert not phantom.series.frames[..., 0].any() and phantom.series.frames.any()


def test_head_moves_in_the_scanner_s_axes_by_default(maps):
    """A point of the head lies, after the motion, where the matrix carries it."""
    pose = draw_wide(np.random.default_rng(3), maps, 3).model.pose
    row = np.array([2.0, -1.0, 3.0, 4.0, -2.0, 5.0])
    centre = np.array([1.0, 2.0, 3.0])
    moved = frame_poses(pose, HeadMotion("test", row[None]), centre)[0]
    before = np.array([10.0, -20.0, 30.0])  # LPS mm
    after = (rigid_matrix(row, centre) @ [*before, 1.0])[:3]
    head = pose.centre + pose.matrix @ before[::-1]
    np.testing.assert_allclose(moved.centre + moved.matrix @ after[::-1], head, atol=1e-9)


def test_record_replays_a_wide_series_bit_for_bit(wide, maps, monkeypatch, tmp_path):
    from DSCBrainSegLib.simulation.series import phantom

    write_phantom(wide, tmp_path, series_format="nifti")
    monkeypatch.setattr(phantom, "build_mni_head", lambda seed: None)
    monkeypatch.setattr(phantom, "head_maps", lambda head: maps)
    again, identical = replay_phantom(read_record(tmp_path))
    assert identical
    np.testing.assert_array_equal(again.series.frames, wide.series.frames)
    np.testing.assert_array_equal(again.mask, wide.mask)
    for name, values in wide.tissue_maps.items():
        np.testing.assert_array_equal(again.tissue_maps[name], values)
    assert again.parameters == wide.parameters
    record = read_record(tmp_path)
    record["arguments"]["seed"] += 1
    assert replay_phantom(record)[1] is False


def test_written_truth_reads_back(wide, tmp_path):
    write_phantom(wide, tmp_path, series_format="nifti")
    series = read_series(tmp_path / "series.nii.gz")
    np.testing.assert_array_equal(series.frames, wide.series.frames)
    np.testing.assert_allclose(series.affine, wide.series.affine, atol=1e-3)
    assert series.repetition_time == pytest.approx(wide.series.repetition_time)
    assert series.echo_time == pytest.approx(wide.series.echo_time)
    for name, values in wide.tissue_maps.items():
        path = tmp_path / "truth" / f"{name}.nii.gz"
        if values.any():
            np.testing.assert_allclose(read_series(path).frames[0], values)
        else:  # the reader of series refuses an image without content
            assert not np.asarray(nibabel.load(path).dataobj).any()
    with open(tmp_path / "truth" / "motion.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["frame"] for row in rows] == ["1", "2", "3", "4", "5"]
    found = [[float(row[name]) for name in list(row)[2:]] for row in rows]
    np.testing.assert_allclose(found, wide.motion.parameters, atol=1e-6)
    centre = volume_centre(series.affine, series.volume_shape)
    np.testing.assert_allclose(wide.parameters["motion"]["centre_lps_mm"], centre, atol=1e-3)


def test_another_format_replaces_the_one_before(maps, tmp_path):
    phantom = simulate_phantom(5, maps=maps, **{**SMALL, "frames": 2})
    write_phantom(phantom, tmp_path)
    assert len(list((tmp_path / "dicom").iterdir())) == 8
    write_phantom(phantom, tmp_path, overwrite=True, series_format="nifti")
    assert not (tmp_path / "dicom").exists() and (tmp_path / "series.json").is_file()
    write_phantom(phantom, tmp_path, overwrite=True)
    assert not (tmp_path / "series.nii.gz").exists()


def test_old_caches_with_more_arrays_are_read(label_map, tmp_path):
    fresh = load_head_maps(label_map, tmp_path)
    stored = tmp_path / "head_01.npz"
    with np.load(stored) as arrays:
        more = {**arrays, "gradient": np.zeros(3)}
    np.savez(stored, **more)
    np.testing.assert_array_equal(load_head_maps(label_map, tmp_path).labels, fresh.labels)


def run_cli(*arguments):
    return main([str(argument) for argument in arguments])


def test_command_simulates_a_label_map_and_replays_it(label_map, tmp_path, capsys):
    small = ["--matrix", 48, "--slices", 3, "--frames", 3, "--format", "nifti"]
    one, two = tmp_path / "one", tmp_path / "two"
    assert run_cli("simulate", one, "--head", label_map, "--seed", 2, *small) == 0
    record = json.loads((one / "parameters.json").read_text(encoding="utf-8"))
    assert record["head"]["label_map"] == "head_01.nii.gz" and len(record["head"]["sha256"]) == 64
    assert str(label_map.parent) not in json.dumps(record)
    replay = ["simulate", two, "--replay", one / "parameters.json", "--format", "nifti"]
    assert run_cli(*replay) == 2
    assert "--head" in capsys.readouterr().err and not two.exists()
    assert run_cli(*replay, "--head", label_map) == 0
    assert "Bit for bit" in capsys.readouterr().out
    for name in ("series.nii.gz", "truth/mask.nii.gz", "truth/cbv.nii.gz"):
        np.testing.assert_array_equal(*(read_series(folder / name).frames for folder in (one, two)))
    assert (one / "parameters.json").read_text() == (two / "parameters.json").read_text()


def test_another_head_is_refused_at_replay(label_map, maps, tmp_path):
    phantom = simulate_phantom(5, maps=maps, **{**SMALL, "frames": 1})
    with pytest.raises(ConfigurationError, match="not the head of the record"):
        replay_phantom(phantom.parameters, label_map)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "cannot be read"),
        ("[1]", "is no record"),
        ('{"arguments": {}, "simulator": 1}', "version 1"),
        ('{"arguments": {}}', "version 1"),
    ],
)
def test_unusable_record_is_refused(text, said, tmp_path):
    path = tmp_path / "parameters.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_record(path)


def test_unknown_argument_of_a_record_is_named(maps):
    record = {"simulator": 2, "arguments": {"seed": 0, "colour": "red"}, "head": {}}
    with pytest.raises(ConfigurationError, match="colour"):
        replay_phantom(record)


def test_conflicting_options_are_usage_errors(tmp_path, capsys):
    assert run_cli("simulate", tmp_path / "a", "--wide", "--matrix", 64, "--te", 0.03) == 2
    assert "--matrix, --te" in capsys.readouterr().err
    assert run_cli("simulate", tmp_path / "a", "--replay", "x.json", "--seed", 1) == 2
    assert run_cli("cohort", "simulate", tmp_path / "c", "--wide", "--slices", 3) == 2
    assert not (tmp_path / "a").exists() and not (tmp_path / "c").exists()


def test_missing_label_maps_are_named(tmp_path):
    with pytest.raises(ConfigurationError, match="no label maps"):
        find_label_maps(tmp_path)
    with pytest.raises(ConfigurationError, match=r"none\.nii\.gz"):
        read_head(tmp_path / "none.nii.gz")


def test_cohort_of_label_maps_keeps_a_head_in_one_part(label_map, tmp_path):
    from DSCBrainSegLib.cohort.layout import Cohort

    folder = tmp_path / "cohort"
    options = ["--subjects", 2, "--seed", 3, "--frames", 1, "--label-maps", label_map.parent]
    assert run_cli("cohort", "simulate", folder, "--wide", *options) == 0
    one, two = Cohort.open(folder).subjects
    assert one.person == two.person and one.person.startswith("head-")
    origin = one.facts["origin"]
    assert origin["wide"] is True and origin["label_map"] == "head_01.nii.gz"
    frame, truth = read_series(one.frame), read_series(one.mask)
    maps, head = read_head(label_map)
    phantom = simulate_wide_phantom(origin["seed"], frames=1, maps=maps, head=head)
    np.testing.assert_array_equal(frame.frames, phantom.series.frames)
    np.testing.assert_array_equal(truth.frames[0] > 0, phantom.mask)


def test_all_heads_are_used_before_any_is_used_again(tmp_path):
    from DSCBrainSegLib.cohort.simulate import draw_head

    paths = [tmp_path / str(n) for n in range(5)]
    drawn = [draw_head(1, index, paths) for index in range(1, 11)]
    assert set(drawn[:5]) == set(drawn[5:]) == set(paths)
    assert drawn[:5] != drawn[5:] and drawn[:5] != paths


def test_the_command_offers_every_lesion():
    from DSCBrainSegLib.cli.simulate import TUMOURS
    from DSCBrainSegLib.simulation.pathology.lesions import LESION_KINDS

    assert (*LESION_KINDS, "none") == TUMOURS
