"""Methods as objects, and methods that another package brings."""

import json
import subprocess
import sys

import numpy as np
import pytest
from bright_ball import ball
from places import REPOSITORY

from DSCBrainSegLib.errors import WeightsError
from DSCBrainSegLib.methods import NetworkMethod, get_method, list_methods
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.preprocessing.bolus_peak import FEWEST_FRAMES

TOY = """
from dataclasses import dataclass
from typing import ClassVar

from DSCBrainSegLib.methods import SegmentationMethod


def segment(volume, spacing):
    return volume > volume.mean()


@dataclass(frozen=True)
class Loaded(SegmentationMethod):
    preparing: ClassVar[str] = "Loading the toy"

    def prepare(self):
        print("prepared")

    def wants_series(self, frame_count):
        return frame_count > 20

    def run(self, volume, spacing, drop=None, progress=None, cancelled=None):
        print("drop" if drop is not None else "no drop")
        return volume > volume.mean()


MEAN = SegmentationMethod("toy-mean", "Brighter than the mean", segment)
LOADED = Loaded("toy-loaded", "The same, with something to load", None)
NO_METHOD = "a text"
"""

POINTS = """
[dscbrainseg.methods]
mean = toy_methods:MEAN
loaded = toy_methods:LOADED
text = toy_methods:NO_METHOD
gone = toy_methods:GONE
"""


@pytest.fixture
def toy_package(tmp_path):
    """A package as pip would install it: a module, and metadata with entry points."""
    (tmp_path / "toy_methods.py").write_text(TOY)
    info = tmp_path / "toy_methods-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-methods\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    return tmp_path


def python(folder, code):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{folder}:{REPOSITORY}", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )


def test_an_installed_package_adds_methods_and_one_that_is_broken_costs_a_warning(toy_package):
    code = (
        "from DSCBrainSegLib.methods import list_methods; print([m.name for m in list_methods()])"
    )
    done = python(toy_package, code)
    names = json.loads(done.stdout.replace("'", '"'))
    assert names == [*(method.name for method in list_methods()), "toy-mean", "toy-loaded"]
    assert "text of toy_methods:NO_METHOD cannot be used: it is a str" in done.stderr
    assert "gone of toy_methods:GONE cannot be used" in done.stderr


def test_a_method_of_another_package_is_prepared_and_given_the_bolus_it_wants(toy_package):
    code = """
import numpy as np
from DSCBrainSegLib.pipeline import segment_series
from DSCBrainSegLib.series import DSCSeries
frames = np.random.default_rng(0).random((24, 6, 20, 20)) + 5
frames[:, 1:5, 4:16, 4:16] += 90
frames[12, 1:5, 4:16, 4:16] -= 50
for count in (24, 10):
    series = DSCSeries(frames=frames[:count], times=np.arange(count), affine=np.diag([9, 9, 9, 1.]))
    result = segment_series(series, "toy-loaded")
    print(int(result.mask.sum()), result.bolus_used)
"""
    lines = python(toy_package, code).stdout.split("\n")
    assert lines[0] == "prepared" and lines[3:5] == ["prepared", "no drop"]
    assert lines[2].startswith("576 ") and lines[5] == "576 False"


def test_the_network_wants_the_series_where_its_weights_use_the_bolus(tmp_path):
    network = get_method("network")
    assert isinstance(network, NetworkMethod) and network.facts["sha256"]
    assert not network.wants_series(FEWEST_FRAMES - 1)
    assert not get_method("otsu").wants_series(100)
    card = network.weights_file.with_name("dsc-brain.json")
    for uses in (True, False):
        values = json.loads(card.read_text(encoding="utf-8"))
        values["network"]["bolus_channel"] = uses
        (tmp_path / "mine.json").write_text(json.dumps(values), encoding="utf-8")
        (tmp_path / "mine.weights.h5").write_bytes(b"")
        mine = network.with_weights(tmp_path / "mine.weights.h5")
        assert mine.wants_series(FEWEST_FRAMES) is uses


def test_weights_that_do_not_exist_are_named(tmp_path):
    with pytest.raises(WeightsError, match="no weights file"):
        _ = get_method("network").with_weights(tmp_path / "x.weights.h5").facts


def test_a_baseline_runs_by_itself():
    mask = get_method("otsu").run(np.where(ball(), 100.0, 2.0), (5.0, 3.0, 3.0))
    assert mask.dtype == bool and overlap(mask, ball()).dice > 0.95
