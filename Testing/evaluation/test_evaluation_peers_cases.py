"""The simulated test set: every volume with a lesion, the same again, never mixed."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from DSCBrainSegLib.cohort.cases import load_case
from DSCBrainSegLib.errors import Cancelled, ConfigurationError
from DSCBrainSegLib.evaluation.external import cases as peer_cases
from DSCBrainSegLib.evaluation.external.cases import TEST_MAPS, find_test_maps, make_simulated_set
from DSCBrainSegLib.evaluation.external.run import simulated_set
from DSCBrainSegLib.evaluation.references import SIMULATED, reference_kind
from DSCBrainSegLib.files import read_json


@pytest.fixture
def simulator(monkeypatch):
    """Stands in for the simulator: a lesion with every third seed, quick volumes."""
    drawn = []

    def simulate(seed, maps, bolus):
        assert bolus
        drawn.append((seed, maps.name))
        image = np.random.default_rng(seed).random((4, 8, 8)).astype(np.float32)
        assert seed % 3 == 0
        return SimpleNamespace(
            image=image,
            mask=image > 0.5,
            peak=image / 2,
            affine=np.diag([2.0, 2.0, 5.0, 1.0]),
            case=SimpleNamespace(
                lesions=[SimpleNamespace(kind="solid")], random_contrast=seed % 2 == 0
            ),
        )

    volumes = "DSCBrainSegLib.simulation.series.volumes."
    monkeypatch.setattr(f"{volumes}simulate_volume", simulate)
    monkeypatch.setattr(f"{volumes}lesion_mask", lambda volume, maps: volume.image > 0.9)
    monkeypatch.setattr(
        f"{volumes}abnormal_seeds",
        lambda maps, first: (seed for seed in itertools.count(first) if seed % 3 == 0),
    )
    monkeypatch.setattr(
        peer_cases, "_head_maps", lambda path: SimpleNamespace(name=path.name.split(".")[0])
    )
    return drawn


@pytest.fixture
def label_maps(tmp_path):
    folders = [tmp_path / source for source in TEST_MAPS]
    for folder, names in zip(folders, TEST_MAPS.values(), strict=True):
        folder.mkdir()
        for name in names:
            (folder / name).touch()
    return folders


def test_every_volume_has_a_lesion_and_exact_truth(simulator, label_maps, tmp_path):
    make_simulated_set(tmp_path / "set", label_maps, 6, seed=1)
    cases = simulated_set(tmp_path / "set", 6).cases
    assert [case.name for case in cases] == [f"simulated-{number:03d}" for number in range(6)]
    heads = []
    for case in cases:
        facts = read_json(case.image.parent / "source.json")["simulation"]
        heads.append(facts["head"])
        assert facts["lesions"] == ["solid"] and facts["seed"] % 3 == 0
        assert facts["contrast"] == ("physical" if facts["seed"] % 2 else "random")
        loaded = load_case(case)
        image = np.random.default_rng(facts["seed"]).random((4, 8, 8)).astype(np.float32)
        np.testing.assert_allclose(loaded.image, image, rtol=1e-6)
        np.testing.assert_array_equal(loaded.reference, image > 0.5)
        np.testing.assert_array_equal(loaded.lesion, image > 0.9)
        np.testing.assert_allclose(loaded.peak, image / 2, rtol=1e-6)
        assert reference_kind(case) == SIMULATED
        assert facts["source"] in TEST_MAPS
    assert heads == [
        *("training_seg_17", "brainweb_47", "training_seg_18", "brainweb_48"),
        *("training_seg_19", "brainweb_49"),
    ]


def test_set_of_one_source_has_its_heads_in_turn(label_maps):
    for folder, names in zip(label_maps, TEST_MAPS.values(), strict=True):
        assert find_test_maps([folder]) == [folder / name for name in names]


def test_stopped_simulation_goes_on_where_it_was(simulator, label_maps, tmp_path):
    with pytest.raises(Cancelled):
        make_simulated_set(tmp_path / "set", label_maps, 8, cancelled=lambda: len(simulator) >= 5)
    before = len(simulator)
    made = {case.name for case in simulated_set(tmp_path / "set", 8).cases}
    assert 0 < len(made) < 8
    make_simulated_set(tmp_path / "set", label_maps, 8)
    assert len(simulated_set(tmp_path / "set", 8).cases) == 8
    known = {name.split(".")[0] for names in TEST_MAPS.values() for name in names}
    assert {head for _, head in simulator[before:]} <= known
    after = len(simulator)
    make_simulated_set(tmp_path / "set", label_maps, 8)
    assert len(simulator) == after + 1, "only the first volume is drawn again, to be compared"


def test_set_may_grow_and_a_smaller_one_is_its_beginning(simulator, label_maps, tmp_path):
    make_simulated_set(tmp_path / "set", label_maps, 2)
    first = load_case(simulated_set(tmp_path / "set", 2).cases[1]).image
    make_simulated_set(tmp_path / "set", label_maps, 5)
    cases = simulated_set(tmp_path / "set", 2).cases
    assert len(cases) == 2
    np.testing.assert_array_equal(load_case(cases[1]).image, first)


def test_sets_are_never_mixed(simulator, label_maps, tmp_path, monkeypatch):
    make_simulated_set(tmp_path / "set", label_maps, 2, seed=1)
    with pytest.raises(ConfigurationError, match="set with another seed"):
        make_simulated_set(tmp_path / "set", label_maps, 2, seed=2)


@pytest.mark.parametrize("part", ["image", "mask"])
def test_set_of_a_simulator_that_draws_otherwise_is_refused(
    part, simulator, label_maps, tmp_path, monkeypatch
):
    from DSCBrainSegLib.simulation.series import volumes

    make_simulated_set(tmp_path / "set", label_maps, 2, seed=1)
    draw = volumes.simulate_volume

    def otherwise(seed, maps, bolus):
        volume = draw(seed, maps, bolus)
        setattr(volume, part, getattr(volume, part)[::-1])
        return volume

    monkeypatch.setattr(volumes, "simulate_volume", otherwise)
    with pytest.raises(ConfigurationError, match="another state of the simulator"):
        make_simulated_set(tmp_path / "set", label_maps, 2, seed=1)


def test_missing_label_map_is_named(simulator, label_maps, tmp_path):
    with pytest.raises(ConfigurationError, match=r"lacks training_seg_17\.nii\.gz"):
        make_simulated_set(tmp_path / "set", [tmp_path], 4)
    (label_maps[1] / "brainweb_48.nii.gz").unlink()
    with pytest.raises(ConfigurationError, match=r"BrainWeb lacks brainweb_48\.nii\.gz"):
        make_simulated_set(tmp_path / "set", label_maps, 4)
    assert not (tmp_path / "set").exists()
