"""The phantom: exact truth, replayable, a bolus that shows, DICOM that says the same."""

import json

import numpy as np
import pytest
from mni_head_once import mni_maps
from scipy import ndimage
from synthetic_head import make_maps

from DSCBrainSegLib.errors import ConfigurationError, OutputError
from DSCBrainSegLib.simulation.series.phantom import simulate_phantom
from DSCBrainSegLib.simulation.series.phantom_files import write_phantom

SMALL = {
    "matrix": 64,
    "slices": 6,
    "frames": 8,
    "slice_thickness_mm": 9.0,
    "gap_mm": 5.0,
    "repetition_time": 2.0,
    "field_of_view_mm": 192.0,
}


@pytest.fixture(scope="module")
def maps():
    """A head of ellipsoids: quick, and smaller than a person's."""
    return make_maps()


@pytest.fixture(scope="module")
def phantom(maps):
    return simulate_phantom(5, maps=maps, **SMALL)


@pytest.fixture(scope="module")
def mni():
    """The real phantom's head, few slices and frames."""
    maps = mni_maps()
    covering = {**SMALL, "slice_thickness_mm": 14.0, "gap_mm": 10.0, "field_of_view_mm": 230.0}
    return maps, simulate_phantom(0, maps=maps, **covering)


def volume_ml(phantom):
    return phantom.mask.sum() * phantom.series.voxel_volume_ml


def test_arguments_replay_the_phantom(phantom, maps):
    again = simulate_phantom(**phantom.parameters["arguments"], maps=maps)
    np.testing.assert_array_equal(again.series.frames, phantom.series.frames)
    np.testing.assert_array_equal(again.mask, phantom.mask)
    np.testing.assert_array_equal(again.series.affine, phantom.series.affine)
    assert again.parameters == phantom.parameters


def test_another_seed_is_another_phantom(phantom, maps):
    other = simulate_phantom(6, maps=maps, **SMALL)
    assert (other.mask != phantom.mask).any()
    assert not np.allclose(other.series.affine, phantom.series.affine)


def test_series_has_the_protocol_that_was_asked_for(phantom):
    series = phantom.series
    assert series.frames.shape == (8, 6, 64, 64)
    np.testing.assert_allclose(series.times, np.arange(8) * 2.0)
    np.testing.assert_allclose(series.spacing, (14.0, 3.0, 3.0))
    assert series.echo_time == 0.03
    assert series.header["field_strength_t"] == 3.0


def test_slices_are_oblique_but_nearly_axial_and_not_mirrored(phantom):
    directions = phantom.series.affine[:3, :3] / np.linalg.norm(
        phantom.series.affine[:3, :3], axis=0
    )
    np.testing.assert_allclose(directions.T @ directions, np.eye(3), atol=1e-9)
    assert np.linalg.det(directions) == pytest.approx(1.0)
    assert 0.95 < directions[2, 2] < 1.0 - 1e-6


def test_affine_puts_the_mask_where_the_head_is(phantom, maps):
    """The truth's centre in patient space is the head's own, up to the EPI distortion."""
    k, j, i = ndimage.center_of_mass(phantom.mask)
    found = (phantom.series.affine @ [i, j, k, 1.0])[:3]
    expected = np.array(ndimage.center_of_mass(maps.mask)) - (np.array(maps.mask.shape) - 1) / 2
    np.testing.assert_allclose(found, expected[::-1], atol=3.0)


def test_mni_truth_has_an_adult_brain_s_volume(mni):
    maps, phantom = mni
    assert 1100 < volume_ml(phantom) < 1800
    # Slices of 14 mm lose much signal above the sinuses, and what nobody sees does not count.
    assert 0.88 < volume_ml(phantom) / (maps.mask.sum() / 1000) < 1.02


def test_brain_is_bright_and_air_dark(mni):
    _, phantom = mni
    frame = phantom.series.frames[2].astype(float)
    far = ~ndimage.binary_dilation(phantom.mask, iterations=12)
    assert np.median(frame[phantom.mask]) > 8 * np.median(frame[far])


def test_first_frame_is_brighter_than_the_steady_state(mni):
    _, phantom = mni
    inside = phantom.series.frames[:, phantom.mask].mean(axis=1)
    # 60 degrees, TR 2 s, 3 T: grey and white matter start 1 / 0.86 and 1 / 0.93 above it.
    assert 1.06 < inside[0] / inside[2] < 1.30
    assert inside[1] / inside[2] < 1.06


def test_bolus_darkens_the_brain(mni):
    _, phantom = mni
    brain = phantom.series.frames[:, phantom.mask].mean(axis=1)
    # Two parts of grey matter (30-50 %), one of white (10-20 %), some fluid (0).
    assert 0.60 < brain[2:].min() / brain[2] < 0.85


def test_bolus_leaves_the_scalp(phantom):
    frames = phantom.series.frames.astype(float)
    level = frames[2, phantom.mask].mean()
    around = np.stack([~ndimage.binary_dilation(p, iterations=3) for p in phantom.mask])
    around &= frames.mean(axis=0) > 0.10 * level
    scalp = frames[:, around].mean(axis=1)
    assert around.sum() > 200
    assert scalp[2:].min() / scalp[2] > 0.93


def test_tumour_lies_inside_the_brain_and_reaches_its_surface(mni):
    _, phantom = mni
    assert phantom.lesion.any()
    assert not (phantom.lesion & ~phantom.mask).any()
    edge = phantom.mask & ~np.stack([ndimage.binary_erosion(p, iterations=2) for p in phantom.mask])
    assert (phantom.lesion & edge).any()
    assert phantom.parameters["lesions"][0]["kind"] == "glioblastoma"


def test_healthy_phantom_has_no_lesion(maps):
    phantom = simulate_phantom(5, maps=maps, tumour=None, **SMALL)
    assert not phantom.lesion.any()
    assert phantom.parameters["lesions"] == []


def test_a_single_slice_shows_the_middle_of_the_brain(maps):
    phantom = simulate_phantom(5, maps=maps, **{**SMALL, "slices": 1, "frames": 1})
    assert phantom.series.frames.shape == (1, 1, 64, 64)
    assert phantom.mask.sum() * 9.0 > 0.6 * maps.mask.sum(axis=(1, 2)).max()


@pytest.mark.parametrize(
    ("argument", "value"),
    [("matrix", 256), ("frames", 0), ("echo_time", 30.0), ("tumour", "cyst"), ("seed", -1)],
)
def test_unusable_argument_is_named(maps, argument, value):
    with pytest.raises(ConfigurationError, match=argument):
        simulate_phantom(maps=maps, **{**SMALL, argument: value})


def test_written_phantom_reads_back_the_same(phantom, tmp_path):
    from DSCBrainSegLib.series import read_series

    write_phantom(phantom, tmp_path / "out")
    series = read_series(tmp_path / "out" / "dicom")
    np.testing.assert_array_equal(series.frames, phantom.series.frames)
    np.testing.assert_allclose(series.affine, phantom.series.affine, atol=1e-3)
    np.testing.assert_allclose(series.times, phantom.series.times, atol=1e-3)
    assert series.echo_time == pytest.approx(0.03)
    assert series.repetition_time == pytest.approx(2.0)
    for name, expected in (("mask", phantom.mask), ("tumour", phantom.lesion)):
        truth = read_series(tmp_path / "out" / "truth" / f"{name}.nii.gz")
        np.testing.assert_array_equal(truth.frames[0] > 0, expected)
        np.testing.assert_allclose(truth.affine, phantom.series.affine, atol=1e-3)
    parameters = json.loads((tmp_path / "out" / "parameters.json").read_text(encoding="utf-8"))
    assert parameters == phantom.parameters


def test_existing_phantom_is_not_overwritten_unasked(phantom, tmp_path):
    write_phantom(phantom, tmp_path)
    before = (tmp_path / "parameters.json").stat().st_mtime_ns
    with pytest.raises(OutputError):
        write_phantom(phantom, tmp_path)
    assert (tmp_path / "parameters.json").stat().st_mtime_ns == before
    write_phantom(phantom, tmp_path, overwrite=True)
