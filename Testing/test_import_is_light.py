"""Importing the library and asking the command for help must not load anything heavy."""

import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = ("keras", "tensorflow", "torch", "jax", "pydicom", "slicer", "vtk", "nibabel", "scipy")


def loaded_after(statement):
    code = f"{statement}\nimport sys; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_library_imports_nothing_heavy():
    assert not loaded_after("import DSCBrainSegLib") & {*HEAVY, "numpy"}


def test_its_parts_import_nothing_heavy_either():
    parts = ("series", "methods", "pipeline", "network.predict", "network.weights", "cli.main")
    statement = "; ".join(f"import DSCBrainSegLib.{part}" for part in parts)
    assert not loaded_after(statement) & set(HEAVY)


def test_help_appears_in_under_half_a_second():
    def seconds():
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "DSCBrainSegLib", "--help"],
            capture_output=True,
            check=True,
            cwd=REPOSITORY,
        )
        return time.perf_counter() - start

    # The best of several: other work on the machine must not fail the test.
    assert min(seconds() for _ in range(5)) < 0.5
