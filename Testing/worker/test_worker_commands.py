"""The worker's commands ``list`` and ``simulate``, and packages for a single use."""

import functools
import subprocess
import sys

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic
from synthetic_head import make_maps
from wheels import make_wheel

from DSCBrainSegLib.errors import Cancelled, ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.installation import extras
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.worker.commands.list_series import list_input
from DSCBrainSegLib.worker.commands.simulate import simulate_case


def test_series_are_described_without_names(tmp_path):
    write_classic(
        tmp_path,
        make_frames(),
        make_affine(),
        SeriesDescription="Perf SECRET",
        PatientName="SECRET",
    )
    (found,) = list_input({"input": str(tmp_path)}, no_progress, never_cancelled)["series"]
    assert (found["frames"], found["slices"], found["echo_time"]) == (5, 4, 0.03)
    assert found["is_dynamic_t2star"] and "SECRET" not in str(found)
    files = [str(path) for path in tmp_path.rglob("*")]
    assert list_input({"input": files}, no_progress, never_cancelled)["series"] == [found]


def test_a_wrong_list_request_is_refused():
    for named in ("", [], [1, 2], None):
        with pytest.raises(ConfigurationError):
            list_input({"input": named}, no_progress, never_cancelled)
    with pytest.raises(SeriesError):
        list_input({"input": "/gone"}, no_progress, never_cancelled)


SMALL = {"matrix": 32, "slices": 4, "frames": 6}


@pytest.fixture
def quick_head(monkeypatch):
    """A head of ellipsoids in place of the MNI152 brain, which takes some seconds."""
    from DSCBrainSegLib.simulation.series import phantom

    quick = functools.partial(phantom.simulate_phantom, maps=make_maps())
    monkeypatch.setattr(phantom, "simulate_phantom", quick)


def test_a_phantom_is_written_whole(quick_head, tmp_path):
    out = tmp_path / "phantom"
    found = simulate_case({"output": str(out), **SMALL}, no_progress, never_cancelled)
    frames, mask = np.load(found["frames_file"]), np.load(found["mask_file"])
    assert frames.shape == (6, 4, 32, 32) and mask.shape == (4, 32, 32)
    assert set(np.unique(mask)) == {0, 1} and len(found["times"]) == 6
    assert np.array(found["affine"]).shape == (4, 4) and found["echo_time"] == 0.03
    with pytest.raises(OutputError):
        simulate_case({"output": str(out), **SMALL}, no_progress, never_cancelled)


def test_a_phantom_that_is_cancelled_or_wrong_leaves_nothing(quick_head, tmp_path):
    out = tmp_path / "phantom"
    with pytest.raises(Cancelled):
        simulate_case({"output": str(out), **SMALL}, no_progress, lambda: True)
    with pytest.raises(ConfigurationError):
        simulate_case({"output": str(out), "matrix": 7}, no_progress, never_cancelled)
    with pytest.raises(ConfigurationError):
        simulate_case({"output": ""}, no_progress, never_cancelled)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def extra(tmp_path, monkeypatch):
    """An extra that is one small wheel, installed with the real pip and no network."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    make_wheel(wheels, "nowhere-else", "1.0")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("DSCBRAINSEG_RUNTIME", str(tmp_path / "runtime"))
    made = extras.Extra("small", ("nowhere_else",), ("nowhere-else>=1",), 1, 1)
    monkeypatch.setattr(extras, "EXTRAS", {"small": made})
    return made


def test_an_extra_is_installed_beside_the_runtime_and_removed(extra, tmp_path):
    assert extras.extra_state("small").status == "missing" and extras.ready_folders() == []
    state = extras.install_extra("small")
    assert state.status == "ready" and state.folder.parent == tmp_path / "runtime"
    (folder,) = extras.ready_folders()
    code = f"import sys; sys.path.append({str(folder)!r}); import nowhere_else as n; print(n)"
    assert (
        str(folder)
        in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    )
    extras.remove_extras()
    extras.remove_extras()
    assert extras.extra_state("small").status == "missing" and not folder.exists()


def test_what_is_part_of_this_python_is_not_installed(extra, monkeypatch):
    builtin = extras.Extra("small", ("json",), ("nowhere-else>=1",), 1, 1)
    monkeypatch.setattr(extras, "EXTRAS", {"small": builtin})
    assert extras.install_extra("small").status == "built-in" and extras.ready_folders() == []
    with pytest.raises(ConfigurationError, match="choose from small"):
        extras.extra_folder("large")


def test_extras_from_a_terminal(extra, capsys):
    assert extras.main(["install", "small"]) == 0
    assert "small: ready" in capsys.readouterr().out
    assert extras.main(["remove"]) == 0 and extras.main(["state"]) == 0
    assert "small: missing" in capsys.readouterr().out
