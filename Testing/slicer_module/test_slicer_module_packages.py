"""The module needs nothing that Slicer does not ship, before the user agrees to install it."""

import os
import subprocess
import sys

import pytest
from places import REPOSITORY, SUPPORT

NOT_IN_SLICER = [
    "click",
    "h5py",
    "jinja2",
    "keras",
    "matplotlib",
    "nibabel",
    "nilearn",
    "onnxruntime",
    "nrrd",
    "openjpeg",
    "pandas",
    "PIL",
    "psutil",
    "pylibjpeg",
    "rich",
    "skimage",
    "sklearn",
    "tensorflow",
    "torch",
    "jax",
]

SITE = f"""
import importlib.machinery
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] in {NOT_IN_SLICER!r}:
            return None
        return super().find_spec(name, path, target)
import importlib.metadata
found = importlib.metadata.version
def version(name):
    if name in {NOT_IN_SLICER!r}:
        raise importlib.metadata.PackageNotFoundError(name)
    return found(name)
importlib.metadata.version = version
import sys
sys.meta_path[:] = [Finder if f is importlib.machinery.PathFinder else f for f in sys.meta_path]
"""

WALK = """
import sys
from slicer_host.host import start_host
host = start_host()
import slicer
from dicom_factory import make_affine, write_classic
from slicer_module_panel import *
panel = open_panel(host)
host.wait_until(lambda: panel.ui.deviceLabel.text or panel.segmentSection.hello, 30)
frames = make_series(8).frames.astype("uint16")
write_classic(Path(sys.argv[1]), frames, make_affine())
from DICOMLib import DICOMUtils
loaded = DICOMUtils.loadSeriesByUID(slicer.dicomDatabase.add_folder(sys.argv[1]))
assert len(loaded) == 1, loaded
panel.ui.inputSelector.setCurrentNode(slicer.mrmlScene.GetNodeByID(loaded[0]))
assert "not installed" in panel.ui.runtimeLabel.text, panel.ui.runtimeLabel.text
choose_method(panel, "otsu")
segment_and_wait(panel, host)
told = panel.ui.segmentStatusLabel.text
assert "mL (time point 4 of 8)" in told, told
panel.ui.startDrawingButton.click()
assert panel.ui.truthStateLabel.text == "Being drawn.", panel.ui.truthStateLabel.text
host.raise_errors()
host.clean()
print("walked")
"""


def test_segmenting_needs_only_what_slicer_ships(tmp_path):
    pytest.importorskip("slicer", reason="needs slicer-core")
    pytest.importorskip("PySide6", reason="needs PySide6")
    (tmp_path / "sitecustomize.py").write_text(SITE)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, SUPPORT, REPOSITORY))),
        "DSCBRAINSEG_RUNTIME": str(tmp_path / "no runtime"),
    }
    done = subprocess.run(
        [sys.executable, "-c", WALK, str(tmp_path / "dicom")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0 and "walked" in done.stdout, done.stderr[-3000:]
