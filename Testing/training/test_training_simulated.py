"""Training on simulated slices: it learns, stops on time, and goes on after a kill."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_head import make_head

from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.simulation.anatomy.maps import head_maps


@pytest.fixture(scope="module")
def maps():
    return head_maps(make_head())


@pytest.fixture
def prepared(tmp_path, maps):
    """A folder for a run, in whose cache a head's derived maps lie already."""
    (tmp_path / "heads").mkdir()
    np.savez(tmp_path / "heads" / "ellipsoids.npz", **vars(maps))
    return tmp_path


@pytest.fixture
def settings(monkeypatch):
    """Settings of a tiny run, and a clock by which every round takes one second."""
    from itertools import count

    from DSCBrainSegLib.training import simulated
    from DSCBrainSegLib.training.simulated import SimulatedTraining

    clock = count()
    monkeypatch.setattr(simulated, "monotonic", lambda: float(next(clock)))
    return SimulatedTraining(
        network=NetworkConfig(widths=(4, 8), input_size=128),
        minutes=4 / 60,
        batch_size=4,
        learning_rate=1e-2,
        steps_per_round=10,
        validation_slices=8,
        mixed_precision=False,
    )


def rows(folder):
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_training_lowers_the_loss_resumes_and_leaves_weights(prepared, settings, keras):
    from DSCBrainSegLib.training.simulated import train_on_simulation

    path = prepared / "ellipsoids.nii.gz"
    weights = train_on_simulation([path], [path], prepared, settings, log=lambda line: None)
    first = rows(prepared)
    assert weights.exists()
    assert len(first) == 4
    assert float(first[-1]["loss"]) < float(first[0]["loss"])
    state = json.loads((prepared / "state.json").read_text())
    assert state["steps"] == 10 * len(first)
    longer = replace(settings, minutes=6 / 60)
    train_on_simulation([path], [path], prepared, longer, log=lambda line: None)
    resumed = rows(prepared)
    assert len(resumed) == 6
    assert int(resumed[len(first)]["round"]) == len(first) + 1
    assert not list(prepared.glob("partial*"))


def test_a_checkpoint_becomes_a_weight_file_with_a_card(prepared, settings, keras):
    from DSCBrainSegLib.errors import ConfigurationError, OutputError
    from DSCBrainSegLib.network.weights import describe, load_model
    from DSCBrainSegLib.training.export import REQUIRED, export_weights
    from DSCBrainSegLib.training.simulated import train_on_simulation

    path = prepared / "ellipsoids.nii.gz"
    settings = replace(settings, minutes=1 / 60, steps_per_round=2)
    checkpoint = train_on_simulation([path], [path], prepared, settings, log=lambda line: None)
    target = prepared / "mine.weights.h5"
    with pytest.raises(ConfigurationError, match="limits"):
        export_weights([checkpoint], settings.network, target, {"data": "x"})
    card = dict.fromkeys(REQUIRED, "said")
    export_weights([checkpoint], settings.network, target, card)
    assert describe(target)["name"] == "mine"
    with_optimizer = next(prepared.glob("checkpoint-*.weights.h5"))
    assert target.stat().st_size < with_optimizer.stat().st_size
    assert load_model(target).count_params() > 0
    with pytest.raises(OutputError, match="exists"):
        export_weights([checkpoint], settings.network, target, card)


def test_trainings_that_went_on_from_each_other_are_averaged(tmp_path, settings, keras):
    from DSCBrainSegLib.cli.main import main
    from DSCBrainSegLib.network.model import build_model
    from DSCBrainSegLib.network.weights import load_model
    from DSCBrainSegLib.training.export import REQUIRED
    from DSCBrainSegLib.training.simulated import AVERAGE_NAME

    for value in (1.0, 4.0):
        run = tmp_path / f"run {value}"
        run.mkdir()
        model = build_model(settings.network)
        model.set_weights([np.full_like(each, value) for each in model.get_weights()])
        model.save_weights(run / AVERAGE_NAME)
        (run / "settings.json").write_text(json.dumps({"network": settings.network.to_dict()}))
    (tmp_path / "card.json").write_text(json.dumps(dict.fromkeys(REQUIRED, "said")))
    runs = [str(path) for path in sorted(tmp_path.glob("run*"))]
    target, card = tmp_path / "mean.weights.h5", ["--card", str(tmp_path / "card.json")]
    assert main(["export-weights", *runs, str(target), *card]) == 0
    assert all(np.all(np.asarray(each) == 2.5) for each in load_model(target).weights)

    other = replace(settings.network, neighbours=0 if settings.network.neighbours else 1)
    (Path(runs[1]) / "settings.json").write_text(json.dumps({"network": other.to_dict()}))
    assert main(["export-weights", *runs, str(tmp_path / "no.weights.h5"), *card]) == 2
    assert not list(tmp_path.glob("no*"))


def test_the_loss_of_a_perfect_prediction_is_near_zero_and_dice_counts_overlap(keras):
    from DSCBrainSegLib.training.losses import brain_dice, cross_entropy_with_dice

    labels = np.zeros((2, 4, 4), np.int32)
    labels[:, 1:3, 1:3] = 1
    perfect = np.stack([1 - labels, labels], -1).astype(np.float32)
    assert float(cross_entropy_with_dice()(labels, perfect)) == pytest.approx(0, abs=1e-3)
    assert float(brain_dice(labels, perfect)) == pytest.approx(1)
    # Half of the brain missed: 8 of 8 + 4 pixels with smoothing of one.
    half = perfect.copy()
    half[0] = [1, 0]
    assert float(brain_dice(labels, half)) == pytest.approx((2 * 4 + 1) / (4 + 8 + 1))
    even = np.full((2, 4, 4, 2), 0.5, np.float32)
    assert float(cross_entropy_with_dice(0.0)(labels, even)) == pytest.approx(np.log(2), abs=1e-4)
