"""The network in a worker: started once, kept warm, and cancelled while TensorFlow loads."""

import sys
import time

import numpy as np
import pytest

from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.installation.runtime import worker_environment
from DSCBrainSegLib.network.weights import default_weights
from DSCBrainSegLib.series import read_series, write_nrrd
from DSCBrainSegLib.worker.client import WorkerClient

AFFINE = np.array([[-1.8, 0, 0, 115], [0, 1.8, 0, -110], [0, 0, 6.0, -30], [0, 0, 0, 1.0]])


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """A slice stack of a bright ellipsoid in a darker shell, stored from left to right."""
    k, j, i = np.ogrid[:10, :128, :128]

    def ellipsoid(size):
        return ((k - 4) / (7 * size)) ** 2 + ((j - 64) / (48 * size)) ** 2 + (
            (i - 64) / (38 * size)
        ) ** 2 < 1

    volume = np.full((10, 128, 128), 10.0)
    volume[ellipsoid(1.25)] = 250
    volume[ellipsoid(1.12)] = 40
    volume[ellipsoid(1.0)] = 700
    volume += np.random.default_rng(0).normal(0, 15, volume.shape)
    path = tmp_path_factory.mktemp("Kopf ü") / "head.nrrd"
    write_nrrd(path, volume.astype(np.float32), AFFINE)
    return path, ellipsoid(1.0)


def test_one_warm_worker_segments_many_cases(head, tmp_path):
    path, inside = head
    case = {"command": "segment", "input": str(path)}
    with WorkerClient() as client:
        warm = client.run_blocking({"command": "warm"})
        assert warm["weights"]["name"] == default_weights().name.removesuffix(".weights.h5")
        assert warm["seconds_per_slice_is_measured"] and 0 < warm["seconds_per_slice"] < 2
        assert warm["device"]
        told = []
        results = []
        for name in ("a", "b"):
            start = time.monotonic()
            results.append(
                client.run_blocking(
                    {**case, "output": str(tmp_path / name)},
                    lambda done, total, message: told.append((done, total, message)),
                )
            )
            assert time.monotonic() - start < warm["seconds"], "the worker was not warm"
        assert (8, 10, "Segmenting slices") in told and (10, 10, "Segmenting slices") in told
        first, second = (read_series(result["mask_file"]) for result in results)
        np.testing.assert_array_equal(first.frames, second.frames)
        np.testing.assert_allclose(first.affine, AFFINE, atol=1e-5)
        mask = first.frames[0] > 0
        assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.8
        assert results[0]["weights"] == warm["weights"]
        assert results[0]["timings_s"]["load network"] < 1.0
        otsu = client.run_blocking({**case, "output": str(tmp_path / "c"), "method": "otsu"})
        assert otsu["method"] == "otsu" and otsu["weights"] is None
        broken = tmp_path / "broken.weights.h5"
        broken.write_bytes(default_weights().read_bytes()[:1000])
        broken.with_name("broken.json").write_text(
            default_weights().with_name(f"{warm['weights']['name']}.json").read_text()
        )
        with pytest.raises(Exception, match="damaged"):
            client.run_blocking({**case, "output": str(tmp_path / "d"), "weights": str(broken)})
        assert client.is_running()


def test_loading_tensorflow_can_be_cancelled_in_under_a_second():
    with WorkerClient() as client:
        number = client.send({"command": "warm"})
        events = []
        while not any(event["event"] == "progress" for event in events):
            events += client.poll()
            time.sleep(0.01)
        time.sleep(0.8)
        begun = time.monotonic()
        client.cancel(number)
        while not any(event["event"] == "error" for event in events):
            events += client.poll()
            time.sleep(0.01)
        assert time.monotonic() - begun < 1.0
        assert events[-1]["kind"] == "cancelled"
        assert not client.is_running()


def test_without_keras_the_other_methods_still_work(head, tmp_path):
    path, _ = head
    # What finds no package of these names: an interpreter without the runtime.
    without = (
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'keras' else find(name, *more)\n"
        "import runpy; runpy.run_module('DSCBrainSegLib.worker', run_name='__main__')\n"
    )
    child = ChildProcess([sys.executable, "-c", without], worker_environment())
    with WorkerClient(child) as client:
        hello = client.run_blocking({"command": "hello"})
        assert hello["backend"] is None and "Keras" in hello["network_problem"]
        case = {"command": "segment", "input": str(path), "output": str(tmp_path / "o")}
        with pytest.raises(Exception, match="needs Keras"):
            client.run_blocking(case)
        assert client.run_blocking({**case, "method": "otsu"})["volume_ml"] > 100
