"""Segmentations as .seg.nrrd files on a disk that fills up."""

from contextlib import contextmanager

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK

from DSCBrainSegLib.errors import OutputError

pytest_plugins = "slicer_core_scene"
resource = pytest.importorskip(
    "resource", reason="needs a limit on the size of files (not Windows)"
)


@pytest.fixture
def segmentation(mrml, add_volume):
    """A segmentation with a mask that does not compress well."""
    volume = add_volume(MASK.astype(np.float32), AFFINE)
    node = mrml.segmentation_node.segmentationOf(volume)
    noise = np.random.default_rng(0).random(MASK.shape) > 0.5
    mrml.method_segments.writeMethodMask(node, volume, "otsu", noise)
    return node


@contextmanager
def room_for(size):
    """A disk that takes so many bytes of a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("missing", [1, 9, 1000, 4500])
def test_a_disk_that_fills_up_is_noticed(mrml, segmentation, tmp_path, missing):
    write, path = mrml.segmentation_files.writeSegmentation, tmp_path / "masks.seg.nrrd"
    write(segmentation, path)
    size = path.stat().st_size
    assert size > 5000
    with room_for(size - missing), pytest.raises(OutputError, match=r"masks\.seg\.nrrd"):
        write(segmentation, path)
    with room_for(size):
        write(segmentation, path)
    assert path.stat().st_size == size


def test_a_segmentation_without_segments_is_written(mrml, segmentation, tmp_path):
    segmentation.GetSegmentation().RemoveAllSegments()
    path = tmp_path / "none.seg.nrrd"
    mrml.segmentation_files.writeSegmentation(segmentation, path)
    assert path.stat().st_size > 0
