"""Every orientation becomes axial and every mask finds its way back."""

import itertools

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.preprocessing.axial import to_axial


def dice(a, b):
    return 2 * np.count_nonzero(a & b) / (np.count_nonzero(a) + np.count_nonzero(b))


def rotation(degrees, axis):
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    matrix = np.eye(3)
    a, b = [n for n in range(3) if n != axis]
    matrix[[a, a, b, b], [a, b, a, b]] = c, -s, s, c
    return matrix


def affine_of(directions, spacing_ijk, origin=(10.0, -20.0, 30.0)):
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions) * spacing_ijk
    affine[:3, 3] = origin
    return affine


@pytest.mark.parametrize("swap", [False, True])
@pytest.mark.parametrize("signs", list(itertools.product([1, -1], repeat=3)))
def test_flipped_and_transposed_axial_slices_are_reordered_exactly(swap, signs):
    directions = np.eye(3)[:, [1, 0, 2]] if swap else np.eye(3)
    affine = affine_of(directions * np.array(signs), (2.0, 3.0, 5.0))
    volume = np.random.default_rng(0).random((4, 5, 6))
    axial = to_axial(volume, affine)
    # Column, row and slice run towards +x, +y, +z, and each voxel keeps its place in the patient.
    assert (np.diag(axial.affine[:3, :3]) > 0).all() and not axial.resampled
    where = np.linalg.solve(affine, axial.affine @ [1, 2, 3, 1])[:3]
    i, j, k = np.rint(where).astype(int)
    assert axial.volume[3, 2, 1] == volume[k, j, i]
    np.testing.assert_array_equal(axial.back(axial.volume), volume)


@pytest.mark.parametrize("tilt", [-40, 15, 44])
def test_tilted_slices_are_not_interpolated(tilt):
    affine = affine_of(rotation(tilt, 0), (2.0, 2.0, 4.0))
    volume = np.random.default_rng(1).random((4, 6, 6))
    axial = to_axial(volume, affine)
    np.testing.assert_array_equal(np.sort(axial.volume, axis=None), np.sort(volume, axis=None))


@pytest.mark.parametrize(
    ("name", "order"), [("sagittal", [1, 2, 0]), ("coronal", [0, 2, 1])], ids=lambda x: str(x)
)
@pytest.mark.parametrize("oblique", [0, 12])
def test_sagittal_and_coronal_series_come_back_on_their_own_voxels(name, order, oblique):
    directions = np.eye(3)[:, order] @ np.diag([1, -1, 1])
    affine = affine_of(rotation(oblique, 1) @ directions, (3.0, 3.0, 3.5))
    mask = ball((30, 48, 44), (3.5, 3.0, 3.0), 40.0)
    axial = to_axial(mask.astype(float), affine)
    assert axial.resampled
    np.testing.assert_allclose(axial.affine[:3, :3], np.diag(np.diag(axial.affine[:3, :3])))
    back = axial.back(axial.volume > 0.5)
    assert back.shape == mask.shape and back.dtype == bool
    assert dice(back, mask) > 0.95
    np.testing.assert_allclose(
        axial.volume.sum() * np.prod(axial.spacing), mask.sum() * 3 * 3 * 3.5, rtol=0.03
    )


def test_a_single_slice_works():
    volume = np.random.default_rng(0).random((1, 8, 8))
    axial = to_axial(volume, affine_of(np.eye(3), (2, 2, 5)))
    np.testing.assert_array_equal(axial.back(axial.volume), volume)


@pytest.mark.parametrize("bad", ["zero", "parallel", "nan"])
def test_an_unusable_geometry_is_named(bad):
    affine = affine_of(np.eye(3), (2.0, 2.0, 5.0))
    if bad == "zero":
        affine[:3, 2] = 0
    elif bad == "parallel":
        affine[:3, 2] = affine[:3, 1]
    else:
        affine[0, 0] = np.nan
    with pytest.raises(SeriesError, match="geometry"):
        to_axial(np.zeros((3, 4, 5)), affine)
