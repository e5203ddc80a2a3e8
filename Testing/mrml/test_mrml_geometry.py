"""A mask lies in Slicer where the series lies, however it is oriented and moved."""

import numpy as np
import pytest
from dicom_factory import ORIENTATIONS, make_affine

pytest_plugins = "slicer_core_scene"

SHAPE = (5, 8, 7)
RNG = np.random.default_rng(3)


def turn(about_x, about_z):
    cx, sx, cz, sz = np.cos(about_x), np.sin(about_x), np.cos(about_z), np.sin(about_z)
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, cx, -sx], [0, sx, cx]]
    )
    matrix[:3, 3] = [12.5, -7, 3]
    return matrix


def flipped(affine, axis):
    affine = affine.copy()
    affine[:3, 3] += affine[:3, axis] * 4
    affine[:3, axis] *= -1
    return affine


AFFINES = {
    **{name: make_affine(name) for name in ORIENTATIONS},
    "left-handed": flipped(make_affine("oblique"), 0),
    "from top to bottom": flipped(make_affine("axial"), 2),
    "sheared": make_affine("oblique") + np.outer([1, 0.5, 0, 0], [0, 0, 1, 0]),
}
STRETCHED = turn(0.2, 0.1) @ np.diag([1.2, 0.9, 1.05, 1])
TRANSFORMS = {"none": None, "rigid": turn(0.4, -1.1), "affine": STRETCHED}


def random_mask():
    return RNG.random(SHAPE) > 0.5


@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_the_affine_comes_back(mrml, add_volume, affine):
    node = add_volume(np.zeros(SHAPE, np.int16), affine)
    assert np.allclose(mrml.geometry.ijkToLps(node), affine, rtol=0, atol=1e-9)
    # MRML's own idea of the place of a voxel, which is RAS+.
    ras = [0.0] * 6
    node.GetRASBounds(ras)
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in SHAPE[::-1]])).reshape(3, -1)
    lps = (affine @ np.vstack([corners, np.ones(8)]))[:3]
    assert np.allclose(ras[4:], [lps[2].min(), lps[2].max()])
    assert np.allclose(ras[:2], [-lps[0].max(), -lps[0].min()])
    assert np.allclose(ras[2:4], [-lps[1].max(), -lps[1].min()])


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@pytest.mark.parametrize("affine", AFFINES.values(), ids=AFFINES)
def test_a_mask_comes_back_voxel_for_voxel(
    mrml, slicer, add_volume, add_transform, affine, transform
):
    node = add_volume(np.zeros(SHAPE, np.int16), affine)
    if transform is not None:
        node.SetAndObserveTransformNodeID(add_transform(transform).GetID())
    segmentation = mrml.segmentation_node.segmentationOf(node)
    mask = random_mask()
    found = mrml.segments.addMaskSegment(segmentation, node, mask, "Brain", (1, 2, 3))
    assert segmentation.GetTransformNodeID() == node.GetTransformNodeID()
    assert np.array_equal(mrml.segments.segmentMask(segmentation, found, node), mask)
    # Slicer's own export agrees.
    exported = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, found, node)
    assert np.array_equal(exported > 0, mask)


def test_a_rigid_transform_decides_where_the_top_of_the_head_is(mrml, add_volume, add_transform):
    lying = turn(np.pi / 2, 0)  # about RAS x
    affine = make_affine("axial")
    node = add_volume(RNG.integers(0, 9, SHAPE).astype(np.int16), affine)
    node.SetAndObserveTransformNodeID(add_transform(lying).GetID())
    source = mrml.sequence_to_series.openNode(node)
    flip = np.diag([-1, -1, 1, 1])
    assert np.allclose(source.affine, flip @ lying @ flip @ affine)
    assert source.warnings == []
    world = [0.0] * 6
    node.GetRASBounds(world)
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in SHAPE[::-1]])).reshape(3, -1)
    ras = (flip @ source.affine @ np.vstack([corners, np.ones(8)]))[:3]
    assert np.allclose(world[::2], ras.min(axis=1))


def test_a_registration_does_not_change_the_size_of_the_brain(mrml, add_volume, add_transform):
    affine = make_affine("oblique")
    node = add_volume(np.arange(280, dtype=np.int16).reshape(SHAPE), affine)
    node.SetAndObserveTransformNodeID(add_transform(STRETCHED).GetID())
    source = mrml.sequence_to_series.openNode(node)
    assert np.allclose(source.affine, affine, rtol=0, atol=1e-9)
    (warning,) = source.read().warnings
    assert "a transform that is not rigid" in warning and "Turned" not in warning


def test_a_bent_volume_is_segmented_as_it_was_scanned(mrml, slicer, add_volume):
    import vtk

    spline = vtk.vtkThinPlateSplineTransform()
    fixed, moving = vtk.vtkPoints(), vtk.vtkPoints()
    for point in ((0, 0, 0), (90, 0, 0), (0, 90, 0), (0, 0, 90), (50, 50, 50)):
        fixed.InsertNextPoint(point)
        moving.InsertNextPoint([value + 0.02 * value**2 for value in point])
    spline.SetSourceLandmarks(fixed)
    spline.SetTargetLandmarks(moving)
    bend = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "Warp")
    bend.SetAndObserveTransformToParent(spline)
    affine = make_affine("axial")
    node = add_volume(np.arange(280, dtype=np.int16).reshape(SHAPE), affine)
    node.SetAndObserveTransformNodeID(bend.GetID())
    source = mrml.sequence_to_series.openNode(node)
    assert np.allclose(source.affine, affine, rtol=0, atol=1e-9)
    assert "not rigid" in source.warnings[0] and "Warp" not in source.warnings[0]
    segmentation = mrml.segmentation_node.segmentationOf(node)
    mask = random_mask()
    found = mrml.segments.addMaskSegment(segmentation, node, mask, "Brain", (1, 2, 3))
    assert np.array_equal(mrml.segments.segmentMask(segmentation, found, node), mask)


def test_a_segment_is_read_where_it_is_seen(mrml, add_volume, add_transform):
    """Only the segmentation is moved, by one voxel along i: so is what is read on the volume."""
    affine = np.diag([2.0, 2.0, 5.0, 1.0])
    node = add_volume(np.zeros(SHAPE, np.int16), affine)
    segmentation = mrml.segmentation_node.segmentationOf(node)
    mask = random_mask()
    mask[..., -1] = False
    found = mrml.segments.addMaskSegment(segmentation, node, mask, "Brain", (1, 2, 3))
    shift = np.eye(4)
    shift[0, 3] = -2.0  # LPS +x is RAS -x
    segmentation.SetAndObserveTransformNodeID(add_transform(shift).GetID())
    seen = mrml.segments.segmentMask(segmentation, found, node)
    assert np.array_equal(seen[..., 1:], mask[..., :-1])
    assert not seen[..., 0].any()


def test_a_volume_and_its_segmentation_under_different_transforms_are_refused(
    mrml, add_volume, add_transform
):
    from DSCBrainSegLib.errors import ConfigurationError

    node = add_volume(np.zeros(SHAPE, np.int16), np.eye(4))
    segmentation = mrml.segmentation_node.segmentationOf(node)
    node.SetAndObserveTransformNodeID(add_transform(turn(0.1, 0.2)).GetID())
    assert mrml.segmentation_node.segmentationOf(node) is segmentation  # empty: it follows
    assert segmentation.GetTransformNodeID() == node.GetTransformNodeID()
    mrml.segments.addMaskSegment(segmentation, node, random_mask(), "Brain", (1, 2, 3))
    node.SetAndObserveTransformNodeID(None)
    with pytest.raises(ConfigurationError, match="lie under different transforms"):
        mrml.segmentation_node.segmentationOf(node)
