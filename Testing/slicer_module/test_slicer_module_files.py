"""Every file of the module and the library is packaged; Designer can open the form."""

import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from places import REPOSITORY

MODULE, LIBRARY = REPOSITORY / "DSCBrainSeg", REPOSITORY / "DSCBrainSegLib"


def files_of(folder):
    """Return the files that git tracks or would track, CMakeLists.txt aside."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("needs the git repository")
    return {name for name in listed.stdout.split() if not name.endswith("CMakeLists.txt")}


def test_cmake_lists_every_file_of_the_module():
    text = (MODULE / "CMakeLists.txt").read_text()
    lists = re.findall(r"set\(MODULE_PYTHON_\w+\s+(.*?)\)", text, re.DOTALL)
    listed = " ".join(lists).split()
    assert len(lists) == 2 and len(listed) == len(set(listed))
    there = {name for name in files_of(MODULE) if (MODULE / name).is_file()}
    assert set(listed) == there


def test_cmake_takes_every_file_of_the_library():
    text = (LIBRARY / "CMakeLists.txt").read_text()
    endings = {pattern.removeprefix("*") for pattern in re.findall(r'"(\*\.\w+)"', text)}
    left_out = {name for name in files_of(LIBRARY) if Path(name).suffix not in endings}
    assert ".py" in endings and left_out == set()
    assert "WITH_SUBDIR" in text  # else all files would lie beside the module's


def test_the_extension_adds_both_folders_and_says_what_it_is():
    text = (REPOSITORY / "CMakeLists.txt").read_text()
    assert {"add_subdirectory(DSCBrainSeg)", "add_subdirectory(DSCBrainSegLib)"} < set(text.split())
    assert "slicer_add_python_unittest(SCRIPT" in (MODULE / "CMakeLists.txt").read_text()
    facts = json.loads((REPOSITORY / "DSCBrainSeg.json").read_text())
    assert facts["tier"] == 1 and facts["category"] == "Segmentation"
    assert facts["build_subdirectory"] == "." and facts["build_dependencies"] == []


def test_no_helper_lies_where_slicer_looks_for_modules():
    assert [path.name for path in MODULE.glob("*.py")] == ["DSCBrainSeg.py"]
    assert len((MODULE / "DSCBrainSeg.py").read_text().splitlines()) < 300


def test_the_form_declares_its_classes_and_connects_what_needs_a_scene():
    root = ElementTree.parse(MODULE / "Resources" / "UI" / "DSCBrainSeg.ui").getroot()
    used = {widget.get("class") for widget in root.iter("widget")}
    declared = {custom.findtext("class") for custom in root.iter("customwidget")}
    assert {name for name in used if not name.startswith("Q")} == declared
    names = [widget.get("name") for widget in root.iter("widget")]
    assert len(names) == len(set(names))
    scenes = {
        widget.get("name") for widget in root.iter("widget") if "qMRML" in widget.get("class")
    }
    connected = {each.findtext("receiver") for each in root.iter("connection")}
    # A table view with a scene, but without a view node, is empty after each load.
    assert scenes - {"DSCBrainSeg", "figuresView"} == connected
