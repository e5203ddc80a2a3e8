"""The network in a worker: started once, kept warm, and missed where it is not installed."""

import sys

import numpy as np
import pytest

from DSCBrainSegLib.child_process import ChildProcess
from DSCBrainSegLib.installation.runtime import worker_environment
from DSCBrainSegLib.network.weights import card_path, default_weights
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
        assert warm["device"].endswith("core") or "cores" in warm["device"]
        told = []
        results = []
        for name in ("a", "b"):
            results.append(
                client.run_blocking(
                    {**case, "output": str(tmp_path / name)},
                    lambda done, total, message: told.append((done, total, message)),
                )
            )
        assert (8, 10, "Segmenting slices") in told and (10, 10, "Segmenting slices") in told
        first, second = (read_series(result["mask_file"]) for result in results)
        np.testing.assert_array_equal(first.frames, second.frames)
        np.testing.assert_allclose(first.affine, AFFINE, atol=1e-5)
        mask = first.frames[0] > 0
        assert 2 * (mask & inside).sum() / (mask.sum() + inside.sum()) > 0.8
        assert results[0]["weights"] == {**warm["weights"], "engine": "onnx"}
        assert results[0]["timings_s"]["load network"] < warm["seconds"], "it was not kept"
        otsu = client.run_blocking({**case, "output": str(tmp_path / "c"), "method": "otsu"})
        assert otsu["method"] == "otsu" and otsu["weights"] is None
        broken = tmp_path / "broken.weights.h5"
        broken.write_bytes(default_weights().read_bytes()[:1000])
        broken.with_name("broken.json").write_text(card_path(default_weights()).read_text())
        with pytest.raises(Exception, match="damaged"):
            client.run_blocking({**case, "output": str(tmp_path / "d"), "weights": str(broken)})
        assert client.is_running()


def test_without_onnxruntime_the_other_methods_still_work(head, tmp_path):
    path, _ = head
    # What finds no package of these names: an interpreter without the runtime.
    without = (
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "hidden = 'onnxruntime'\n"
        "util.find_spec = lambda name, *more: None if name == hidden else find(name, *more)\n"
        "import runpy; runpy.run_module('DSCBrainSegLib.worker', run_name='__main__')\n"
    )
    child = ChildProcess([sys.executable, "-c", without], worker_environment())
    with WorkerClient(child) as client:
        hello = client.run_blocking({"command": "hello"})
        assert hello["backend"] is None and "ONNX Runtime" in hello["network_problem"]
        case = {"command": "segment", "input": str(path), "output": str(tmp_path / "o")}
        with pytest.raises(Exception, match="needs ONNX Runtime"):
            client.run_blocking(case)
        assert client.run_blocking({**case, "method": "otsu"})["volume_ml"] > 100
