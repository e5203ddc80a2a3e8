"""Augmentation and batches: as the paper says, each slice once per epoch, whatever the threads."""

import numpy as np
import pytest
from scipy import ndimage

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.training.augmentation import augment
from DSCBrainSegLib.training.batches import make_batch, training_batches
from DSCBrainSegLib.training.cohort_slices import SliceSet
from DSCBrainSegLib.training.config import TrainingConfig

CONFIG = TrainingConfig(batch_size=4)


class Chosen:
    """Stands for a random generator: says whether to mirror and how far to rotate."""

    def __init__(self, flip, angle):
        self.flip, self.angle = flip, angle

    def random(self):
        return 0.0 if self.flip else 1.0

    def uniform(self, low, high):
        assert (low, high) == (-15.0, 15.0)
        return self.angle


def head():
    rows, columns = np.mgrid[:40, :40]
    labels = ((rows - 18) ** 2 + ((columns - 25) / 0.7) ** 2 < 120).astype(np.uint8)
    image = (0.1 + 0.8 * labels + 0.1 * (columns / 40) * labels).astype(np.float32)
    return image, labels


def test_mirror_and_angle_are_the_same_for_image_and_labels():
    image, labels = head()
    new_image, new_labels = augment(image, labels, Chosen(True, 11.0), CONFIG)
    expected = ndimage.rotate(image[:, ::-1], 11.0, reshape=False, order=3).clip(0, 1)
    np.testing.assert_array_equal(new_image, expected)
    mirrored = ndimage.rotate(labels[:, ::-1], 11.0, reshape=False, order=0)
    np.testing.assert_array_equal(new_labels, mirrored)
    assert not np.array_equal(new_labels, labels)
    assert ((new_image > 0.5) == new_labels).mean() > 0.97


def test_nothing_drawn_nothing_changed():
    image, labels = head()
    new_image, new_labels = augment(image, labels, Chosen(False, 0.0), CONFIG)
    np.testing.assert_array_equal(new_image, image)
    np.testing.assert_array_equal(new_labels, labels)


def test_values_stay_in_range_and_labels_stay_labels():
    image = np.zeros((40, 40), np.float32)
    image[::2] = 1.0  # splines overshoot on it
    for angle in (-15.0, 3.3, 14.9):
        new_image, new_labels = augment(image, head()[1], Chosen(False, angle), CONFIG)
        assert new_image.min() >= 0
        assert new_image.max() <= 1
        assert set(np.unique(new_labels)) <= {0, 1}


def numbered(count):
    """Slices of which every one has its number as intensity."""
    images = np.ones((count, 8, 8), np.float32) * np.arange(1, count + 1)[:, None, None] / count
    return SliceSet(images, np.ones((count, 8, 8), np.uint8), 1)


def still(workers=1):
    return TrainingConfig(
        batch_size=4, rotation_degrees=0.0, flip_probability=0.0, workers=workers, seed=5
    )


def seen_in_epoch(batches, slices):
    images = np.concatenate([batches[index][0] for index in range(len(batches))])
    return np.rint(images[:, 0, 0, 0] * len(slices)).astype(int).tolist()


def test_every_slice_once_per_epoch_in_another_order(keras):
    slices = numbered(10)
    batches = training_batches(slices, still())
    first = seen_in_epoch(batches, slices)
    batches.on_epoch_end()
    second = seen_in_epoch(batches, slices)
    assert sorted(first) == sorted(second) == list(range(1, 11))
    assert first != second
    assert [len(batches[index][0]) for index in range(3)] == [4, 4, 2]
    assert seen_in_epoch(training_batches(slices, still(), first_epoch=1), slices) == second


@pytest.mark.parametrize("workers", [1, 3])
def test_fit_sees_every_slice_once_per_epoch(keras, monkeypatch, workers):
    slices = numbered(12)
    seen = []

    class Watch(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    class Listen(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append([])

    inputs = keras.Input((8, 8, 1))
    model = keras.Model(inputs, Watch()(inputs))
    model.compile("sgd", loss=lambda y, p: 0.0 * p, run_eagerly=True)
    original = model.train_step

    def watched(*arguments):
        images = np.asarray(arguments[-1][0])
        seen[-1] += np.rint(images[:, 0, 0, 0] * len(slices)).astype(int).tolist()
        return original(*arguments)

    if keras.backend.backend() != "tensorflow":
        pytest.skip("train_step takes other arguments on this back end")
    monkeypatch.setattr(model, "train_step", watched)
    model.fit(
        training_batches(slices, still(workers)),
        epochs=3,
        shuffle=False,
        verbose=0,
        callbacks=[Listen()],
    )
    assert [sorted(epoch) for epoch in seen] == [list(range(1, 13))] * 3
    assert seen[0] != seen[1]


def test_augmentation_depends_on_seed_epoch_and_slice_only():
    image, labels = head()
    slices = SliceSet(np.stack([image] * 6), np.stack([labels] * 6), 1)
    together, _ = make_batch(slices, np.array([0, 3, 5]), 2, CONFIG)
    alone, _ = make_batch(slices, np.array([3]), 2, CONFIG)
    np.testing.assert_array_equal(together[1], alone[0])
    other_epoch, _ = make_batch(slices, np.array([3]), 3, CONFIG)
    assert not np.array_equal(alone, other_epoch)
    assert not np.array_equal(together[0], together[1])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epoch = 5", "Unknown training setting epoch"),
        ("epochs = 0", "epochs must be a whole number from 1"),
        ('learning_rate = "fast"', "learning_rate must be a number"),
        ("[network]\nwidths = [8]", "widths"),
        ('[network]\nwidths = ["wide", 8]', "widths"),
        ("[network]\ndepth = 3", "depth"),
        ("epochs = ", "not a readable TOML file"),
        ("network = 3", "network must be a table"),
        ("mixed_precision = 1", "true or false"),
        ("[network]\nneighbours = 1", "one slice at a time"),
        ("[network]\nbolus_channel = true", "one slice at a time"),
    ],
)
def test_wrong_settings_are_told_with_file_and_name(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told) as error:
        TrainingConfig.read(path)
    assert "mine.toml" in str(error.value)


def test_settings_survive_a_file(tmp_path):
    config = TrainingConfig.from_dict(
        {"epochs": 7, "learning_rate": 3e-4, "mixed_precision": True, "network": {"scse": "post"}}
    )
    path = tmp_path / "run.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    assert TrainingConfig.read(path) == config
