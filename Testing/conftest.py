"""Fixtures that several test files share."""

import os

import numpy as np
import pytest
from bright_ball import ball
from slicer_fixtures import panel, sample  # noqa: F401 - pytest finds them here
from slicer_host.fixtures import clean_scene, slicer_host  # noqa: F401

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def keras():
    """The keras module on the back end the library chooses."""
    from DSCBrainSegLib.network.backend import start_keras

    start_keras()
    import keras

    return keras


@pytest.fixture
def threshold_method():
    """A registered method that needs no network: what is brighter than half the maximum."""
    from DSCBrainSegLib.methods import SegmentationMethod, register_method, unregister_method

    def segment(volume, spacing):
        return volume > 0.5 * volume.max()

    register_method(SegmentationMethod("threshold", "for tests", segment))
    yield "threshold"
    unregister_method("threshold")


@pytest.fixture
def series_file(tmp_path):
    """A NIfTI series of six frames of a bright ball, in an oddly named folder."""
    from DSCBrainSegLib.series import write_nifti

    folder = tmp_path / "Größe 1 (DSC)"
    folder.mkdir()
    inside = ball()
    affine = np.array([[3.0, 0, 0, -50], [0, 3, 0, -60], [0, 0, 5, -20], [0, 0, 0, 1]])
    frames = np.stack([np.where(inside, 900 + 10 * t, 40) for t in range(6)]).astype(np.float32)
    path = folder / "perfusion.nii.gz"
    write_nifti(path, frames, affine, 1.5)
    return path
