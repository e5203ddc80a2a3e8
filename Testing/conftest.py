"""Fixtures that several test files share."""

import os
from pathlib import Path

import numpy as np
import pytest
from slicer_fixtures import panel, sample  # noqa: F401 - pytest finds them here
from slicer_host.fixtures import clean_scene, slicer_host  # noqa: F401

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def keras():
    """The keras module on the back end the library chooses."""
    from DSCBrainSegLib.keras_backend import select_backend

    select_backend()
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


def ball(shape=(10, 40, 36), spacing=(5.0, 3.0, 3.0), radius_mm=45.0):
    """Bright ball (K, J, I) in a dark volume, off centre so that a flip is seen."""
    centre = np.array(shape) / 2 - 0.5 + np.array([0, 3, -2])
    grids = np.ogrid[tuple(slice(n) for n in shape)]
    squared = sum(((g - c) * step) ** 2 for g, c, step in zip(grids, centre, spacing, strict=True))
    return squared < radius_mm**2


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


def shared_folder() -> Path | None:
    """The development data beside the repository, if this machine has them."""
    default = Path(__file__).resolve().parents[1].parent / "shared"
    folder = Path(os.environ.get("DSCBRAINSEG_SHARED", default))
    return folder if (folder / "data" / "dev").is_dir() else None
