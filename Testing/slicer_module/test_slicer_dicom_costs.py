"""Whoever installs the extension waits for no MR study: what the database keeps is asked first."""

import subprocess
import sys
import time

import numpy as np
import pytest
from counting_dicom_database import (
    CT,
    DIFFUSION,
    FLASH,
    FLOW,
    SPIN_ECHO,
    CountingDatabase,
)
from dicom_factory import make_affine, write_classic
from played_runner import use_played_runner
from slicer_module_panel import MODULE, least, make_series, open_panel

STUDY = [
    *[(FLASH, 1, 200)] * 10,
    *[(SPIN_ECHO, 1, 30)] * 20,
    *[(DIFFUSION, 30, 30)] * 2,
    (FLOW, 40, 15),
]
"""5,000 files of a head: T1, T2, diffusion and one perfusion series."""

HOSPITAL = [(FLOW, 30, 10)] * 40 + [(SPIN_ECHO, 1, 24)] * 1160 + [(CT, 1, 100)] * 2800


@pytest.fixture
def plugin(clean_scene):
    import slicer

    clean_scene.load_module(MODULE)
    return slicer.modules.dicomPlugins["DSCBrainSegDICOMPlugin"]()


def test_a_study_of_5000_files_is_judged_without_opening_them(plugin, monkeypatch):
    import slicer

    from DSCBrainSegLib.series import dicom_glance

    assert sum(frames * slices for _, frames, slices in STUDY) == 5000
    database, opened = CountingDatabase(STUDY), []
    monkeypatch.setattr(slicer, "dicomDatabase", database)
    monkeypatch.setattr(
        dicom_glance, "may_be_dynamic_t2star", lambda path, in_time: opened.append(path) or in_time
    )
    lists = [database.filesForSeries(uid) for uid in database._series]

    def seconds():
        plugin.loadableCache.clear()
        start = time.thread_time()
        assert len(plugin.examineForImport(lists)) == 1
        return time.thread_time() - start

    assert least(seconds, 0.2) < 0.2
    database.calls.clear()
    opened.clear()
    plugin.loadableCache.clear()
    plugin.examineForImport(lists)
    assert opened == ["/nowhere/1.2.32/0"], "one file of the perfusion series, no other"
    assert database.calls["fileValue"] < 10 * len(STUDY)
    before = database.calls["fileValue"]
    plugin.examineForImport(lists)
    assert database.calls["fileValue"] == before, "asked once"


def test_the_tags_it_asks_for_are_those_slicer_keeps_at_import(plugin):
    from DSCBrainSegPanel.dicom_tags import ECHO_TIMES_MS, TAGS

    from DSCBrainSegLib.series.dicom_select import ECHO_TIME_RANGE_S

    assert set(TAGS.values()) <= set(plugin.tags.values())
    assert pytest.approx(ECHO_TIMES_MS) == [1000 * each for each in ECHO_TIME_RANGE_S]


def test_a_derived_series_needs_more_time_points(plugin, tmp_path):
    from DSCBrainSegPanel.dicom_tags import mayBeDsc

    derived = {**FLOW, "0008,0008": "DERIVED\\PRIMARY\\M"}
    for kind, frames, expected in ((FLOW, 1, False), (FLOW, 2, True), (derived, 4, False)):
        database = CountingDatabase([(kind, frames, 12)])
        assert mayBeDsc(database, database.filesForSeries("1.2.0")) is expected
    database = CountingDatabase([(derived, 5, 12)])
    assert mayBeDsc(database, database.filesForSeries("1.2.0"))


def facts_of(request):
    facts = {"frames": 30, "slices": 10, "echo_time": 0.03, "repetition_time": 1.5}
    uid = request["input"][0].split("/")[2]
    return {"series": [{**facts, "uid": uid, "is_dynamic_t2star": True}]}


def test_the_list_of_a_hospital_appears_at_once_and_is_remembered(clean_scene, monkeypatch):
    import slicer

    database = CountingDatabase(HOSPITAL)
    monkeypatch.setattr(slicer, "dicomDatabase", database)
    panel = open_panel(clean_scene)
    runner = use_played_runner(panel, list=facts_of)
    start, blocked = time.thread_time(), 0.0
    blocked = clean_scene.wait_until(
        lambda: panel.loadSection._walk is None and len(panel.loadSection.candidates) == 40, 30
    )
    assert time.thread_time() - start < 1.0 and blocked < 0.1
    clean_scene.wait_until(lambda: not panel.loadSection.busy, 30)
    assert len(runner.of("list")) == 40, "files are opened by the worker, of DSC series only"
    assert database.calls["filesForSeries"] <= 1200 and database.calls["patients"] == 1
    assert database.calls["fieldForSeries"] == 4000
    assert database.calls["fileValue"] < 10_000
    again = clean_scene.reload("DSCBrainSeg")
    runner = use_played_runner(again, list=facts_of)
    again.enter()
    clean_scene.wait_until(lambda: not again.loadSection.busy, 30)
    assert len(again.loadSection.candidates) == 40 and runner.of("list") == []
    item = again.loadSection._items["1.2.0"]
    assert (item.text(1), item.text(2)) == ("30 x 10", "30 / 1500 ms")


def test_what_is_remembered_names_nobody(clean_scene, monkeypatch):
    from pathlib import Path

    import slicer

    monkeypatch.setattr(slicer, "dicomDatabase", CountingDatabase([(FLOW, 30, 10)]))
    panel = open_panel(clean_scene)
    use_played_runner(panel, list=facts_of)
    panel.loadSection.onRefreshButton()
    clean_scene.wait_until(lambda: not panel.loadSection.busy, 30)
    (kept,) = Path(slicer.app.slicerUserSettingsFilePath).parent.glob("DSCBrainSeg*.json")
    text = kept.read_text()
    assert "Patient" not in text and "nowhere" not in text and '"1.2.0"' not in text.split(": {")[0]


def test_load_asks_one_reader_and_loads_once_also_without_the_modules_own(
    clean_scene, tmp_path, monkeypatch
):
    """As in Slicer 5.10, where two readings of the same series are equally good."""
    import slicer
    from DICOMLib import DICOMLoadable, DICOMPlugin

    asked, loaded = [], []

    class MultiVolumeImporterPlugin(DICOMPlugin):
        def examineForImport(self, fileLists):  # noqa: N802, N803
            asked.append("multi-volume")
            found = []
            for name in ("MR perf - 8 frames MultiVolume", "MR perf - 8 frames Volume Sequence"):
                loadable = DICOMLoadable()
                loadable.name, loadable.files = name, fileLists[0]
                loadable.confidence, loadable.selected = 1.0, True
                found.append(loadable)
            return found

        def load(self, loadable):
            from slicer_module_panel import add_series

            loaded.append(loadable.name)
            return add_series().volume

    class Other(DICOMPlugin):
        def examineForImport(self, fileLists):  # noqa: N802, N803
            asked.append("other")
            return []

    panel = open_panel(clean_scene)
    slicer.modules.dicomPlugins.clear()
    slicer.modules.dicomPlugins["Other"] = Other
    slicer.modules.dicomPlugins["MultiVolumeImporterPlugin"] = MultiVolumeImporterPlugin
    voxels = make_series(6).frames.astype(np.uint16)
    write_classic(tmp_path, voxels, make_affine("oblique"))
    (uid,) = slicer.dicomDatabase.add_folder(tmp_path)
    panel.loadSection.load(uid)
    assert asked == ["multi-volume"] and loaded == ["MR perf - 8 frames Volume Sequence"]
    assert panel.parameters.inputNode.GetName().startswith("Perfusion")


def test_nothing_of_the_library_is_imported_at_slicers_start():
    code = (
        "import sys; from slicer_host.host import start_host; host = start_host();"
        f"host.load_module({str(MODULE)!r});"
        "import slicer; plugin = slicer.modules.dicomPlugins['DSCBrainSegDICOMPlugin']();"
        "print(sorted(n for n in sys.modules if n.startswith('DSCBrainSegLib')), flush=True);"
        "import os; os._exit(0)"
    )
    folder = str(MODULE.parents[1] / "Testing" / "support")
    import os

    environment = {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{MODULE.parents[1]}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
