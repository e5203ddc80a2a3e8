"""The public interface: what it offers, its examples, its page."""

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bright_ball import ball
from cohort_factory import make_cohort
from places import REPOSITORY

import DSCBrainSegLib
from DSCBrainSegLib import methods
from DSCBrainSegLib.series import write_nifti

AFFINE = np.array([[3.0, 0, 0, -50], [0, 3, 0, -60], [0, 0, 5, -20], [0, 0, 0, 1]])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the files that the examples name."""
    frames = np.stack([np.where(ball(), 900 + 10 * t, 40) for t in range(6)]).astype(np.float32)
    write_nifti(tmp_path / "scan.nii.gz", frames, AFFINE, 1.5)
    (tmp_path / "scans").mkdir()
    for name in "ab":
        write_nifti(tmp_path / "scans" / f"{name}.nii.gz", frames, AFFINE, 1.5)
    make_cohort(tmp_path / "cohort", names=("a", "b"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(methods.registry, "_METHODS", dict(methods.registry._METHODS))


def functions():
    for name in DSCBrainSegLib.__all__:
        if not isinstance(getattr(DSCBrainSegLib, name), type):
            yield name


@pytest.mark.parametrize("name", [*functions(), "SegmentationMethod"])
def test_the_example_of_each_public_function_runs(name, place):
    if name == "simulate":
        pytest.importorskip("nilearn", reason="the phantom's head comes with nilearn")
    tests = doctest.DocTestFinder(recurse=False).find(getattr(DSCBrainSegLib, name), name, globs={})
    assert tests and tests[0].examples
    runner = doctest.DocTestRunner()
    for test in tests:
        runner.run(test)
    assert runner.failures == 0


def test_the_list_of_names_is_one():
    assert sorted(DSCBrainSegLib._PUBLIC) == sorted(DSCBrainSegLib.__all__)
    assert set(DSCBrainSegLib.__all__) <= set(dir(DSCBrainSegLib))
    with pytest.raises(AttributeError, match="has no attribute 'segment_all'"):
        _ = DSCBrainSegLib.segment_all


def test_names_are_loaded_when_they_are_asked_for():
    code = "import DSCBrainSegLib as d, sys; print(d.DSCSeries.__name__, 'keras' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.split() == ["DSCSeries", "False"]


def test_types_are_shipped():
    assert (Path(DSCBrainSegLib.__file__).parent / "py.typed").is_file()


def test_the_page_is_made_from_the_docstrings_as_they_are():
    pytest.importorskip("griffe", reason="reads the docstrings")
    program = REPOSITORY / "docs" / "make_api.py"
    done = subprocess.run(
        [sys.executable, program, "--check"], capture_output=True, text=True, cwd=REPOSITORY
    )
    assert done.returncode == 0, done.stderr
