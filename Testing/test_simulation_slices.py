"""Simulated training slices: replayable, on the network's grid, with a mask that fits the image."""

import numpy as np
import pytest
from synthetic_head import make_head, make_maps

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.simulation import slices
from DSCBrainSegLib.simulation.head import brain_hull
from DSCBrainSegLib.simulation.maps import load_head_maps, outer_air
from DSCBrainSegLib.simulation.pathology import LESION_KINDS, apply_lesion, draw_lesion
from DSCBrainSegLib.simulation.tissue import Tissue


@pytest.fixture(scope="module")
def maps():
    return make_maps()


def simulate(maps, seed, count=4):
    rng = np.random.default_rng(seed)
    case = slices.draw_case(rng, maps)
    positions = slices.draw_slice_positions(rng, case, maps, count)
    return slices.simulate_slices(maps, case, positions, 64)


def test_the_same_seed_gives_the_same_slices_and_another_seed_others(maps):
    first, again, other = (simulate(maps, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert np.abs(first[0] - other[0]).max() > 0.1


def test_images_lie_in_the_unit_interval_and_masks_cover_a_plausible_part(maps):
    fractions = []
    for seed in range(12):
        images, masks = simulate(maps, seed)
        assert images.shape == masks.shape == (4, 64, 64)
        assert images.dtype == np.float32 and masks.dtype == bool
        assert images.min() >= 0 and images.max() <= 1 and np.isfinite(images).all()
        fractions.append(masks.mean())
    assert 0.02 < np.mean(fractions) < 0.35


def test_brain_is_brighter_than_the_background(maps):
    for seed in range(6):
        images, masks = simulate(maps, seed, 6)
        if masks.any():
            assert np.median(images[masks]) > np.percentile(images[~masks], 25)


def test_the_hull_takes_in_sulcal_fluid_but_not_the_outer_one():
    labels = make_head().labels
    middle = np.array(labels.shape) // 2
    # A sulcus: fluid cut 3 mm wide into the cortex from above.
    top = np.flatnonzero(labels[:, middle[1], middle[2]] == Tissue.CORTEX)[-1]
    labels[top - 12 : top + 1, middle[1] - 20 : middle[1] + 20, middle[2] - 1 : middle[2] + 2] = (
        Tissue.CSF
    )
    hull = brain_hull(labels)
    assert hull[top - 8, middle[1], middle[2]]
    assert not hull[top + 3, middle[1], middle[2]]
    assert hull[tuple(middle)], "ventricles are part of the mask"


def test_sinus_air_is_not_the_outside(maps):
    outside = outer_air(maps.labels)
    assert outside[0, 0, 0]
    assert not outside[maps.labels == Tissue.WHITE_MATTER].any()


@pytest.mark.parametrize("kind", LESION_KINDS)
def test_every_lesion_changes_tissue_by_its_convention(maps, kind):
    rng = np.random.default_rng(2)
    k, j, i = (axis.ravel() for axis in np.indices(maps.labels.shape))
    points = np.stack([k, j, i]).astype(np.float32)
    labels, brain = maps.labels.ravel().copy(), maps.mask.ravel().copy()
    lesion = draw_lesion(rng, maps, kind)
    apply_lesion(lesion, points, labels, brain, maps.brain_depth.ravel())
    changed = labels != maps.labels.ravel()
    assert changed.any()
    if kind == "extra_axial":
        assert (brain < maps.mask.ravel()).any(), "extra-axial fluid is not brain"
        assert set(labels[changed]) == {Tissue.EXTRA_AXIAL_FLUID}
    else:
        np.testing.assert_array_equal(brain, maps.mask.ravel())
    if kind == "glioblastoma":
        assert {Tissue.NECROSIS, Tissue.ENHANCING_TUMOUR} <= set(labels[changed])
        assert maps.mask.ravel()[changed].all(), "a tumour stays inside the brain"


def test_a_label_map_file_becomes_a_head_and_is_cached(tmp_path):
    import nibabel

    head = make_head()
    free_surfer = np.zeros(head.labels.shape, np.int16)
    for tissue, value in (
        (Tissue.SKIN, 511),
        (Tissue.MUSCLE, 507),
        (Tissue.CORTICAL_BONE, 515),
        (Tissue.CSF, 24),
        (Tissue.CORTEX, 3),
        (Tissue.WHITE_MATTER, 2),
        (Tissue.VENTRICLE, 4),
    ):
        free_surfer[head.labels == tissue] = value
    # RAS storage of the LPS labels.
    data = free_surfer.transpose(2, 1, 0)[::-1, ::-1]
    path = tmp_path / "anna müller.nii.gz"
    nibabel.save(nibabel.Nifti1Image(data, np.eye(4)), path)
    first = load_head_maps(path, tmp_path / "cache")
    again = load_head_maps(path, tmp_path / "cache")
    np.testing.assert_array_equal(first.labels, again.labels)
    np.testing.assert_array_equal(first.field, again.field)
    assert abs(int(first.mask.sum()) - int(head.mask.sum())) < 0.01 * head.mask.sum()


def test_a_map_without_brain_is_refused(tmp_path):
    import nibabel

    path = tmp_path / "empty.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((20, 20, 20), np.int16), np.eye(4)), path)
    with pytest.raises(ConfigurationError, match="no brain labels"):
        load_head_maps(path)
