"""Grid search: every point trained by the protocol, ranked, resumed, told when it cannot be."""

import csv
import json

import pytest
from cohort_factory import make_cohort

from DSCBrainSegLib.cohort.split import draw_split
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.training.config import TrainingConfig
from DSCBrainSegLib.training.grid_search import Trial, search_grid
from DSCBrainSegLib.training.search_report import make_table, write_search
from DSCBrainSegLib.training.search_space import DEFAULT_AXES, SearchSpace

BASE = TrainingConfig(
    network=NetworkConfig(widths=(4, 8), input_size=32), epochs=1, batch_size=16, learning_rate=1e-2
)


def test_grid_is_trained_ranked_and_resumed(tmp_path, keras, monkeypatch):
    pytest.importorskip("keras_tuner")
    from DSCBrainSegLib.training import grid_search

    cohort = make_cohort(tmp_path / "cohort")
    cohort = cohort.with_split(draw_split({name: name for name in "abc"}, seed=1))
    # Seven levels do not fit into 32 pixels.
    space = SearchSpace(
        BASE, {"network.widths": ((4, 8), (2,) * 7), "network.input_size": (32, 64)}
    )
    trials = search_grid(cohort, tmp_path / "out", space)
    assert [bool(trial.problem) for trial in trials] == [False, False, False, True]
    assert "multiple of 64" in trials[-1].problem
    losses = [trial.validation_loss for trial in trials[:3]]
    assert losses == sorted(losses)
    small = next(t for t in trials if t.values["network.widths"] == [4, 8])
    assert small.parameters > 100
    place = f"0-{(32, 64).index(small.values['network.input_size'])}"
    with (tmp_path / "out" / "trials" / place / "run" / "log.csv").open() as file:
        assert float(next(csv.DictReader(file))["val_loss"]) == small.validation_loss

    def trained_again(*arguments):
        raise AssertionError("a finished point was trained again")

    monkeypatch.setattr(grid_search, "_train", trained_again)
    assert search_grid(cohort, tmp_path / "out", space) == trials
    with pytest.raises(ConfigurationError, match="another grid"):
        search_grid(cohort, tmp_path / "out", SearchSpace(BASE, {"learning_rate": (1e-3,)}))


def test_table_and_picture(tmp_path):
    pytest.importorskip("matplotlib")
    trials = [
        Trial({"network.scse": "post", "seed": 1}, 1200, 0.021, 0.98, 7, 9, 33.3),
        Trial({"network.scse": "none", "seed": 1}, 1100, 0.034, 0.97, 9, 9, 31.0),
        Trial({"network.scse": "pre", "seed": 1}, problem="does not fit"),
    ]
    write_search(trials, tmp_path)
    table = make_table(trials).splitlines()
    assert table[2] == "| post | 1 | 1,200 | 0.0210 | 0.9800 | 7 of 9 | 33 |"
    assert "left out: does not fit" in table[4]
    with (tmp_path / "grid.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["network.scse"] for row in rows] == ["post", "none", "pre"]
    assert float(rows[0]["validation_loss"]) == 0.021
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_default_grid_has_eight_points_that_can_be_built():
    points = SearchSpace(TrainingConfig(), DEFAULT_AXES)
    assert len({json.dumps(points.config(point).to_dict()) for point in points.points()}) == 8


def test_search_file(tmp_path):
    path = tmp_path / "search.toml"
    path.write_text(
        "[base]\nepochs = 5\n[axes]\nbatch_size = [8, 16]\n"
        '[axes.network]\nscse = ["pre", "post"]\nwidths = [[8, 16], [16, 32]]\n'
        "units_per_stage = [1, 2]\n",
        encoding="utf-8",
    )
    space = SearchSpace.read(path)
    assert space.base.epochs == 5
    assert len(space.points()) == 16
    config = space.config(space.points()[-1])
    assert (config.batch_size, config.network.scse) == (16, "post")
    assert (config.network.widths, config.network.units_per_stage) == ((16, 32), 2)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[axes]\nspeed = [1, 2]", "no setting 'speed'"),
        ("[axes]\nbatch_size = 8", "needs a list"),
        ("[axes]\nbatch_size = [0]", "batch_size must be"),
        ('[axes.network]\nscse = ["best"]', "scse must be one of"),
        ("[axes.network]\nwidths = [8]", "widths"),
        ("[grid]\nx = 1", "unknown table grid"),
    ],
)
def test_wrong_search_is_told(tmp_path, text, told):
    path = tmp_path / "search.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told) as error:
        SearchSpace.read(path)
    assert "search.toml" in str(error.value)
