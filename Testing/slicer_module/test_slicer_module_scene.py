"""The panel and the scene: choices outlive other modules and files, views are the user's."""

import pytest
from slicer_module_panel import (
    add_series,
    choose_method,
    choose_series,
    masks_of,
    open_panel,
    segment_and_wait,
)


@pytest.fixture
def panel(clean_scene):
    """The panel on a series, with choices that are not the defaults."""
    add_series()
    panel = open_panel(clean_scene)
    choose_method(panel, "aabl")
    panel.ui.frameBox.setCurrentIndex(2)
    panel.ui.frameNumberBox.setValue(7)
    panel.ui.readerEdit.text = "Reader A"
    return panel


def choices(panel):
    parameters = panel.parameters
    return (
        parameters.method.value,
        parameters.frameChoice.value,
        parameters.frameNumber,
        parameters.reader,
    )


CHOSEN = ("aabl", "auto", 7, "Reader A")


def backgrounds():
    import slicer

    manager = slicer.app.layoutManager()
    return {
        manager.sliceWidget(name).mrmlSliceCompositeNode().GetBackgroundVolumeID()
        for name in manager.sliceViewNames()
    }


def test_choices_stay_while_the_user_is_elsewhere(panel, clean_scene):
    clean_scene.leave()
    clean_scene.select("DSCBrainSeg")
    assert choices(panel) == CHOSEN
    assert panel.ui.methodBox.currentText.startswith("aabl")


def test_a_connection_is_cut_before_the_next_is_made(panel, clean_scene, monkeypatch):
    first = panel.parameters
    clean_scene.leave()
    clean_scene.select("DSCBrainSeg")
    assert panel.parameters is not first
    written, setter = [], type(first).setValue

    def setValue(self, name, value):  # noqa: N802
        written.append(self)
        setter(self, name, value)

    monkeypatch.setattr(type(first), "setValue", setValue)
    panel.ui.readerEdit.text = "Reader B"
    assert written == [panel.parameters], "the first one would write, too"


def test_choices_come_back_with_the_scene(panel, clean_scene, tmp_path):
    import slicer

    from DSCBrainSegLib.mrml.compared import rememberTables
    from DSCBrainSegLib.mrml.segmentation_node import segmentationOf

    tables = [slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name) for name in "AB"]
    rememberTables(segmentationOf(panel.parameters.inputNode), *tables)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert choices(panel) != CHOSEN
    slicer.util.loadScene(path)
    assert choices(panel) == CHOSEN
    volume = panel.parameters.inputNode
    assert volume.GetName().startswith("Perfusion")
    # The selector looks at the scene when all of it is there, after the panel was told.
    clean_scene.wait_until(lambda: panel.ui.inputSelector.currentNode() is volume)
    assert panel.parameters.inputNode is volume and choices(panel) == CHOSEN
    assert panel.ui.readerEdit.text == "Reader A"
    assert panel.ui.figuresView.mrmlTableNode().GetName() == "A"


def test_a_scene_added_to_the_present_one_keeps_its_series(panel, clean_scene, tmp_path):
    import slicer

    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    add_series("Other")
    panel.takeParameters()
    assert panel.parameters.inputNode.GetName().startswith("Other")
    slicer.util.loadScene(path)
    assert panel.parameters.inputNode.GetName().startswith("Perfusion")
    assert choices(panel) == CHOSEN


def test_a_scene_read_elsewhere_keeps_its_views(panel, clean_scene, tmp_path):
    import slicer

    from DSCBrainSegLib.mrml.segmentation_node import segmentationOf

    segmentationOf(panel.parameters.inputNode)
    other = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Other")
    slicer.util.setSliceViewerLayers(background=other)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    clean_scene.leave()
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(path)
    clean_scene.process_events()
    assert panel.parameters is None
    assert panel.ui.editor.sourceVolumeNode() is None
    shown = slicer.util.getFirstNodeByName("Other").GetID()
    assert backgrounds() == {shown}
    clean_scene.select("DSCBrainSeg")
    clean_scene.process_events()
    assert choices(panel) == CHOSEN and backgrounds() == {shown}
    assert panel.ui.editor.sourceVolumeNode() is panel.parameters.inputNode
    assert panel.ui.editor.autoShowSourceVolumeNode is False


def test_the_series_a_user_chooses_is_shown(panel, clean_scene):
    other = add_series("Other").volume
    panel.ui.inputSelector.setCurrentNode(other)
    clean_scene.wait_until(lambda: backgrounds() == {other.GetID()})
    assert panel.parameters.inputNode is other


def test_a_dicom_database_may_come_after_the_panel(clean_scene, monkeypatch):
    import slicer

    database = slicer.dicomDatabase
    monkeypatch.delattr(slicer, "dicomDatabase")
    panel = open_panel(clean_scene)
    clean_scene.wait_until(lambda: "not open" in panel.ui.dicomStatusLabel.text)
    clean_scene.leave()
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    clean_scene.select("DSCBrainSeg")
    clean_scene.wait_until(lambda: "no DSC series" in panel.ui.dicomStatusLabel.text)
    database.databaseChanged.emit()
    assert panel.loadSection.busy


def test_a_finished_progress_dialog_leaves_nothing_behind(panel, clean_scene):
    import qt
    import slicer
    from DSCBrainSegPanel.progress_dialog import ProgressDialog

    window = slicer.util.mainWindow()
    before = len(window.findChildren(qt.QProgressDialog))
    with ProgressDialog("Loading") as dialog:
        dialog.progress(1, 2, "Half")
        assert dialog._dialog.modal, "the event loop runs: a second click must not start it again"
        assert len(window.findChildren(qt.QProgressDialog)) == before + 1
    clean_scene.process_events()
    assert len(window.findChildren(qt.QProgressDialog)) == before


def test_two_series_keep_their_own_masks_through_save_and_reopen(clean_scene, tmp_path):
    import slicer

    panel = open_panel(clean_scene)
    choose_series(panel)
    segment_and_wait(panel, clean_scene)
    other = add_series("Other", frames=4)
    panel.ui.inputSelector.setCurrentNode(other.volume)
    assert not panel.ui.editSection.enabled
    segment_and_wait(panel, clean_scene)
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert panel.parameters.inputNode is None
    slicer.util.loadScene(path)
    panel.takeParameters()
    assert panel.parameters.inputNode.GetName() == "Other"
    assert panel.ui.methodBox.currentText.startswith("otsu ")
    assert panel.ui.editor.segmentationNode().GetName() == "Other segmentation"
    for name in ("Perfusion", "Other"):
        assert list(masks_of(slicer.util.getNode(name))) == ["Brain (otsu)"]
    segment_and_wait(panel, clean_scene)
    assert len(masks_of(panel.parameters.inputNode)) == 1
