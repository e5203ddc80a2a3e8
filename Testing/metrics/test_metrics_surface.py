"""Surface distances and volume errors follow closed forms and agree with SimpleITK."""

import numpy as np
import pytest

from DSCBrainSegLib.metrics.surface import surface_distances
from DSCBrainSegLib.metrics.volume import volume_error


def ball(spacing, radius_mm, shift_mm=(0.0, 0.0, 0.0), field_mm=110.0):
    """A ball in the middle of a cubic field, moved by `shift_mm` along (k, j, i)."""
    axes = [(np.arange(round(field_mm / size)) + 0.5) * size - field_mm / 2 for size in spacing]
    grid = np.meshgrid(*axes, indexing="ij")
    squares = [(x - shift) ** 2 for x, shift in zip(grid, shift_mm, strict=True)]
    return sum(squares) <= radius_mm**2


def test_slab_moved_by_two_thick_slices_is_10_mm_off():
    reference, mask = np.zeros((2, 16, 8, 8), bool)
    reference[3:9], mask[5:11] = True, True
    distances = surface_distances(mask, reference, (5.0, 1.8, 1.8))
    assert distances.hd95_mm == distances.hausdorff_mm == pytest.approx(10.0)
    assert distances.mean_mm == pytest.approx(10.0)


def test_cube_moved_in_plane_is_off_by_pixels_not_slices():
    reference, mask = np.zeros((2, 20, 40, 40), bool)
    reference[4:16, 10:30, 10:30] = True
    mask[4:16, 10:30, 13:33] = True
    distances = surface_distances(mask, reference, (5.0, 1.8, 1.8))
    assert distances.hd95_mm == distances.hausdorff_mm == pytest.approx(3 * 1.8)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.5, 1.25, 1.25), (5.0, 1.25, 1.25)])
def test_moved_ball_has_the_distances_of_the_formula(spacing):
    # A point at angle a to the shift s is |s cos a| off, and cos a is uniform over a sphere: mean
    # s / 2, 95th percentile 0.95 s. Voxels of 5 mm leave the mean 9 % short (without areas: 25 %).
    shift = 7.5
    distances = surface_distances(ball(spacing, 40, (0.0, 0.0, shift)), ball(spacing, 40), spacing)
    assert distances.mean_mm == pytest.approx(shift / 2, rel=0.12)
    assert distances.hd95_mm == pytest.approx(0.95 * shift, abs=0.75)


def test_larger_ball_is_off_by_the_difference_of_radii():
    spacing = (1.0, 1.0, 1.0)
    distances = surface_distances(ball(spacing, 44), ball(spacing, 40), spacing)
    assert distances.mean_mm == pytest.approx(4.0, abs=0.25)
    assert distances.hd95_mm == pytest.approx(4.0, abs=0.5)


def test_distances_agree_with_simpleitk():
    sitk = pytest.importorskip("SimpleITK")
    spacing = (3.0, 1.5, 2.0)
    mask, reference = ball(spacing, 30, (3, 6, -4)), ball(spacing, 33)

    def contour_and_distance(array):
        image = sitk.GetImageFromArray(array.astype(np.uint8))
        image.SetSpacing(spacing[::-1])
        contour = sitk.LabelContour(image, False)
        distance = sitk.SignedMaurerDistanceMap(
            contour, squaredDistance=False, useImageSpacing=True
        )
        return sitk.GetArrayFromImage(contour) > 0, np.abs(sitk.GetArrayFromImage(distance))

    mask_contour, to_mask = contour_and_distance(mask)
    reference_contour, to_reference = contour_and_distance(reference)
    distances = surface_distances(mask, reference, spacing)
    np.testing.assert_allclose(distances.mask_to_reference, to_reference[mask_contour], atol=1e-3)
    np.testing.assert_allclose(distances.reference_to_mask, to_mask[reference_contour], atol=1e-3)


def test_largest_distance_is_simpleitks_hausdorff_distance():
    sitk = pytest.importorskip("SimpleITK")
    spacing = (1.0, 1.0, 1.0)
    mask, reference = ball(spacing, 30, (2, 5, -6)), ball(spacing, 33)
    measure = sitk.HausdorffDistanceImageFilter()
    measure.Execute(
        *(sitk.GetImageFromArray(array.astype(np.uint8)) for array in (mask, reference))
    )
    figure = surface_distances(mask, reference, spacing).hausdorff_mm
    assert figure == pytest.approx(measure.GetHausdorffDistance())


def test_distances_do_not_depend_on_which_mask_comes_first():
    spacing = (3.0, 1.5, 1.5)
    first, second = ball(spacing, 30), ball(spacing, 36, (0, 5, 0))
    there, back = (surface_distances(*pair, spacing) for pair in ((first, second), (second, first)))
    assert there.hd95_mm == back.hd95_mm
    assert there.mean_mm == pytest.approx(back.mean_mm)


def test_cut_of_the_field_of_view_is_no_surface():
    reference, mask = np.zeros((2, 4, 30, 30), bool)
    reference[:, 10:20, 10:20] = True  # a column through all slices
    mask[:, 9:21, 9:21] = True
    distances = surface_distances(mask, reference, (5.0, 2.0, 2.0))
    assert distances.reference_to_mask.size == 4 * 36  # the walls, not the two cut ends
    assert distances.reference_to_mask.min() == pytest.approx(2.0)


def test_area_counts_walls_and_steps_by_their_size():
    mask = np.zeros((5, 7, 7), bool)
    mask[2, 2:5, 2:5] = True
    areas = surface_distances(mask, mask, (5.0, 2.0, 2.0)).mask_areas
    assert areas.sum() == pytest.approx(2 * 9 * 4 + 12 * 10)  # two caps, twelve wall faces


def test_one_slice_is_measured_in_the_plane():
    reference, mask = np.zeros((2, 20, 20), bool)
    reference[5:15, 5:12], mask[5:15, 8:15] = True, True
    assert surface_distances(mask, reference, (1.0, 2.0)).hausdorff_mm == pytest.approx(6.0)


def test_empty_masks_are_defined():
    empty, some, full = np.zeros((3, 6, 6, 6), bool)
    some[2:4, 2:4, 2:4], full[:] = True, True
    spacing = (1.0, 1.0, 1.0)
    for alike in (empty, full):
        distances = surface_distances(alike, alike, spacing)
        assert distances.hd95_mm == distances.mean_mm == 0.0
    for mask, reference in ((empty, some), (some, empty), (full, empty), (full, some)):
        distances = surface_distances(mask, reference, spacing)
        assert distances.hd95_mm == distances.mean_mm == np.inf


def test_wrong_shapes_and_spacings_are_refused():
    mask = np.zeros((3, 4, 5), bool)
    with pytest.raises(ValueError, match="differ in shape"):
        surface_distances(mask, mask[:2], (1, 1, 1))
    with pytest.raises(ValueError, match="3 sizes in mm"):
        surface_distances(mask, mask, (1, 1))
    with pytest.raises(ValueError, match="above 0"):
        surface_distances(mask, mask, (1, 0, 1))


def test_volume_error_in_ml_and_percent():
    reference, mask = np.zeros((2, 10, 10, 10), bool)
    reference[:4], mask[:3] = True, True
    error = volume_error(mask, reference, voxel_volume_ml=0.02)
    assert (error.mask_ml, error.reference_ml) == (pytest.approx(6.0), pytest.approx(8.0))
    assert error.ml == pytest.approx(-2.0)
    assert error.percent == pytest.approx(-25.0)


def test_volume_error_without_reference():
    empty, some = np.zeros((2, 3, 3, 3), bool)
    some[0] = True
    assert volume_error(empty, empty, 0.1).percent == 0.0
    assert volume_error(some, empty, 0.1).percent == np.inf
    assert volume_error(empty, some, 0.1).percent == -100.0
