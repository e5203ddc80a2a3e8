"""ONNX Runtime and Keras compute the same masks, and the same ones at every run."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from network_factory import random_model

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.errors import ConfigurationError, MissingPackageError, WeightsError
from DSCBrainSegLib.network import onnx_export
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.network.engines import onnx_runtime
from DSCBrainSegLib.network.engines.load import load_engine, require_engine
from DSCBrainSegLib.network.engines.options import EngineOptions, usable_cores
from DSCBrainSegLib.network.inference_form import SMALLEST_KERNEL, to_inference_form
from DSCBrainSegLib.network.weights import (
    card_path,
    default_weights,
    network_of,
    onnx_path,
    read_card,
    sha256,
)
from DSCBrainSegLib.postprocessing import BRAIN_PROBABILITY
from DSCBrainSegLib.series import read_series

ENGINES = ("onnx", "keras")

PARITY = 1e-4
"""Largest difference in probability; of one engine's arithmetic it is about 3e-6."""


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """A simulated series with a tumour and the bolus, as DICOM."""
    pytest.importorskip("nilearn", reason="the phantom's head comes with nilearn")
    folder = tmp_path_factory.mktemp("phantom")
    arguments = ["simulate", str(folder), "--seed", "5", "--slices", "10", "--frames", "20"]
    assert main(arguments) == 0
    return folder / "dicom"


@pytest.mark.parametrize("options", [[], ["--no-bolus"]], ids=["with the bolus", "one time point"])
def test_both_engines_give_the_same_mask_of_a_series(phantom, tmp_path, options):
    masks = {}
    for engine in ("onnx", "keras"):
        out = tmp_path / engine
        # In a process of its own: Mesa, which other tests draw with, does not bear TensorFlow.
        command = [sys.executable, "-m", "DSCBrainSegLib", "segment", phantom, "-o", out]
        subprocess.run([*command, "--engine", engine, *options], check=True, capture_output=True)
        masks[engine] = read_series(out / "mask.nii.gz").frames[0] > 0
        assert json.loads((out / "segment.json").read_text())["weights"]["engine"] == engine
    assert masks["onnx"].sum() > 1000
    np.testing.assert_array_equal(masks["onnx"], masks["keras"])


def test_both_engines_give_the_same_probabilities_with_the_shipped_weights(keras):
    network = network_of(default_weights())
    size = network.input_size
    random = np.random.default_rng(0)
    batch = random.random((9, size, size, network.input_channels), dtype=np.float32)
    batch[:, 20:-20, 30:-30] += 1.0
    batch /= 2
    found, expected = (load_engine(None, EngineOptions(name)).predict(batch) for name in ENGINES)
    assert found.shape == (9, size, size) and found.std() > 0.1
    np.testing.assert_allclose(found, expected, rtol=0, atol=PARITY)
    clear = np.abs(expected - BRAIN_PROBABILITY) > PARITY
    np.testing.assert_array_equal(
        (found >= BRAIN_PROBABILITY)[clear], (expected >= BRAIN_PROBABILITY)[clear]
    )


@pytest.mark.parametrize(
    "choices",
    [
        {"upsampling": "bilinear", "scse": "pre"},
        {"scse": "post", "scse_merge": "max", "units_per_stage": 2},
        {"scse": "none", "neighbours": 2},
    ],
    ids=["bilinear", "maximum", "five slices"],
)
def test_networks_of_other_designs_convert_too(tmp_path, keras, choices):
    config = NetworkConfig(widths=(8, 24), input_size=16, **choices)
    path = write_weights(tmp_path, random_model(keras, config), config)
    batch = np.random.default_rng(1).random((3, 16, 16, config.input_channels), dtype=np.float32)
    found, expected = (load_engine(path, EngineOptions(name)).predict(batch) for name in ENGINES)
    assert expected.std() > 1e-3
    np.testing.assert_allclose(found, expected, rtol=0, atol=PARITY)
    assert read_card(path)["onnx_sha256"] == sha256(onnx_path(path))


def write_weights(folder, model, config):
    """Weights as a training leaves them: without an .onnx file."""
    path = folder / "own.weights.h5"
    model.save_weights(path)
    card = {"name": "own", "network": config.to_dict(), "sha256": sha256(path)}
    card_path(path).write_text(json.dumps(card))
    return path


def test_masks_are_the_same_bits_at_every_run_with_any_number_of_threads():
    code = (
        "import sys, hashlib, numpy as np\n"
        "from DSCBrainSegLib.network.engines.load import load_engine\n"
        "from DSCBrainSegLib.network.engines.options import EngineOptions\n"
        "from DSCBrainSegLib.network.weights import network_of\n"
        "n = network_of()\n"
        "shape = (5, n.input_size, n.input_size, n.input_channels)\n"
        "batch = np.random.default_rng(0).random(shape, dtype=np.float32)\n"
        "engine = load_engine(None, EngineOptions(threads=int(sys.argv[1])))\n"
        "print(hashlib.sha256(engine.predict(batch).tobytes()).hexdigest())\n"
        "parts = [engine.predict(batch[i : i + 1]) for i in range(5)]\n"
        "print(hashlib.sha256(np.concatenate(parts).tobytes()).hexdigest())\n"
    )

    def digests(threads):
        command = [sys.executable, "-c", code, str(threads)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()

    found = [digest for threads in (1, 2, 1, 3) for digest in digests(threads)]
    assert len(found) == 8 and len(set(found)) == 1


def test_the_form_that_is_computed_is_the_network_but_for_rounding(keras):
    config = NetworkConfig(widths=(16, 32), input_size=32)
    model = random_model(keras, config)
    images = np.random.default_rng(2).random((2, 32, 32, 1), dtype=np.float32)
    before = keras.ops.convert_to_numpy(model(images))
    to_inference_form(model)
    after = keras.ops.convert_to_numpy(model(images))
    # Half precision has 11 significant bits.
    np.testing.assert_allclose(after, before, atol=5e-3)
    assert np.abs(after - before).max() > 1e-7
    kernels = [w for w in model.get_weights() if w.ndim > 1 and w.size >= SMALLEST_KERNEL]
    assert kernels
    for kernel in kernels:
        np.testing.assert_array_equal(kernel.astype(np.float16).astype(np.float32), kernel)


def test_the_shipped_onnx_file_keeps_its_kernels_in_half_precision():
    onnx = pytest.importorskip("onnx")
    stored = onnx.load(onnx_path(default_weights())).graph.initializer
    halves = [t for t in stored if t.data_type == onnx.TensorProto.FLOAT16]
    large = [t for t in stored if np.prod(t.dims) >= SMALLEST_KERNEL and len(t.dims) > 1]
    assert halves and {t.name for t in large} == {t.name for t in halves}


def test_own_weights_without_keras_are_one_sentence(tmp_path, monkeypatch):
    for path in (default_weights(), card_path(default_weights())):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(onnx_export.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"no \.onnx file beside it .* export-weights"):
        load_engine(tmp_path / default_weights().name, EngineOptions())
    assert len(list(tmp_path.iterdir())) == 2


def test_the_onnx_file_alone_with_its_card_is_enough(tmp_path):
    for path in (onnx_path(default_weights()), card_path(default_weights())):
        shutil.copy(path, tmp_path)
    alone = tmp_path / onnx_path(default_weights()).name
    assert load_engine(alone, EngineOptions()).device.startswith(str(usable_cores()))
    with pytest.raises(WeightsError, match="which does not exist; use onnx"):
        load_engine(alone, EngineOptions("keras"))


def test_a_file_that_is_no_network_is_one_sentence(tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a network")
    card = {"name": "bad", "network": {}, "sha256": "0", "onnx_sha256": sha256(path)}
    card_path(path).write_text(json.dumps(card))
    with pytest.raises(WeightsError, match=r"bad\.onnx cannot be loaded by ONNX Runtime"):
        load_engine(path, EngineOptions())


def test_a_device_is_chosen_by_what_is_installed():
    names = onnx_runtime.PROVIDERS
    assert onnx_runtime.choose_device("auto", [names["cpu"]]) == "cpu"
    assert onnx_runtime.choose_device("auto", [names["cpu"], names["cuda"]]) == "cuda"
    assert onnx_runtime.choose_device("cpu", [names["cuda"], names["cpu"]]) == "cpu"
    with pytest.raises(ConfigurationError, match="onnxruntime-directml"):
        onnx_runtime.choose_device("directml", [names["cpu"]])


@pytest.mark.parametrize(
    "variables",
    [
        {"DSCBRAINSEG_ENGINE": "abacus"},
        {"DSCBRAINSEG_DEVICE": "gpu"},
        {"DSCBRAINSEG_THREADS": "many"},
        {"DSCBRAINSEG_THREADS": "0"},
    ],
)
def test_wrong_variables_are_named(variables):
    (value,) = variables.values()
    with pytest.raises(ConfigurationError, match=value):
        EngineOptions.from_environment(variables)


def test_options_of_a_command_end_with_it(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("DSCBRAINSEG_ENGINE", "onnx")
    arguments = ["segment", str(tmp_path / "none"), "-o", str(tmp_path / "o")]
    assert main([*arguments, "--engine", "keras", "--threads", "2"]) == 1
    assert EngineOptions.from_environment() == EngineOptions()
    assert main([*arguments, "--engine", "abacus"]) == 2
    assert "'abacus' is not one of 'onnx', 'keras'" in capsys.readouterr().err


def test_an_engine_that_is_not_installed_is_said_before_anything_is_loaded(monkeypatch):
    assert require_engine(EngineOptions()) == "onnx"
    monkeypatch.setattr(onnx_runtime.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="pip install onnxruntime"):
        require_engine(EngineOptions())
    with pytest.raises(MissingPackageError, match="Keras"):
        require_engine(EngineOptions("keras"))
