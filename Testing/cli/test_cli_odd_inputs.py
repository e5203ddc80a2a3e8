"""No command ends in anything but a result or a sentence, whatever the input is."""

import warnings

import numpy as np
import pytest
from fuzz_inputs import Inputs
from nifti_factory import write

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.pipeline import segment_series
from DSCBrainSegLib.preprocessing.motion import correct_motion
from DSCBrainSegLib.series import list_series, open_series, read_series

ODD = {
    "one slice": {"dim": (4, 7, 6, 1, 5)},
    "one voxel": {"dim": (3, 1, 1, 1)},
    "one time point": {"dim": (3, 7, 6, 4)},
    "metre": {"units": 1 | 8},
    "backwards": {"step": -1.5},
    "no time": {"step": 0.0},
    "endless time": {"step": float("inf")},
    "number that is none": {"scaling": (float("inf"), 0.0)},
    "huge scale": {"scaling": (1e38, 1e38)},
    "flat": {"rows": ((0, 0, 0, 0),) * 3, "codes": (0, 1)},
    "thin": {"edges": (1e-9, 1e-9, 1e-9), "codes": (0, 0)},
    "vast": {"edges": (1e9, 1e9, 1e9), "codes": (0, 0)},
}


def info(path, _):
    list_series(path)
    open_series(path)


def segment(path, _):
    segment_series(path, "otsu")


def motion(path, _):
    correct_motion(read_series(path))


def cohort_add(path, folder):
    cohort = Cohort.create(folder / "cohort")
    add_subject(cohort, "s-1", read_series(path))
    assert len(list((folder / "cohort" / "s-1").iterdir())) >= 2


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("command", [info, segment, motion, cohort_add])
def test_odd_header_gives_a_result_or_a_sentence(tmp_path, name, command):
    path = write(tmp_path / "a.nii", **ODD[name])
    with np.errstate(all="ignore"):
        try:
            command(path, tmp_path)
        except DSCBrainSegError as error:
            assert str(error).strip()


@pytest.mark.parametrize("command", [segment, motion, cohort_add])
def test_damaged_inputs_give_a_result_or_a_sentence(tmp_path, command):
    (tmp_path / "inputs").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        inputs = Inputs(tmp_path / "inputs")
        for seed in range(30):
            folder = tmp_path / str(seed)
            folder.mkdir()
            try:
                command(inputs.damaged(seed), folder)
            except DSCBrainSegError as error:
                assert str(error).strip()
