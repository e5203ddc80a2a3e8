"""Things a user of Slicer would stumble over once a month."""

import json
import re
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
from dicom_factory import make_affine, write_classic
from slicer_module_panel import MODULE, add_series, choose_series, make_series, open_panel

ROOT = MODULE.parents[1]


def test_without_the_network_library_scripts_are_not_told_to_change_slicers_python(
    panel, monkeypatch
):
    from DSCBrainSegPanel import network_library

    from DSCBrainSegLib.errors import MissingPackageError
    from DSCBrainSegLib.installation.runtime import RuntimeState

    monkeypatch.setattr(
        network_library, "runtime_state", lambda: RuntimeState("missing", Path("x"))
    )
    volume = choose_series(panel).volume
    with pytest.raises(MissingPackageError, match="click Segment") as told:
        panel.logic.segment(volume)
    assert "pip" not in str(told.value)
    assert panel.logic.segment(volume, "otsu", waitForCompletion=True).error is None


def test_an_old_pydicom_is_told_in_one_sentence(tmp_path, monkeypatch):
    from DSCBrainSegLib.errors import MissingPackageError
    from DSCBrainSegLib.series import read_series

    write_classic(tmp_path, make_series(2).frames.astype(np.uint16), make_affine())
    monkeypatch.setitem(sys.modules, "pydicom.pixels", None)
    with pytest.raises(MissingPackageError, match="pydicom 3 or later") as told:
        read_series(tmp_path)
    assert str(told.value).count(". ") == 0


def test_packages_of_one_use_go_before_slicers_where_they_must(clean_scene, monkeypatch, tmp_path):
    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel import slicer_process

    monkeypatch.setattr(slicer_process, "ready_folders", lambda: [tmp_path / "phantom"])
    phantom = str(tmp_path / "phantom")
    first = slicer_process.libraryProcess("x", extrasFirst=True)._command
    last = slicer_process.libraryProcess("x")._command
    assert phantom in first[3] and phantom not in first[4]
    assert phantom in last[4] and phantom not in last[3]


def test_a_package_for_slicers_own_python_is_installed_by_that_python_alone(clean_scene):
    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel.slicer_process import pipProcess

    command = pipProcess("install", "nibabel>=5.2")._command
    assert command[1:] == ["-m", "pip", "install", "nibabel>=5.2"]


def test_cancel_while_loading_is_no_failure(clean_scene, tmp_path, monkeypatch):
    import slicer

    clean_scene.load_module(MODULE)
    plugin = slicer.modules.dicomPlugins["DSCBrainSegDICOMPlugin"]()
    write_classic(tmp_path, make_series(4).frames.astype(np.uint16), make_affine())
    (uid,) = slicer.dicomDatabase.add_folder(tmp_path)
    (loadable,) = plugin.examineForImport([slicer.dicomDatabase.filesForSeries(uid)])
    from DSCBrainSegPanel import progress_dialog

    monkeypatch.setattr(progress_dialog.ProgressDialog, "cancelled", lambda self: True)
    assert plugin.load(loadable) is True
    assert not slicer.util.getNodesByClass("vtkMRMLSequenceNode")


def test_no_to_the_phantoms_packages_opens_no_error_window(clean_scene, monkeypatch):
    import slicer

    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel import sample_data

    from DSCBrainSegLib.installation.runtime import RuntimeState

    asked, errors = [], []
    monkeypatch.setattr(slicer.util, "confirmYesNoDisplay", lambda text: asked.append(text))
    monkeypatch.setattr(slicer.util, "errorDisplay", errors.append)
    maker = sample_data.PhantomMaker({})
    maker.packages.state = lambda: RuntimeState("missing", Path("x"))
    monkeypatch.setattr(sample_data, "ProgressDialog", None)  # would stand behind the question
    assert maker.run() == [] and len(asked) == 1 and errors == []


def test_whole_numbers_stay_small_in_the_scene(clean_scene):
    import slicer

    from DSCBrainSegLib.mrml.series_to_sequence import addSeries

    series = make_series(2)
    for frames, expected in (
        (series.frames.astype(np.float32), np.int16),
        (series.frames.astype(np.float32) + 0.5, np.float32),
        (series.frames.astype(np.float32) * 100, np.float32),
    ):
        from dataclasses import replace

        volume = addSeries(replace(series, frames=frames), "Series").volume
        shown = slicer.util.arrayFromVolume(volume)
        assert shown.dtype == expected
        np.testing.assert_array_equal(shown, frames[0])


def test_a_batch_is_not_begun_again_by_what_ends_while_slicer_closes(panel):
    section = panel.batchSection
    section._batch = object()
    section.cleanup()
    section._continue()  # as the event loop does in its last turn
    assert section._job is None


def test_without_the_dicom_module_the_batch_says_that_there_is_nothing(panel, monkeypatch):
    import slicer

    monkeypatch.delattr(slicer, "dicomDatabase")
    panel.ui.batchAddDicomButton.click()
    assert panel.ui.batchStatusLabel.text == "The DICOM list shows no series."


def test_masks_side_by_side_show_nowhere_else_afterwards(panel, clean_scene):
    import slicer
    from slicer_module_panel import segment_and_wait

    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    panel.ui.sideBySideButton.click()
    added = [
        node
        for node in slicer.util.getNodesByClass("vtkMRMLSegmentationDisplayNode")
        if node.GetAttribute("DSCBrainSeg.SideBySide")
    ]
    assert [node.GetVisibility() for node in added] == [1]
    panel.ui.sideBySideButton.click()
    assert [node.GetVisibility() for node in added] == [0]


def test_the_extensions_own_library_goes_before_one_that_pip_installed(tmp_path):
    (tmp_path / "DSCBrainSegLib").mkdir()
    (tmp_path / "DSCBrainSegLib" / "__init__.py").write_text("raise ImportError('of another time')")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'Testing' / 'support')!r});"
        f"sys.path.insert(0, {str(tmp_path)!r});"
        "from slicer_host.host import start_host; start_host()"
        f".load_module({str(MODULE)!r}); import DSCBrainSegLib; print(DSCBrainSegLib.__file__);"
        "import os; sys.stdout.flush(); os._exit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.splitlines()[-1]).is_relative_to(ROOT)


def test_the_extension_is_named_as_the_index_asks():
    facts = json.loads((ROOT / "DSCBrainSeg.json").read_text())
    name = facts["scm_url"].rsplit("/", 1)[1]
    assert name == "SlicerDSCBrainSeg"
    text = (ROOT / "CMakeLists.txt").read_text()
    assert name in re.search(r'EXTENSION_HOMEPAGE "(.*)"', text)[1]
    for address in re.findall(r'EXTENSION_(?:ICONURL|SCREENSHOTURLS) "(.*)"', text):
        assert f"/{name}/main/" in address
        assert (ROOT / address.split("/main/", 1)[1]).is_file(), "the page would show nothing"
    least = re.search(r"VERSION ([\d.]+)\.\.\.([\d.]+) ", text).groups()
    assert least == ("3.20.6", "3.28.0"), "Slicer 5.10 is built with 3.22, 5.12 with 3.28"


HOMES = ["C:/Users/Lékař", "C:/Users/Anna Maria von der Heide", "//server/profiles$/radiology"]


@pytest.mark.parametrize("home", HOMES)
def test_windows_user_folders_with_accents_spaces_and_servers(home):
    from DSCBrainSegLib.installation.runtime import base_folder

    local = f"{home}/AppData/Local"
    folder = base_folder("win32", {"LOCALAPPDATA": local})
    assert str(folder).replace("\\", "/") == f"{local}/DSCBS"
    deepest = PureWindowsPath(str(folder)) / "3.12-onnx" / ("x" * 163)
    assert len(str(deepest)) < 260


@pytest.mark.parametrize("name", ["Lékař", "von der Heide", "o'Neil & Söhne (MR)"])
def test_programs_files_and_answers_pass_through_such_folders(clean_scene, name, tmp_path):
    """The worker with its library, files and temporary folder below a folder of that name."""
    import slicer

    folder = tmp_path / name
    folder.mkdir()
    volume = add_series().volume
    panel = open_panel(clean_scene)
    before = type(slicer.app).temporaryPath
    try:
        type(slicer.app).temporaryPath = property(lambda self: str(folder))
        job = panel.logic.segment(volume, "otsu", waitForCompletion=True)
    finally:
        type(slicer.app).temporaryPath = before
    assert str(folder) in job.facts["mask_file"] and job.result is not None
    assert list(folder.iterdir()) == []


def test_folders_reach_the_worker_whole_whatever_they_are_called(clean_scene, monkeypatch):
    """On Windows the path is split at semicolons, and all is UTF-8 whatever the code page is."""
    import os

    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel import slicer_process

    from DSCBrainSegLib.installation.runtime import RuntimeState

    folder = "C:\\Users\\Lékař Ž\\AppData\\Local\\DSCBS\\3.12-onnx"
    monkeypatch.setattr(
        slicer_process, "runtime_state", lambda: RuntimeState("ready", Path(folder))
    )
    monkeypatch.setattr(slicer_process, "_pythonSlicer", lambda: "PythonSlicer.exe")
    monkeypatch.setattr(slicer_process.os, "pathsep", ";")
    process = slicer_process.libraryProcess("DSCBrainSegLib.worker")
    assert process._command[3].split(";")[0] == folder
    assert process._environment["PYTHONUTF8"] == "1"
    assert os.pathsep == ";"
