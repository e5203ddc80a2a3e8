"""Whole heads as labels: the numbers of two sources become the same tissues."""

import nibabel
import numpy as np
import pytest
from synthetic_head import ellipsoid

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.simulation.anatomy.label_maps import NECK_MM, read_label_map
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

SHAPE = (70, 90, 80)  # k, j, i


def brainweb_head():
    """BrainWeb's numbers: scalp 6, skull 7, marrow 11, dura 10, fluid 1, grey 2, white 3."""
    labels = np.zeros(SHAPE, np.uint8)
    for margin, number in ((0, 6), (4, 7), (6, 11), (8, 7), (9, 10), (10, 1), (14, 2), (19, 3)):
        labels[ellipsoid((20, 45, 40), (38 - margin, 42 - margin, 36 - margin), SHAPE)] = number
    return labels


def write(path, labels):
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(labels.transpose(2, 1, 0)[::-1, ::-1], affine), path)
    return path


def test_a_brainweb_head_has_its_brain_dura_and_fluid(tmp_path):
    labels = brainweb_head()
    head = read_label_map(write(tmp_path / "brainweb_01.nii.gz", labels))
    assert set(np.unique(head.labels)) <= {int(tissue) for tissue in Tissue}
    for number, tissue in ((2, Tissue.CORTEX), (10, Tissue.DURA), (11, Tissue.MARROW)):
        found = np.count_nonzero(head.labels[NECK_MM:] == tissue)
        assert found == pytest.approx(np.count_nonzero(labels == number), rel=0.02)
    brain = np.isin(labels, (2, 3)).sum()
    assert brain < head.mask.sum() < np.isin(labels, (1, 2, 3)).sum() * 1.02
    assert not head.mask[np.isin(head.labels, (Tissue.DURA, Tissue.CORTICAL_BONE))].mean() > 0.2


def test_a_head_cut_at_the_neck_goes_on_below_without_brain(tmp_path):
    head = read_label_map(write(tmp_path / "brainweb_01.nii.gz", brainweb_head()))
    assert not head.mask[:NECK_MM].any()
    neck = head.labels[0]
    assert (neck == Tissue.SPINAL_CORD).any() and (neck == Tissue.MUSCLE).any()
    assert not np.isin(neck, (Tissue.CORTEX, Tissue.WHITE_MATTER)).any()


def test_a_map_without_brain_is_refused_by_name(tmp_path):
    labels = brainweb_head()
    labels[np.isin(labels, (2, 3))] = 1
    with pytest.raises(ConfigurationError, match="empty_head"):
        read_label_map(write(tmp_path / "empty_head.nii.gz", labels))
