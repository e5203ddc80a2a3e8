"""The network is the one the paper's reading describes, on every back end that is installed."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest
from places import REPOSITORY

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.network.config import LEAN, NetworkConfig

# Counted by hand from the layer list in docs/methods.md.
PARAMETERS = {
    "default": ({}, 8_490_050),
    "ratio 16": ({"scse_ratio": 16}, 8_110_146),
    "two units": ({"units_per_stage": 2}, 16_752_066),
    "five levels": ({"widths": (64, 128, 256, 512, 1024)}, 34_200_642),
}

EXERCISE = """
import json, sys
import numpy as np
import keras
from keras import layers
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.model import build_model
from DSCBrainSegLib.training.losses import cross_entropy_with_dice

keras.utils.set_random_seed(0)
config = NetworkConfig(widths=(4, 8, 16), input_size=32)
model = build_model(config)
rng = np.random.default_rng(0)
images = rng.random((8, 32, 32, 1)).astype("float32")
labels = (images[..., 0] > 0.5).astype("int32")
model.compile(keras.optimizers.Adam(1e-2), loss=cross_entropy_with_dice())
first = float(model.train_on_batch(images, labels))
for _ in range(30):
    last = float(model.train_on_batch(images, labels))
predicted = np.asarray(model.predict_on_batch(images))
path = sys.argv[1] + "/whole.keras"
model.save(path)
again = keras.models.load_model(path, safe_mode=True, compile=False)
same = np.asarray(again.predict_on_batch(images))
print(json.dumps({
    "backend": keras.backend.backend(),
    "shape": list(predicted.shape),
    "sums_to_one": bool(np.allclose(predicted.sum(-1), 1, atol=1e-5)),
    "first": first, "last": last,
    "reload_difference": float(np.abs(predicted - same).max()),
    "lambda_layers": sum(isinstance(x, layers.Lambda) for x in model.layers),
}))
"""


def installed_backends():
    return [n for n in ("tensorflow", "torch", "jax") if importlib.util.find_spec(n)]


@pytest.mark.parametrize("backend", ["tensorflow", "torch", "jax"])
def test_network_runs_trains_and_reloads_in_safe_mode(backend, tmp_path):
    if backend not in installed_backends():
        pytest.skip(f"the back end {backend} is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", EXERCISE, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["backend"] == backend
    assert result["shape"] == [8, 32, 32, 2]
    assert result["sums_to_one"]
    assert result["last"] < 0.8 * result["first"]
    assert result["reload_difference"] < 1e-5
    assert result["lambda_layers"] == 0


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameter_count_is_the_one_of_the_reading(case, keras):
    from DSCBrainSegLib.network.model import build_model

    options, expected = PARAMETERS[case]
    assert build_model(NetworkConfig(**options)).count_params() == expected


def test_scse_weights_grow_by_what_the_formula_says(keras):
    from DSCBrainSegLib.network.model import build_model

    widths = (8, 16)
    without = build_model(NetworkConfig(widths=widths, scse="none")).count_params()
    with_scse = build_model(NetworkConfig(widths=widths, scse="standard")).count_params()
    # Per unit with C channels: C*C/2 + C/2*C dense weights and C of the 1x1 convolution.
    assert with_scse - without == sum(c * c // 2 * 2 + c for c in (8, 16, 8))


@pytest.mark.parametrize("scse", ["standard", "pre", "post", "identity", "none"])
@pytest.mark.parametrize("merge", ["add", "max"])
@pytest.mark.parametrize("upsampling", ["tconv", "bilinear"])
def test_every_choice_gives_probabilities_of_the_input_size(scse, merge, upsampling, keras):
    import numpy as np

    from DSCBrainSegLib.network.model import build_model

    config = NetworkConfig(
        widths=(4, 8, 12),
        units_per_stage=2,
        scse=scse,
        scse_merge=merge,
        scse_ratio=4,
        upsampling=upsampling,
        input_size=16,
        neighbours=1,
    )
    model = build_model(config)
    images = np.random.default_rng(0).random((2, 16, 16, 3), "float32")
    output = keras.ops.convert_to_numpy(model(images))
    assert output.shape == (2, 16, 16, 2)
    np.testing.assert_allclose(output.sum(-1), 1, atol=1e-5)


def test_merge_by_maximum_differs_from_merge_by_sum(keras):
    import numpy as np
    from keras import Input, Model

    from DSCBrainSegLib.network.scse import scse_block

    inputs = Input((4, 4, 6))
    outputs = [scse_block(inputs, 2, merge, merge) for merge in ("add", "max")]
    model = Model(inputs, outputs)
    for layer in ("reduce", "expand", "spatial"):
        model.get_layer(f"max_{layer}").set_weights(model.get_layer(f"add_{layer}").get_weights())
    x = np.random.default_rng(1).random((1, 4, 4, 6), "float32")
    added, largest = (keras.ops.convert_to_numpy(y) for y in model(x))
    # Each recalibration only shrinks a positive map: max <= sum <= 2 max.
    assert (largest <= added + 1e-6).all() and (added <= 2 * largest + 1e-6).all()
    assert not np.allclose(added, largest)


@pytest.mark.parametrize(
    "options",
    [
        {"scse": "sideways"},
        {"scse_merge": "mean"},
        {"upsampling": "nearest"},
        {"widths": (8,)},
        {"widths": (8, 0)},
        {"widths": 8},
        {"widths": "16,32"},
        {"scse_ratio": 0},
        {"input_size": 100, "widths": (8, 8, 8, 8)},
    ],
)
def test_a_wrong_choice_is_named(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        NetworkConfig(**options)


def test_configuration_survives_json():
    stored = json.loads(json.dumps(LEAN.to_dict()))
    assert NetworkConfig.from_dict(stored) == LEAN
    with pytest.raises(ConfigurationError, match="colour"):
        NetworkConfig.from_dict({**stored, "colour": 1})
