"""Use the installed package as a person would; run by .ci/wheel in an environment of its own."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np

import DSCBrainSegLib
from DSCBrainSegLib.network.weights import default_weights, onnx_path

PROGRAM = Path(sys.executable).with_name("dscbrainseg")


def run(*arguments: object) -> str:
    command = [str(argument) for argument in (PROGRAM, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_head(path: Path) -> np.ndarray:
    """Write 20 time points of an ellipsoid with skull and scalp; returns the ellipsoid."""
    k, j, i = np.ogrid[:16, :96, :96]

    def ellipsoid(size: float) -> np.ndarray:
        return ((k - 7) / 9) ** 2 + ((j - 48) / 36) ** 2 + ((i - 48) / 29) ** 2 < size**2

    volume = np.full((16, 96, 96), 10.0)
    for size, brightness in ((1.25, 250), (1.12, 40), (1.0, 700)):
        volume[ellipsoid(size)] = brightness
    random = np.random.default_rng(0)
    frames = [volume + random.normal(0, 15, volume.shape) for _ in range(20)]
    image = nibabel.Nifti1Image(
        np.stack(frames).T.astype(np.float32), np.diag([-2.4, -2.4, 6.0, 1.0])
    )
    image.header.set_zooms((2.4, 2.4, 6.0, 1.5))
    nibabel.save(image, path)
    return ellipsoid(1.0)


installed = Path(DSCBrainSegLib.__file__).resolve()
assert Path(sys.prefix).resolve() in installed.parents, f"{installed} is not the installed package"
assert default_weights().is_file() and onnx_path(default_weights()).is_file()
assert importlib.metadata.version("DSCBrainSegLib") == DSCBrainSegLib.__version__
assert run("--version").split()[-1] == DSCBrainSegLib.__version__
inside = make_head(Path("series.nii.gz"))
run("segment", "series.nii.gz", "-o", "out")
mask = np.asarray(nibabel.load("out/mask.nii.gz").dataobj).T > 0
dice = 2 * (mask & inside).sum() / (mask.sum() + inside.sum())
facts = json.loads(Path("out/segment.json").read_text(encoding="utf-8"))
assert dice > 0.8, dice
assert facts["weights"]["engine"] == "onnx" and Path("out/report.html").is_file()
print(f"{DSCBrainSegLib.__version__} from {installed.parent}: Dice {dice:.3f}")
