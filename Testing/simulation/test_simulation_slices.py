"""Simulated training slices: replayable, on the network's grid, with a mask that fits the image."""

import numpy as np
import pytest
from synthetic_head import make_head, make_maps

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.simulation.acquisition.pose import Pose, Scalp
from DSCBrainSegLib.simulation.acquisition.sampling import sample_slice
from DSCBrainSegLib.simulation.anatomy.head import brain_hull
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps, outer_air
from DSCBrainSegLib.simulation.anatomy.tissue import BRAIN_TISSUES, Tissue
from DSCBrainSegLib.simulation.pathology.lesion_paint import apply_lesion
from DSCBrainSegLib.simulation.pathology.lesions import (
    LESION_KINDS,
    Lesion,
    bloom_rate,
    draw_lesion,
)
from DSCBrainSegLib.simulation.pathology.warp import Push
from DSCBrainSegLib.simulation.series import slices


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


def test_the_hull_takes_in_the_fluid_of_sulci_and_around_the_brain_but_no_bone():
    labels = make_head().labels
    middle = np.array(labels.shape) // 2
    # A sulcus: fluid cut 3 mm wide into the cortex from above.
    top = np.flatnonzero(labels[:, middle[1], middle[2]] == Tissue.CORTEX)[-1]
    labels[top - 12 : top + 1, middle[1] - 20 : middle[1] + 20, middle[2] - 1 : middle[2] + 2] = (
        Tissue.CSF
    )
    hull = brain_hull(labels)
    assert hull[top - 8, middle[1], middle[2]]
    assert hull[top + 2, middle[1], middle[2]]
    assert not hull[top + 5, middle[1], middle[2]]
    assert hull[tuple(middle)], "ventricles are part of the mask"


def test_sinus_air_is_not_the_outside(maps):
    outside = outer_air(maps.labels)
    assert outside[0, 0, 0]
    assert not outside[maps.labels == Tissue.WHITE_MATTER].any()


@pytest.mark.parametrize("kind", LESION_KINDS)
def test_every_lesion_changes_tissue_by_its_convention(maps, kind):
    hull = maps.mask.ravel()
    changed_any = False
    for seed in range(6):
        lesion = draw_lesion(np.random.default_rng(seed), maps, kind)
        labels, brain = painted(maps, lesion)
        changed = labels != maps.labels.ravel()
        changed_any |= bool(changed.any())
        outside = set(labels[changed & ~hull])
        assert not (brain & ~hull).any(), "nothing outside the hull becomes brain"
        assert outside <= {Tissue.EXTRA_AXIAL_FLUID, Tissue.MUSCLE}
        if outside:
            assert lesion.surgery is not None, "only surgery changes skull and scalp"
        if kind in ("extra_axial", "craniotomy"):
            lost = hull & ~brain
            assert (labels[lost] == Tissue.EXTRA_AXIAL_FLUID).all(), (
                "fluid over the brain is no brain"
            )
            if kind == "extra_axial":
                assert lost.any()
        else:
            np.testing.assert_array_equal(brain, hull)
        if kind == "glioblastoma":
            assert Tissue.ENHANCING_TUMOUR in labels[changed]
        if kind == "cavity":
            assert lesion.surgery is not None
    assert changed_any


def painted(maps, lesion):
    points = np.indices(maps.labels.shape).reshape(3, -1).astype(np.float32)
    labels, brain = maps.labels.ravel().copy(), maps.mask.ravel().copy()
    apply_lesion(lesion, points, labels, brain, maps.brain_depth.ravel(), maps.skin_depth.ravel())
    return labels, brain


def plain_pose(maps, **values):
    centre = (np.array(maps.labels.shape) - 1) / 2
    return Pose(np.eye(3), centre, np.zeros((3, 4, 4, 4), np.float32), **values)


def middle_slice(maps, pose, lesions=(), stretch=1.0):
    scalp = Scalp(1.0, 3.0, 0.2, np.full((12,) * 3, 0.5, np.float32), stretch)
    return sample_slice(maps, pose, scalp, list(lesions), 0.0, 144.0, 4.0)


def lesion_with(push):
    return Lesion(
        "solid", push.centre, push.radius_mm, np.eye(3), np.zeros((1, 5)), 0.3, 0.0, push=push
    )


def columns_of(mask):
    """Mean column (mm from the left edge of the slice) of a mask's pixels."""
    return np.argwhere(mask)[:, -1].mean() * 144.0 / mask.shape[-1]


def test_mass_effect_moves_the_ventricle_away_and_leaves_the_hull(maps):
    centre = tuple((np.array(maps.labels.shape) - 1) / 2 - [0, 0, 22])
    still = middle_slice(maps, plain_pose(maps), [lesion_with(Push(centre, 12.0, 0.0))])
    moved = middle_slice(maps, plain_pose(maps), [lesion_with(Push(centre, 12.0, 0.5, 1.0))])
    shift = columns_of(moved.labels == Tissue.VENTRICLE) - columns_of(
        still.labels == Tissue.VENTRICLE
    )
    assert 1.0 < shift < 6.0, "the ventricle lies towards higher columns than the mass"
    assert (moved.brain != still.brain).mean() < 0.002


def test_wide_ventricles_and_atrophy(maps):
    centre = tuple((np.array(maps.labels.shape) - 1) / 2)
    plain = middle_slice(maps, plain_pose(maps))
    wide = middle_slice(maps, plain_pose(maps, ventricles=Push(centre, 25.0, 0.35)))
    ratio = (wide.labels == Tissue.VENTRICLE).sum() / (plain.labels == Tissue.VENTRICLE).sum()
    assert ratio > 1.5
    shrunk = middle_slice(maps, plain_pose(maps, atrophy_mm=4.0))
    tissue = [np.isin(each.labels, BRAIN_TISSUES).mean() for each in (plain, shrunk)]
    radius = [np.sqrt(share * 144**2 / np.pi) for share in tissue]
    assert radius[0] - radius[1] == pytest.approx(4.0, abs=1.2)
    np.testing.assert_array_equal(shrunk.brain, plain.brain, "the fluid it leaves counts")
    lost = np.isin(plain.labels, BRAIN_TISSUES) & ~np.isin(shrunk.labels, BRAIN_TISSUES)
    assert (shrunk.labels[lost] == Tissue.CSF).mean() > 0.95


def test_a_thick_scalp_makes_the_head_larger_and_not_the_brain(maps):
    plain, thick = (middle_slice(maps, plain_pose(maps), (), s) for s in (1.0, 1.8))
    assert (thick.labels > 0).sum() > 1.15 * (plain.labels > 0).sum()
    assert thick.brain.sum() == pytest.approx(plain.brain.sum(), rel=0.03)


def test_haemorrhage_blooms_beyond_its_edge(maps):
    lesion = Lesion(
        "haemorrhage", (50, 50, 50), 10.0, np.eye(3), np.zeros((1, 5)), 0.3, 0.0, bloom_per_s=40.0
    )
    points = np.array([[50, 50, 50], [50, 50, 60], [50, 50, 70], [50, 50, 95]], np.float32).T
    np.testing.assert_allclose(bloom_rate(lesion, points), [40, 40, 5, 0], rtol=1e-5)


def test_neighbouring_slices_keep_the_spacing_and_meet_both_ends(maps):
    runs = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        case = slices.draw_case(rng, maps)
        run = slices.draw_slice_positions(rng, case, maps, 5, contiguous=True)
        np.testing.assert_allclose(np.diff(run), case.acquisition.slice_spacing_mm)
        low, high = slices.brain_extent_mm(maps, case.pose)
        runs.append(((run - low) / (high - low), case.acquisition.slice_spacing_mm / (high - low)))
    highest = np.array([run.max() for run, _ in runs])
    lowest = np.array([run.min() for run, _ in runs])
    assert (highest > 0.85).mean() > 0.25 and (lowest < 0.1).mean() > 0.15


def test_the_signal_drop_is_replayed_and_larger_in_brain_than_outside(maps):
    falls = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        case = slices.draw_case(rng, maps)
        positions = slices.draw_slice_positions(rng, case, maps, 3, contiguous=True)
        images, masks, drops = slices.simulate_slices(maps, case, positions, 64, peak=True)
        again = slices.simulate_slices(maps, case, positions, 64, peak=True)
        np.testing.assert_array_equal(drops, again[2])
        assert drops.shape == images.shape and drops.min() >= 0 and drops.max() <= 1
        if masks.sum() > 50:
            falls.append(drops[masks].mean() - drops[~masks].mean())
    assert np.mean(falls) > 0.01


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
