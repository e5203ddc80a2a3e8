"""Which methods, weights and parts of a cohort are evaluated, and what their references are."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from cohort_factory import MASK, make_cohort, make_series

from DSCBrainSegLib import methods
from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.cases import find_cases
from DSCBrainSegLib.cohort.ground_truth import SIMULATION, GroundTruth, confirm, draw, now
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.cohort.split import Split
from DSCBrainSegLib.errors import ConfigurationError, WeightsError
from DSCBrainSegLib.evaluation.chosen import NetworkWeights, find_methods
from DSCBrainSegLib.evaluation.references import describe_references, describe_scope
from DSCBrainSegLib.evaluation.run import evaluate_folder


@pytest.fixture
def network(monkeypatch):
    """A network that computes nothing; returns the weights it was called with."""
    used = []

    def segment(volume, spacing, weights, progress, cancelled):
        used.append(weights)
        return (volume > 0.5 * volume.max()).astype(np.float32)

    fake = replace(methods.get_method("network"), segment=segment)
    monkeypatch.setattr("DSCBrainSegLib.network.predict.prepare_network", lambda path: None)
    monkeypatch.setitem(methods.registry._METHODS, "network", fake)
    return used


@pytest.fixture
def weights_file(tmp_path):
    path = tmp_path / "folder=1" / "mine.weights.h5"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    card = {"name": "mine", "network": {}, "sha256": hashlib.sha256(b"weights").hexdigest()}
    (path.parent / "mine.json").write_text(json.dumps(card))
    return path


@pytest.fixture
def cohort(tmp_path):
    cohort = make_cohort(tmp_path / "cohort")
    parts = {"train": ("a",), "validation": ("b",), "test": ("c",)}
    return cohort.with_split(Split(0, (0.4, 0.3, 0.3), parts))


def test_weights_are_named_or_not(weights_file):
    assert NetworkWeights.parse(str(weights_file)) == NetworkWeights(weights_file)
    named = NetworkWeights.parse(f"post-2={weights_file}")
    assert named == NetworkWeights(weights_file, "post-2")
    assert (named.method, NetworkWeights(weights_file).method) == ("network:post-2", "network")


def test_each_weight_file_is_a_method_of_its_own(network, weights_file):
    found = find_methods(["network:a", "otsu"], [NetworkWeights(weights_file, "a")])
    assert [method.name for method in found] == ["network:a", "otsu"]
    assert found[0].clean
    found[0].run(np.ones((1, 2, 2)), (1.0, 1.0, 1.0))
    assert network == [weights_file]
    last = find_methods(["otsu"], [NetworkWeights(weights_file, "a")])
    assert [method.name for method in last] == ["otsu", "network:a"]


def test_wrong_weights_are_told_before_any_work(network, weights_file, cohort, tmp_path):
    twice = [NetworkWeights(weights_file), NetworkWeights(weights_file)]
    with pytest.raises(ConfigurationError, match="name them"):
        find_methods(["network"], twice)
    with pytest.raises(ConfigurationError, match="no method 'network:b'"):
        find_methods(["network:b"], [NetworkWeights(weights_file, "a")])
    arguments = ["evaluate", str(cohort.folder), "-o", str(tmp_path / "out"), "--methods", "otsu"]
    assert main([*arguments, "--weights", "a=no-such.weights.h5"]) == 1
    weights_file.write_bytes(b"damaged")
    missing = [NetworkWeights(weights_file, "a")]
    with pytest.raises(WeightsError, match="damaged"):
        evaluate_folder(cohort.folder, ["otsu"], tmp_path / "out", weights=missing)
    assert not (tmp_path / "out").exists() and not network


def test_the_command_evaluates_one_part_with_several_weights(
    network, weights_file, cohort, tmp_path, capsys
):
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    arguments = ["evaluate", cohort.folder, "-o", out, "--methods", "otsu", "--part", "test"]
    arguments += ["--weights", f"one={weights_file}", "--weights", weights_file]
    assert main([str(argument) for argument in arguments]) == 0
    table = (out / "table.md").read_text(encoding="utf-8")
    assert "Only the part test of the cohort's split was evaluated." in table
    assert "Reference of the case: drawn by one reader, not confirmed by a second." in table
    assert "## Over volumes (1)" in table
    assert "| network:one | 1 |" in table and "| network | 1 |" in table
    assert capsys.readouterr().out.strip() == table.strip()
    assert set(network) == {weights_file}
    assert "drawn by one reader" in (out / "table.tex").read_text(encoding="utf-8")
    cases = (out / "per-case.md").read_text(encoding="utf-8")
    assert "| c |" in cases and "| a |" not in cases and "drawn by one reader" in cases
    report = (out / "report.html").read_text(encoding="utf-8")
    assert hashlib.sha256(b"weights").hexdigest() in report


def test_a_part_of_what_is_no_cohort_is_refused(tmp_path, capsys):
    arguments = ["evaluate", str(tmp_path), "-o", str(tmp_path / "out"), "--methods", "otsu"]
    assert main([*arguments, "--part", "test"]) == 1
    assert "is not a cohort" in capsys.readouterr().err
    assert main([*arguments, "--part", "best"]) == 2


def test_evaluating_what_a_network_was_trained_on_is_said(cohort, tmp_path):
    assert "also what a network trained on it" in describe_scope(cohort.folder, None)
    assert describe_scope(make_cohort(tmp_path / "unsplit").folder, None) == ""
    assert describe_scope(tmp_path, None) == ""


def test_references_are_called_what_they_are(tmp_path):
    cohort = Cohort.create(tmp_path / "mixed")
    drawn = draw("Reader One", seeded_from="network")
    truths = {
        "drawn": draw("Reader One"),
        "confirmed": confirm(drawn, "Reader Two"),
        "sim-1": GroundTruth(SIMULATION, now(), confirmed_by=SIMULATION),
        "sim-2": GroundTruth(SIMULATION, now(), confirmed_by=SIMULATION),
    }
    for seed, (name, truth) in enumerate(truths.items()):
        add_subject(cohort, name, make_series(seed), None, MASK, truth)
    said = describe_references(find_cases(cohort.folder))
    assert said[0] == "References of 2 of 4 cases: simulated, exact truth that no person drew."
    assert set(said[1:]) == {
        "References of 1 of 4 cases: drawn by one reader, not confirmed by a second.",
        "References of 1 of 4 cases: drawn by one reader who started from the mask of network "
        "and confirmed by a second.",
    }
    assert not any("Reader One" in line for line in said)


def test_a_person_s_drawing_on_a_simulated_image_is_both(tmp_path):
    cohort = Cohort.create(tmp_path / "mixed")
    origin = {"simulated": True}
    add_subject(cohort, "x", make_series(), None, MASK, draw("Reader One"), origin=origin)
    said = describe_references(find_cases(cohort.folder))
    assert "on simulated images" in said[0] and "exact" not in said[0]


def test_plain_folders_say_it_in_their_source_file(tmp_path):
    kinds = ({"reference": {"kind": "consensus of\n networks."}}, {"note": "nothing"}, None)
    for number, source in enumerate(kinds):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("frame.nii.gz", "reference-mask.nii.gz"):
            (folder / name).touch()
        if source:
            (folder / "source.json").write_text(json.dumps(source))
    said = describe_references(find_cases(tmp_path))
    assert "References of 1 of 3 cases: consensus of networks." in said
    assert said[0].startswith("References of 2 of 3 cases: of unknown origin")
