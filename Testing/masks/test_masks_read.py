"""Masks of other programs: cut, placed and refused as a reader of images would do it."""

from pathlib import Path

import nrrd
import numpy as np
import pytest
from dicom_factory import make_affine
from scipy.ndimage import affine_transform

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.masks import brain_values, read_mask
from DSCBrainSegLib.series import DSCSeries, write_mask, write_nifti

AFFINE = make_affine("oblique")
SHAPE = (9, 24, 20)
GRID = np.indices(SHAPE) - np.array([4.0, 12, 9])[:, None, None, None]
BRAIN = ((GRID / np.array([3.6, 9, 7])[:, None, None, None]) ** 2).sum(0) < 1
IMAGE = np.random.default_rng(0).rayleigh(20, SHAPE) + 600 * BRAIN * (1 + 0.3 * np.sin(GRID[2]))
SERIES = DSCSeries(frames=IMAGE[None].astype(np.float32), times=[0.0], affine=AFFINE)


def written(path: Path, volume, affine=AFFINE) -> Path:
    write_nifti(path, volume, affine)
    return path


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("top", [1.0, 255.0, 0.2])
def test_soft_label_is_cut_at_half(order, top):
    soft = affine_transform(BRAIN.astype(float), np.eye(3), offset=[0, 0.3, 0.2], order=order)
    np.testing.assert_array_equal(brain_values(soft * top, "m"), soft >= 0.5 * soft[4, 12, 9])


@pytest.mark.parametrize("value", [1, 7, 255, 0.5])
def test_one_label_of_any_value_is_the_brain(value):
    np.testing.assert_array_equal(brain_values(BRAIN * value, "m"), BRAIN)
    with_nan = np.where(BRAIN, float(value), np.nan)
    np.testing.assert_array_equal(brain_values(with_nan, "m"), BRAIN)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (IMAGE, "as an image has"),
        (IMAGE * BRAIN, "as an image has"),
        (np.rint(IMAGE / 20), "no mask|labels"),
        (-1.0 * BRAIN, "no mask"),
        (BRAIN + 1, "2 labels"),
        (BRAIN + 2 * (GRID[0] > 2), "3 labels"),
    ],
)
def test_image_or_several_labels_are_no_mask(values, words):
    with pytest.raises(SeriesError, match=words):
        brain_values(values, "m.nii")


def test_image_itself_is_refused_as_its_mask(tmp_path):
    with pytest.raises(SeriesError, match="as an image has"):
        read_mask(written(tmp_path / "frame.nii.gz", IMAGE), SERIES)


@pytest.mark.parametrize(
    "axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)], ids=lambda axes: "".join(map(str, axes))
)
@pytest.mark.parametrize("flips", [(), (0,), (0, 2), (0, 1, 2)], ids=str)
def test_mask_with_other_axes_lies_where_it_lay(tmp_path, axes, flips):
    voxels, affine = BRAIN, AFFINE.copy()
    for axis in flips:  # numpy's axis 0 is k, the affine's column 2
        column = 2 - axis
        affine[:3, 3] += affine[:3, column] * (SHAPE[axis] - 1)
        affine[:3, column] *= -1
        voxels = np.flip(voxels, axis)
    turned = affine[:, [*(2 - np.array(axes))[::-1], 3]]
    path = written(tmp_path / "m.nii.gz", np.transpose(voxels, axes), turned)
    np.testing.assert_array_equal(read_mask(path, SERIES), BRAIN)


@pytest.mark.parametrize("shift_mm", [0.002, 0.05])
def test_rounded_headers_are_the_same_grid(tmp_path, shift_mm):
    moved = AFFINE.copy()
    moved[:3, 3] += shift_mm
    np.testing.assert_array_equal(
        read_mask(written(tmp_path / "m.nii.gz", BRAIN, moved), SERIES), BRAIN
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (np.diag([1, 1, 0.5, 1.0]), "not a mask on the series' grid"),
        (np.diag([2, 2, 1, 1.0]), "not a mask on the series' grid"),
        (np.array([[1, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "another position"),
        (np.array([[1, 0, 0, 12], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]), "outside the series"),
    ],
)
def test_mask_on_other_voxels_is_refused(tmp_path, change, words):
    with pytest.raises(SeriesError, match=words):
        read_mask(written(tmp_path / "m.nii.gz", BRAIN, AFFINE @ change), SERIES)


def segmentation(path: Path, segments, layers=1, crop=2) -> Path:
    """Write a .seg.nrrd as Slicer does: (name, label, layer, voxels) of each segment."""
    voxels = np.zeros((layers, *SHAPE), np.uint8)
    header = {}
    for number, (name, label, layer, where) in enumerate(segments):
        voxels[layer][where] = label
        header |= {
            f"Segment{number}_ID": f"Segment_{number + 1}",
            f"Segment{number}_Name": name,
            f"Segment{number}_LabelValue": str(label),
            f"Segment{number}_Layer": str(layer),
        }
    inner = (slice(1, -1), slice(crop, -crop), slice(crop, -crop))
    origin = (AFFINE @ [crop, crop, 1, 1])[:3]
    directions = AFFINE[:3, :3].T
    data = np.transpose(voxels[(slice(None), *inner)], (0, 3, 2, 1))
    if layers == 1:
        data = data[0]
    else:
        directions = np.vstack([np.full(3, np.nan), directions])
    header |= {
        "space": "left-posterior-superior",
        "space directions": directions,
        "space origin": origin,
        "kinds": ["list", "domain", "domain", "domain"][4 - data.ndim :],
    }
    nrrd.write(str(path), data, header, index_order="F")
    return path


TUMOUR = BRAIN & (GRID[2] > 3)


def test_cropped_segmentation_lies_where_it_says(tmp_path):
    path = segmentation(tmp_path / "a.seg.nrrd", [("anything", 1, 0, BRAIN)])
    np.testing.assert_array_equal(read_mask(path, SERIES), BRAIN)


@pytest.mark.parametrize("name", ["brain", "Brain", "brain_mask", "Whole brain (AB)"])
def test_segment_called_brain_is_taken_from_layers_and_labels(tmp_path, name):
    layers = [("tumour", 1, 0, TUMOUR), (name, 1, 1, BRAIN)]
    path = segmentation(tmp_path / "a.seg.nrrd", layers, layers=2)
    np.testing.assert_array_equal(read_mask(path, SERIES), BRAIN)
    labels = [(name, 1, 0, BRAIN), ("brain tumour", 2, 0, TUMOUR)]
    path = segmentation(tmp_path / "b.seg.nrrd", labels)
    np.testing.assert_array_equal(read_mask(path, SERIES), BRAIN & ~TUMOUR)


def test_segments_without_a_brain_are_named(tmp_path):
    path = segmentation(tmp_path / "a.seg.nrrd", [("one", 1, 0, BRAIN), ("two", 2, 0, TUMOUR)])
    with pytest.raises(SeriesError, match="'one', 'two'"):
        read_mask(path, SERIES)


def test_several_time_points_are_no_mask(tmp_path):
    path = written(tmp_path / "m.nii.gz", np.stack([BRAIN] * 3))
    with pytest.raises(SeriesError, match="several time points"):
        read_mask(path, SERIES)


def test_file_that_is_not_there_or_no_image_is_named(tmp_path):
    (tmp_path / "text.txt").write_text("no image")
    for name in ("missing.nii", "text.txt", "."):
        with pytest.raises(SeriesError):
            read_mask(tmp_path / name, SERIES)


def test_written_mask_comes_back(tmp_path):
    for suffix in ("nii.gz", "nrrd"):
        write_mask(tmp_path / f"m.{suffix}", BRAIN, AFFINE)
        np.testing.assert_array_equal(read_mask(tmp_path / f"m.{suffix}", SERIES), BRAIN)
