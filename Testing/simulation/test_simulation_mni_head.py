"""The head built around the MNI152 brain has the anatomy a person expects."""

import sys

import numpy as np
import pytest
from mni_head_once import mni_head
from scipy import ndimage

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.simulation.anatomy.mni_brain import load_template
from DSCBrainSegLib.simulation.anatomy.mni_head import draw_head_shape
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue


@pytest.fixture(scope="module")
def head():
    return mni_head()


def middle(chosen):
    return np.array(ndimage.center_of_mass(chosen))


def test_brain_has_an_adult_volume_in_one_piece(head):
    assert 1.1e6 < head.mask.sum() < 1.8e6
    assert ndimage.label(head.mask)[1] == 1
    assert head.labels.shape == head.mask.shape
    assert head.labels.dtype == np.uint8


def test_grey_matter_white_matter_and_fluid_are_in_proportion(head):
    count = np.bincount(head.labels[head.mask], minlength=len(Tissue)) / head.mask.sum()
    grey = count[[Tissue.CORTEX, Tissue.DEEP_GREY, Tissue.CEREBELLUM_CORTEX]].sum()
    white = count[[Tissue.WHITE_MATTER, Tissue.CEREBELLUM_WHITE, Tissue.BRAINSTEM]].sum()
    assert 0.9 < grey / white < 2.2
    assert 0.01 < count[Tissue.VENTRICLE] < 0.06
    assert count[Tissue.CSF] < 0.35


def test_axes_run_to_left_back_and_top(head):
    eyes = head.labels == Tissue.EYE
    cerebellum = head.labels == Tissue.CEREBELLUM_CORTEX
    brain = middle(head.mask)
    assert middle(eyes)[1] < brain[1] - 40
    assert middle(cerebellum)[1] > brain[1] + 15
    assert middle(cerebellum)[0] < brain[0] - 15


def test_there_are_two_eyes_of_the_right_size(head):
    parts, count = ndimage.label(head.labels == Tissue.EYE)
    sizes = np.sort(np.bincount(parts.ravel())[1:])[-2:]
    assert count >= 2
    # A globe of 24 mm holds 7 mL; lens and shape take and give some.
    assert (sizes > 4000).all()
    assert (sizes < 10000).all()


def test_vault_closes_the_brain_in(head):
    """Above the eyes no path leads from the brain to the scalp without crossing bone."""
    eyes = np.flatnonzero((head.labels == Tissue.EYE).any(axis=(1, 2)))
    labels, mask = head.labels[eyes[-1] + 10 :], head.mask[eyes[-1] + 10 :]
    bone = np.isin(labels, (Tissue.CORTICAL_BONE, Tissue.MARROW))
    reached = ndimage.binary_propagation(mask, mask=~bone)
    assert not np.isin(labels[reached], (Tissue.SKIN, Tissue.FAT, Tissue.MUSCLE)).any()


def test_every_tissue_of_a_healthy_head_is_there(head):
    healthy = [t for t in Tissue if t < Tissue.OEDEMA] + [Tissue.DURA]
    count = np.bincount(head.labels.ravel(), minlength=len(Tissue))
    missing = [tissue.name for tissue in healthy if count[tissue] < 100]
    assert not missing


def test_air_spaces_lie_inside_the_face(head):
    solid = head.labels > 0
    filled = np.stack([ndimage.binary_fill_holes(plane) for plane in solid])
    assert 20e3 < (filled & ~solid).sum() < 200e3


def test_mask_leaves_out_eyes_bone_and_sinuses(head):
    inside = np.bincount(head.labels[head.mask], minlength=len(Tissue))
    for tissue in (Tissue.EYE, Tissue.FAT, Tissue.MUSCLE, Tissue.AIR):
        assert inside[tissue] < 500, tissue.name
    assert inside[[Tissue.CORTICAL_BONE, Tissue.MARROW]].sum() < 0.005 * head.mask.sum()


def test_seed_decides_the_head():
    one, same, other = (draw_head_shape(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.deformation.fine, same.deformation.fine)
    assert one.coverings.skull_mm == same.coverings.skull_mm
    assert not np.allclose(one.deformation.scale, other.deformation.scale)


def test_without_nilearn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "nilearn", None)
    with pytest.raises(MissingPackageError, match=r"pip install .*demo"):
        load_template()


def test_the_files_that_are_read_are_the_brain_that_nilearn_loads():
    datasets = pytest.importorskip("nilearn.datasets")
    *found, affine = load_template()
    expected = (
        datasets.load_mni152_template(resolution=1),
        datasets.load_mni152_gm_template(resolution=1),
        datasets.load_mni152_wm_template(resolution=1),
    )
    for array, image in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, np.asarray(image.dataobj, np.float32))
        np.testing.assert_array_equal(affine, image.affine)
