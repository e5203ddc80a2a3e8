"""The rules of docs/architecture.md: who may import whom, and what must not be loaded early."""

import ast
import subprocess
import sys
from functools import cache

import pytest
from places import REPOSITORY

LIBRARY = REPOSITORY / "DSCBrainSegLib"
NAME = "DSCBrainSegLib"

FLOORS = (
    "errors",
    "progress components child_process",
    "display files geometry",
    "series",
    "masks",
    "case_frames",
    "preprocessing",
    "postprocessing metrics",
    "quality",
    "network",
    "methods",
    "pipeline simulation",
    "case_loop",
    "cohort",
    "dicom_seg",
    "perfusion",
    "results",
    "evaluation training",
    "installation",
    "worker",
    "node",
    "mrml",
    "web",
    "cli",
)
"""From the ground up: a part imports from floors below its own only."""

ONLY_IN = {
    "keras": {"network", "training"},
    "keras_tuner": {"training"},
    "tensorflow": {"network", "training"},
    "torch": {"network", "methods", "training"},
    "jax": {"network"},
    "onnxruntime": {"network"},
    "slicer": {"mrml", "web"},
    "vtk": {"mrml", "web"},
    "trame": {"web"},
    "trame_slicer": {"web"},
    "click": {"cli"},
    "rich": {"cli"},
    "SimpleITK": {"preprocessing"},
    "highdicom": {"dicom_seg", "node", "perfusion"},
    "pynetdicom": {"node"},
    "dicomweb_client": {"series", "node"},
    "pydicom": {"series", "masks", "cohort", "dicom_seg", "node"},
    "nibabel": {"series", "cohort", "simulation", "methods"},
}
"""Packages that a single part keeps to itself, so that it can be exchanged or done without."""

HEAVY = {
    "numpy", "scipy", "pydicom", "nibabel", "nrrd", "PIL", "matplotlib", "SimpleITK",
    "keras", "tensorflow", "torch", "jax", "onnxruntime", "slicer", "vtk", "click", "rich",
}  # fmt: skip

ENTRIES = {
    "DSCBrainSegLib": HEAVY,
    "DSCBrainSegLib.worker.client": HEAVY,
    "DSCBrainSegLib.cli.main": HEAVY - {"click"},
    "DSCBrainSegLib.methods": HEAVY - {"numpy"},
    "DSCBrainSegLib.series": HEAVY - {"numpy"},
    "DSCBrainSegLib.pipeline": HEAVY - {"numpy"},
    "DSCBrainSegLib.network.predict": HEAVY - {"numpy"},
    "DSCBrainSegLib.network.weights": HEAVY - {"numpy"},
}
"""What each of these must not load when it is imported."""


@cache
def modules():
    found = {}
    for path in LIBRARY.rglob("*.py"):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports():
    """What each module names in import statements, inside functions too: (line, full name)."""
    known = modules()
    found = {}
    for name, path in known.items():
        found[name] = named = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name}:{node.lineno}: imports are written in full"
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    named.append((node.lineno, inner if inner in known else node.module))
    return found


def part_of(name):
    return name.split(".")[1] if "." in name else ""


def floor_of(part):
    return next((level for level, parts in enumerate(FLOORS) if part in parts.split()), None)


def test_every_part_has_its_floor():
    parts = {part_of(name) for name in modules()} - {"", "__main__"}
    assert {part for part in parts if floor_of(part) is None} == set()
    assert parts == {part for parts in FLOORS for part in parts.split()} & parts


def test_imports_go_down_only():
    upwards = []
    for name, named in imports().items():
        part = part_of(name)
        for line, target in named:
            other = part_of(target) if target.startswith(NAME) else part
            if "" in (part, other) or part in (other, "__main__"):
                continue
            if floor_of(other) >= floor_of(part):
                upwards.append(f"{name}:{line} imports {target}")
    assert upwards == []


def test_no_files_import_each_other_in_a_circle():
    edges = {name: {target for _, target in named} for name, named in imports().items()}
    edges.pop(NAME)  # it loads its public names when they are asked for
    done, circles = set(), []

    def follow(name, trail):
        if name in trail:
            circles.append(" -> ".join([*trail[trail.index(name) :], name]))
        elif name not in done:
            for target in sorted(edges.get(name, ())):
                follow(target, [*trail, name])
            done.add(name)

    for name in sorted(edges):
        follow(name, [])
    assert circles == []


def test_the_wings_of_the_simulator_build_on_each_other_in_one_order():
    order = ["upsampling", "anatomy", "pathology", "acquisition", "perfusion", "series"]
    for name, named in imports().items():
        if name.startswith(f"{NAME}.simulation."):
            for line, target in named:
                if target.startswith(f"{NAME}.simulation."):
                    below, above = target.split(".")[2], name.split(".")[2]
                    assert order.index(below) <= order.index(above), f"{name}:{line} -> {target}"


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_package_stays_in_its_part(package):
    strays = {
        f"{name}:{line}"
        for name, named in imports().items()
        for line, target in named
        if target.split(".")[0] == package and part_of(name) not in ONLY_IN[package]
    }
    assert strays == set()


@pytest.mark.parametrize("entry", ENTRIES)
def test_importing_loads_nothing_heavy(entry):
    code = f"import sys, {entry}; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert {name.split(".")[0] for name in done.stdout.split()} & ENTRIES[entry] == set()


def test_help_loads_nothing_heavy():
    code = "import sys; from DSCBrainSegLib.cli.main import main; main(['--help']); print('\\n@', "
    done = subprocess.run(
        [sys.executable, "-c", code + "*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    )
    loaded = {name.split(".")[0] for name in done.stdout.split("@")[-1].split()}
    assert loaded & (HEAVY - {"click", "numpy"}) == set()
