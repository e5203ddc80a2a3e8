"""Training by the paper's protocol: its numbers, its schedule, and runs that are interrupted."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from cohort_factory import make_cohort

from DSCBrainSegLib.cohort.split import draw_split
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.training.checkpoints import CheckpointFolder
from DSCBrainSegLib.training.config import TrainingConfig
from DSCBrainSegLib.training.protocol import train_on_cohort

TINY = TrainingConfig(
    network=NetworkConfig(widths=(4, 8), input_size=32), epochs=4, batch_size=8, learning_rate=1e-2
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("Köln 1") / "cohort"
    cohort = make_cohort(folder, names=("a", "b", "c", "d", "e"))
    return cohort.with_split(draw_split({name: name for name in "abcde"}, seed=3))


@pytest.fixture(scope="module")
def finished(cohort, tmp_path_factory):
    """A run that nothing interrupted."""
    pytest.importorskip("keras")
    folder = tmp_path_factory.mktemp("finished") / "run"
    return folder, train_on_cohort(cohort, folder, TINY)


def log(folder):
    with (folder / "log.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def assert_same_history(history, expected):
    assert [int(row["epoch"]) for row in history] == [row["epoch"] for row in expected]
    for name in ("loss", "val_loss", "val_brain_dice", "learning_rate"):
        ours = [float(row[name]) for row in history]
        np.testing.assert_allclose(ours, [float(row[name]) for row in expected], rtol=2e-3)


def test_run_learns_and_leaves_weights_log_and_curve(cohort, finished, keras):
    from DSCBrainSegLib.pipeline import segment_series

    folder, result = finished
    assert [row["epoch"] for row in result.history] == [1, 2, 3, 4]
    assert result.history[-1]["loss"] < 0.5 * result.history[0]["loss"]
    best = min(result.history, key=lambda row: row["val_loss"])
    assert result.best_epoch == best["epoch"]
    assert len(log(folder)) == 4
    assert (folder / "learning-curve.png").read_bytes().startswith(b"\x89PNG")
    card = json.loads((folder / "best.json").read_text(encoding="utf-8"))
    assert card["figures"]["epoch"] == best["epoch"]
    assert "Reader One" in card["data"]
    frame = cohort.part("test")[0].frame
    assert segment_series(frame, weights=result.weights).weights["sha256"] == card["sha256"]


def test_tensorboard_gets_events(finished):
    pytest.importorskip("tensorboard")
    pytest.importorskip("tensorflow")
    folder, _ = finished
    assert list((folder / "tensorboard").rglob("events.out.tfevents.*"))


def test_best_weights_are_those_of_the_best_epoch(cohort, finished, keras):
    from DSCBrainSegLib.cohort.cases import cohort_cases
    from DSCBrainSegLib.network.weights import load_model
    from DSCBrainSegLib.training.cohort_slices import load_slices
    from DSCBrainSegLib.training.losses import cross_entropy_with_dice

    _, result = finished
    validation = load_slices(cohort_cases(cohort, "validation"), 32)
    probabilities = load_model(result.weights).predict(validation.images[..., None], verbose=0)
    loss = float(cross_entropy_with_dice(0.0)(validation.labels.astype("int32"), probabilities))
    assert loss == pytest.approx(result.history[result.best_epoch - 1]["val_loss"], rel=1e-3)


def test_interrupted_run_ends_like_one_that_was_not(cohort, finished, tmp_path):
    _, expected = finished
    steps = [0]

    def cancelled():
        steps[0] += 1
        # In the middle of the second epoch; reading the four subjects asks, too.
        return steps[0] == 4 + 6

    with pytest.raises(Cancelled):
        train_on_cohort(cohort, tmp_path / "run", TINY, cancelled=cancelled)
    result = train_on_cohort(cohort, tmp_path / "run", TINY)
    assert_same_history(result.history, expected.history)
    assert_same_history(log(tmp_path / "run"), expected.history)
    assert result.best_epoch == expected.best_epoch


def test_killed_process_loses_at_most_one_epoch(cohort, finished, tmp_path):
    _, expected = finished
    config = tmp_path / "tiny.toml"
    config.write_text(TINY.to_toml(), encoding="utf-8")
    output = tmp_path / "run"
    command = [sys.executable, "-m", "DSCBrainSegLib", "train", str(cohort.folder)]
    command += ["-o", str(output), "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.startswith("[2/4] epoch 2"):
                process.send_signal(signal.SIGKILL)
                break
    whole = len(json.loads((output / "state.json").read_text(encoding="utf-8"))["history"])
    assert whole >= 2
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"Going on after epoch {whole}" in done.stdout or whole == 4
    assert_same_history(log(output), expected.history)


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files, which takes POSIX")
def test_full_disk_leaves_the_last_good_checkpoint(cohort, tmp_path):
    import resource

    output = tmp_path / "run"
    train_on_cohort(cohort, output, replace(TINY, epochs=1))
    before = (output / "state.json").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
    try:
        with pytest.raises(OutputError, match="goes on from the last whole checkpoint"):
            train_on_cohort(cohort, output, TINY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (output / "state.json").read_bytes() == before
    result = train_on_cohort(cohort, output, TINY)
    assert [row["epoch"] for row in result.history] == [1, 2, 3, 4]
    assert not list(output.glob("partial.*"))


def test_other_settings_are_refused_and_more_epochs_are_not(cohort, finished, tmp_path):
    import shutil

    folder, _ = finished
    output = tmp_path / "run"
    shutil.copytree(folder, output)
    with pytest.raises(ConfigurationError, match="learning_rate"):
        train_on_cohort(cohort, output, replace(TINY, learning_rate=1e-3))
    other = cohort.with_split(draw_split({name: name for name in "abcde"}, seed=4))
    try:
        with pytest.raises(ConfigurationError, match="split"):
            train_on_cohort(other, output, TINY)
    finally:
        cohort.with_split(cohort.split)
    assert len(train_on_cohort(cohort, output, replace(TINY, epochs=5)).history) == 5


def test_damaged_state_is_told(cohort, finished, tmp_path):
    import shutil

    folder, _ = finished
    shutil.copytree(folder, tmp_path / "run")
    (tmp_path / "run" / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(SeriesError, match="damaged"):
        train_on_cohort(cohort, tmp_path / "run", TINY)


class FakeModel:
    """Has a learning rate to store and nothing else."""

    variables = ()

    def __init__(self, keras, config):
        self.optimizer = keras.optimizers.Adam(config.learning_rate)

    def load_weights(self, path):
        self.optimizer.learning_rate = float(path.read_text())

    def save_weights(self, path):
        path.write_text(str(float(self.optimizer.learning_rate)))


def test_learning_rate_falls_after_ten_epochs_without_gain(tmp_path, monkeypatch, keras):
    from DSCBrainSegLib.training import epoch_record

    monkeypatch.setattr(epoch_record.EpochRecord, "_write_best", lambda self, row: None)
    monkeypatch.setattr(epoch_record.EpochRecord, "_draw_curve", lambda self, path: path.touch())
    config = TrainingConfig()
    losses = [1.0, 0.5, *[0.6] * 10, 0.4, *[0.41] * 10, 0.41]
    rates = []
    for loss in losses:
        # A new record every epoch: the schedule goes on over any number of interruptions.
        model = FakeModel(keras, config)
        record = epoch_record.EpochRecord(model, CheckpointFolder(tmp_path), config, {})
        record.end_epoch({"loss": loss, "val_loss": loss, "val_brain_dice": 0.5})
        rates.append(record.history[-1]["learning_rate"])
    assert rates[:12] == pytest.approx([5e-5] * 12)
    assert rates[12:23] == pytest.approx([5e-6] * 11)
    assert rates[23] == pytest.approx(5e-7)
    assert record.best_epoch == 13


def test_loss_that_is_no_number_is_told(tmp_path, keras):
    from DSCBrainSegLib.training.epoch_record import EpochRecord

    record = EpochRecord(FakeModel(keras, TINY), CheckpointFolder(tmp_path), TINY, {})
    with pytest.raises(ConfigurationError, match="no longer a number"):
        record.end_epoch({"loss": float("nan"), "val_loss": 1.0, "val_brain_dice": 0.0})
    assert not (tmp_path / "state.json").exists()


def test_defaults_are_the_papers():
    config = TrainingConfig()
    assert (config.learning_rate, config.beta_1, config.beta_2) == (5e-5, 0.9, 0.999)
    assert (config.epochs, config.batch_size) == (100, 16)
    assert (config.plateau_factor, config.plateau_patience) == (0.1, 10)
    assert (config.rotation_degrees, config.rotation_order) == (15.0, 3)
    assert config.dice_weight == 0
    assert not config.mixed_precision


def test_weights_start_as_glorot_uniform(keras):
    from DSCBrainSegLib.network.model import build_model

    model = build_model(TINY.network)
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel_initializer")]
    assert len(kernels) > 5
    assert {type(layer.kernel_initializer).__name__ for layer in kernels} == {"GlorotUniform"}


def test_loss_is_sparse_categorical_cross_entropy(keras):
    from DSCBrainSegLib.training.losses import cross_entropy_with_dice

    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, (3, 8, 8)).astype("int32")
    brain = rng.uniform(0.01, 0.99, (3, 8, 8)).astype("float32")
    expected = -np.log(np.where(labels == 1, brain, 1 - brain)).mean()
    found = float(cross_entropy_with_dice(0.0)(labels, np.stack([1 - brain, brain], axis=-1)))
    assert found == pytest.approx(expected, rel=1e-5)


def test_two_devices_share_a_batch(cohort, tmp_path):
    pytest.importorskip("tensorflow")
    config = replace(TINY, epochs=1)
    program = f"""
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.training.config import TrainingConfig
from DSCBrainSegLib.training.protocol import train_on_cohort
config = TrainingConfig.from_dict({config.to_dict()!r})
result = train_on_cohort(Cohort.open({str(cohort.folder)!r}), {str(tmp_path / "run")!r}, config)
assert result.history[0]["loss"] > 0
"""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert time.monotonic() - began < 300
    card = json.loads((tmp_path / "run" / "best.json").read_text(encoding="utf-8"))
    assert card["recipe"]["devices"] == 2
