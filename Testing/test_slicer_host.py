"""The test host behaves like Slicer, shown on a small scripted module."""

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic
from slicer_host_module import ui_text, write_module


@pytest.fixture
def sample(clean_scene, tmp_path):
    """The sample module's widget, entered."""
    clean_scene.load_module(write_module(tmp_path))
    return clean_scene.select("Sample")


@pytest.fixture
def volume(clean_scene):
    return add_volume("Volume")


def add_volume(name):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    grid = np.arange(6 * 20 * 16, dtype=np.int16).reshape(6, 20, 16)
    slicer.util.updateVolumeFromArray(node, grid)
    node.SetSpacing(2, 2, 5)
    node.CreateDefaultDisplayNodes()
    return node


def add_segmentation(volume):
    import slicer

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Masks")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().AddEmptySegment("brain", "Brain")
    mask = np.zeros((6, 20, 16), np.uint8)
    mask[2:4, 5:15, 4:12] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, node, "brain", volume)
    return node


def test_module_is_set_up_and_registered(sample, clean_scene):
    import slicer

    assert sample.calls == ["setup", "enter"]
    assert slicer.modules.sample.title == "Sample"
    assert slicer.modules.SampleWidget is sample
    assert slicer.util.getModuleLogic("Sample") is sample.logic
    slicer.selfTests["Sample"]()
    import Sample

    assert Sample.SampleTest.ran


def test_parameters_are_stored_as_slicer_stores_them(sample, volume):
    parameters, node = sample.parameters, sample.logic.getParameterNode()
    parameters.inputVolume = volume
    parameters.method = type(parameters.method).OTSU
    parameters.ticked = ["otsu"]
    parameters.ticked.append("cusum")
    parameters.volumes = [volume]
    parameters.post.smallest = 7
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert stored["method"] == "OTSU"
    assert stored["invert"] == "False" and stored["threshold"] == "25"
    assert stored["plane"] == "coronal"
    assert (stored["ticked.len"], stored["ticked.1"]) == ("2", "cusum")
    assert (stored["post.fillHoles"], stored["post.smallest"]) == ("True", "7")
    assert node.GetNodeReference("inputVolume") is volume
    assert node.GetNodeReference("volumes.0") is volume
    with pytest.raises(ValueError, match="200"):
        parameters.threshold = 201
    with pytest.raises(TypeError):
        parameters.frame = "3"
    with pytest.raises(ValueError):
        parameters.post.smallest = -1
    assert parameters.post.smallest == 7


def test_widgets_and_parameters_follow_each_other(sample, volume):
    ui, parameters = sample.ui, sample.parameters
    ui.thresholdSlider.value = 50
    ui.frameBox.setValue(9)
    ui.methodBox.setCurrentIndex(1)
    ui.readerEdit.text = "Reader A"
    ui.invertBox.click()
    ui.holesBox.click()
    ui.planeBox.setCurrentText("axial")
    assert (parameters.threshold, parameters.frame) == (50.0, 9)
    assert parameters.method.name == "OTSU" and ui.methodBox.currentText == "Otsu"
    assert (parameters.reader, parameters.invert, parameters.plane) == ("Reader A", True, "axial")
    assert parameters.post.fillHoles is False
    parameters.threshold = -20.0
    parameters.reader = "Reader B"
    parameters.post.fillHoles = True
    assert (ui.thresholdSlider.value, ui.readerEdit.text) == (-20.0, "Reader B")
    assert ui.holesBox.checked
    sample.exit()
    ui.frameBox.setValue(11)
    assert sample.logic.getParameters().frame == 9


def test_a_connection_to_widgets_needs_its_tag_to_be_cut(sample):
    import slicer

    parameters = sample.parameters
    assert parameters.connectGui(sample.ui) is None
    tag = parameters.connectParametersToGui({"reader": sample.ui.readerEdit})
    parameters.disconnectGui(tag)
    parameters.disconnectGui(sample.guiTag)
    sample.ui.readerEdit.text = "Reader A"
    assert parameters.reader == "Reader A"  # that of connectGui() is still there
    slicer.mrmlScene.RemoveNode(parameters.parameterNode)  # and ends with the node only


def test_a_new_connection_fills_combo_boxes_item_by_item(sample):
    sample.ui.methodBox.setCurrentIndex(1)
    heard = []
    sample.ui.methodBox.connect("currentIndexChanged(int)", heard.append)
    parameters = sample.logic.getParameters()
    tag = parameters.connectParametersToGui({"method": sample.ui.methodBox})
    parameters.disconnectGui(tag)
    assert heard[:2] == [-1, 0]


def test_values_are_read_when_the_node_says_it_has_changed(sample):
    node = sample.logic.getParameterNode()
    before = node.StartModify()
    node.SetParameter("reader", "Reader A")
    assert sample.parameters.reader == ""
    node.EndModify(before)
    assert sample.parameters.reader == "Reader A"


def test_node_selector_follows_the_scene(sample):
    import slicer

    selector, seen = sample.ui.inputSelector, []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", seen.append)
    assert selector.currentNode() is None and not sample.ui.applyButton.enabled
    first = add_volume("First")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels").SetHideFromEditors(1)
    assert selector.nodes() == [first] and selector.currentNode() is None
    selector.setCurrentNode(first)
    assert seen == [first] and selector.currentNodeID == first.GetID()
    assert sample.parameters.inputVolume is first and sample.ui.applyButton.enabled
    selector.noneEnabled = False
    second = add_volume("Second")
    slicer.mrmlScene.RemoveNode(first)
    assert selector.currentNode() is second
    sample.ui.applyButton.click()
    assert sample.calls[-1] == ("apply", False)


def test_selector_without_a_connection_has_no_scene(clean_scene, tmp_path):
    clean_scene.load_module(write_module(tmp_path, ui_text(connected=())))
    widget = clean_scene.select("Sample")
    add_volume("Volume")
    assert widget.ui.inputSelector.mrmlScene() is None
    assert widget.ui.inputSelector.nodeCount() == 0


def test_scene_close_and_reopen(sample, volume, tmp_path):
    import slicer

    sample.parameters.inputVolume = volume
    sample.parameters.reader = "Reader A"
    segmentation = add_segmentation(volume)
    sample.parameters.output = segmentation
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    assert sample.calls[-2:] == ["start close", "end close"]
    assert sample.ui.inputSelector.currentNode() is None and sample.parameters.reader == ""
    slicer.util.loadScene(path)
    sample.initialize()
    assert sample.parameters.inputVolume.GetName() == "Volume"
    assert sample.ui.readerEdit.text == "Reader A"
    reopened = sample.parameters.output
    mask = slicer.util.arrayFromSegmentBinaryLabelmap(
        reopened, "brain", sample.parameters.inputVolume
    )
    assert mask.sum() == 2 * 10 * 8


def test_enter_exit_and_reload(sample, clean_scene):
    import slicer

    clean_scene.leave()
    assert sample.calls[-1] == "exit" and sample.parameters is None
    assert clean_scene.select("Sample") is sample and sample.calls[-1] == "enter"
    before = slicer.mrmlScene.HasObserver("AnyEvent")
    again = clean_scene.reload("Sample")
    assert again is not sample and sample.calls[-1] == "cleanup" and again.calls == ["setup"]
    assert not sample.Observations and slicer.mrmlScene.HasObserver("AnyEvent") == before
    again.ui.frameBox.setValue(5)
    assert again.parameters.frame == 5


def test_process_streams_lines_and_can_be_killed(sample, clean_scene):
    logic = sample.logic
    logic.start("import time\nfor i in range(3):\n    print('line', i); time.sleep(0.05)")
    clean_scene.wait_until(lambda: len(logic.lines) == 1)
    assert logic.finished is None
    clean_scene.wait_until(lambda: logic.finished)
    assert logic.lines == ["line 0", "line 1", "line 2"] and logic.finished == (0, True)
    logic.finished = None
    logic.start("import time; time.sleep(60)")
    assert logic.process.waitForStarted(5000)
    logic.process.kill()
    clean_scene.wait_until(lambda: logic.finished, timeout=5)
    assert logic.finished[1] is False


def test_timer_shows_a_blocked_interface(clean_scene):
    import time

    import qt

    ticks, timer = [], qt.QTimer()
    timer.setInterval(5)
    timer.connect("timeout()", lambda: ticks.append(1))
    timer.start()
    assert timer.active
    assert clean_scene.wait_until(lambda: len(ticks) >= 3) < 0.1
    timer.stop()
    qt.QTimer.singleShot(0, lambda: (time.sleep(0.15), ticks.clear()))
    assert clean_scene.wait_until(lambda: not ticks) > 0.14


def test_undo_and_shortcuts_of_the_segment_editor(sample, volume, clean_scene):
    import slicer

    editor, segmentation = sample.ui.editor, add_segmentation(volume)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
    editor.setMRMLSegmentEditorNode(node)
    editor.setSegmentationNode(segmentation)
    editor.setSourceVolumeNode(volume)
    editor.setMaximumNumberOfUndoStates(10)
    assert editor.currentSegmentID() == "brain"

    def count():
        array = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "brain", volume)
        return int(array.sum())

    stroke = np.zeros((6, 20, 16), bool)
    stroke[0, 0, :3] = True
    editor.setActiveEffectByName("Paint")
    editor.activeEffect().apply_brush(stroke)
    assert count() == 163
    editor.setActiveEffectByName("Erase")
    stroke[2, 5:15, 4:12] = True
    editor.activeEffect().apply_brush(stroke)
    assert count() == 80
    assert clean_scene.press("Ctrl+Z") == 0 and count() == 80
    editor.installKeyboardShortcuts()
    assert clean_scene.press("Ctrl+Z") == 1 and count() == 163
    editor.undo()
    assert count() == 160
    editor.redo()
    assert count() == 163
    editor.setActiveEffect(None)
    editor.uninstallKeyboardShortcuts()
    assert editor.activeEffect() is None and clean_scene.press("Ctrl+Z") == 0


def test_files_load_and_save_through_slicer_util(clean_scene, volume, tmp_path):
    import slicer

    segmentation = add_segmentation(volume)
    assert slicer.util.saveNode(volume, str(tmp_path / "volume.nrrd"))
    assert slicer.util.saveNode(segmentation, str(tmp_path / "mask.seg.nrrd"))
    slicer.mrmlScene.Clear(0)
    loaded = slicer.util.loadVolume(str(tmp_path / "volume.nrrd"))
    assert slicer.util.arrayFromVolume(loaded)[5, 19, 15] == 6 * 20 * 16 - 1
    masks = slicer.util.loadSegmentation(str(tmp_path / "mask.seg.nrrd"))
    assert list(masks.GetSegmentation().GetSegmentIDs()) == ["brain"]
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert red.GetBackgroundVolumeID() == loaded.GetID()
    with pytest.raises(RuntimeError, match="does not exist"):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))


def test_layout_has_named_slice_views(clean_scene, volume):
    import slicer

    manager = slicer.app.layoutManager()
    assert manager.sliceViewNames() == ["Red", "Green", "Yellow"]
    view = '<item><view class="vtkMRMLSliceNode" singletontag="{}"><property name="orientation" '
    view += 'action="default">Axial</property></view></item>'
    items = view.format("Original") + view.format("GroundTruth")
    node = manager.layoutLogic().GetLayoutNode()
    node.AddLayoutDescription(5001, f'<layout type="horizontal">{items}</layout>')
    manager.setLayout(5001)
    assert manager.sliceViewNames() == ["Original", "GroundTruth"]
    widget = manager.sliceWidget("GroundTruth")
    widget.mrmlSliceCompositeNode().SetBackgroundVolumeID(volume.GetID())
    widget.sliceLogic().FitSliceToBackground()
    widget.sliceLogic().SetSliceOffset(12.5)
    assert widget.mrmlSliceNode().GetSliceOffset() == 12.5
    assert widget.sliceOrientation == "Axial"


def test_dicom_database_answers_like_ctk(clean_scene, tmp_path):
    import slicer

    frames, changes = make_frames((3, 2, 8, 6)), []
    slicer.dicomDatabase.connect("databaseChanged()", lambda: changes.append(1))
    write_classic(tmp_path / "one", frames, make_affine(), SeriesDescription="ep2d_perf")
    write_classic(tmp_path / "two", frames, make_affine(), PatientID="other", PatientName="B")
    assert len(slicer.dicomDatabase.add_folder(tmp_path)) == 2 and changes == [1]
    database = slicer.dicomDatabase
    assert len(database.patients()) == 2
    (study,) = database.studiesForPatient(database.patients()[0])
    (series,) = database.seriesForStudy(study)
    files = database.filesForSeries(series)
    assert len(files) == 6 and database.descriptionForSeries(series) == "ep2d_perf"
    assert database.fileValue(files[0], "0018,0081") == "30.0"
    assert database.fileValue(files[0], "0028,0030") == "1.5\\1.75"
    assert database.fileValue(files[0], "0018,9999") == ""
    assert database.fileForInstance(database.instanceForFile(files[3])) == files[3]
    with pytest.raises(TypeError, match="gggg,eeee"):
        database.fileValue(files[0], "EchoTime")


def test_a_dicom_plugin_starts_with_slicers_three_tags(clean_scene):
    from DICOMLib import DICOMPlugin

    assert set(DICOMPlugin().tags) == {"seriesDescription", "seriesNumber", "frameOfReferenceUID"}


def test_most_confident_dicom_plugin_loads(clean_scene, tmp_path):
    import slicer
    from DICOMLib import DICOMLoadable, DICOMPlugin, DICOMUtils

    class Plugin(DICOMPlugin):
        confidence = 0.5

        def examineForImport(self, fileLists):  # noqa: N802, N803
            loadable = DICOMLoadable()
            loadable.files, loadable.confidence = fileLists[0], self.confidence
            loadable.selected = True
            loadable.name = self.defaultSeriesNodeName(
                slicer.dicomDatabase.seriesForFile(loadable.files[0])
            )
            return [loadable]

        def load(self, loadable):
            node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", loadable.name)
            self.addSeriesInSubjectHierarchy(loadable, node)
            return node

    class Better(Plugin):
        confidence = 0.9

    slicer.modules.dicomPlugins.update(Plain=Plugin, Better=Better)
    write_classic(tmp_path / "dicom", make_frames((2, 2, 8, 6)), make_affine())
    (series,) = slicer.dicomDatabase.add_folder(tmp_path)
    (node_id,) = DICOMUtils.loadSeriesByUID([series])
    node = slicer.mrmlScene.GetNodeByID(node_id)
    assert node.GetName() == "7: ep2d_perf"
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = tree.GetItemParent(tree.GetItemByDataNode(node))
    assert tree.GetItemName(tree.GetItemParent(study)) == "SECRET^NAME"


def test_sample_data_is_registered_at_start(sample):
    import SampleData

    source = SampleData.SampleDataLogic().sourceForSampleName("Phantom")
    assert source.customDownloader(source).GetName() == "Phantom"  # as the button does


def test_dialogs_must_be_announced(clean_scene):
    import ctk
    import qt
    import slicer
    from slicer_host.errors import UnexpectedDialog

    with pytest.raises(UnexpectedDialog, match="QMessageBox.question"):
        qt.QMessageBox.question(None, "Title", "Overwrite?")
    clean_scene.dialogs.answer("QFileDialog.getExistingDirectory", "/data")
    assert qt.QFileDialog.getExistingDirectory(None, "Folder") == "/data"
    clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.Yes)
    box = ctk.ctkMessageBox()
    assert box.exec_() == qt.QMessageBox.Yes
    slicer.app.set_testing(False)
    clean_scene.dialogs.answer("ctkMessageBox.exec", qt.QMessageBox.No)
    assert not slicer.util.confirmYesNoDisplay("Really?")
    assert clean_scene.dialogs.shown[-1][1][0].text == "Really?"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("button.text()", TypeError),
        ("button.setText(text='a')", TypeError),
        ("qt.QLabel(text='a')", TypeError),
        ("button.connect('clickd()', print)", TypeError),
        ("button.connect('clicked(int)', print)", TypeError),
        ("button.answer = 42", AttributeError),
        ("button.width = 3", AttributeError),
        ("button.text = None", TypeError),
        ("qt.QTimer().singleShot = True", AttributeError),
        ("qt.QLineEdit().setText(path)", TypeError),
        ("bytes(process.readAllStandardOutput())", TypeError),
        ("button.setChecked", None),
        ("qt.QRegExp('a')", AttributeError),
    ],
)
def test_what_pythonqt_refuses_is_refused(clean_scene, tmp_path, code, error):
    import qt

    names = {"qt": qt, "button": qt.QPushButton("a"), "process": qt.QProcess(), "path": tmp_path}
    if error is None:
        exec(code, names)
        return
    with pytest.raises(error):
        exec(code, names)


def test_scoped_enums_and_unknown_widgets_are_refused(clean_scene, tmp_path):
    path = write_module(tmp_path)
    path.write_text(path.read_text() + "\nALIGN = qt.Qt.AlignmentFlag.AlignLeft\n")
    with pytest.raises(TypeError, match=r"write qt\.Qt\.AlignLeft"):
        clean_scene.load_module(path)
    write_module(tmp_path, ui_text(widgets='<widget class="ctkUnknownThing" name="a"/>'))
    clean_scene.load_module(path)
    with pytest.raises(TypeError, match="ctkUnknownThing"):
        clean_scene.select("Sample")


def test_enums_are_ints_and_bytes_come_from_data(clean_scene):
    import qt

    seen, box = [], qt.QCheckBox("a")
    box.connect("stateChanged(int)", seen.append)
    box.checked = True
    assert seen == [2] and qt.Qt.Checked == 2
    button, calls = qt.QPushButton("a"), []
    button.connect("clicked()", lambda: calls.append("none"))
    button.clicked.connect(lambda checked: calls.append(checked))
    button.click()
    assert calls == ["none", False]
    assert button.disconnect("clicked()") is True
    process = qt.QProcess()
    process.start("/bin/echo", ["text"])
    process.waitForFinished(5000)
    assert process.readAllStandardOutput().data() == b"text\n"


def test_errors_in_slots_and_observers_fail_the_test(clean_scene):
    import qt
    import slicer

    button = qt.QPushButton("a")
    button.connect("clicked()", lambda: 1 / 0)
    button.click()
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        clean_scene.raise_errors()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    node.AddObserver("ModifiedEvent", lambda *_: [][1])
    node.Modified()
    with pytest.raises(AssertionError, match="IndexError"):
        clean_scene.raise_errors()


def test_picture_of_the_window_shows_text_and_segments(sample, volume, clean_scene, tmp_path):
    from slicer_host.slice_widget import can_draw_segments

    if not can_draw_segments():
        pytest.skip("TensorFlow is loaded in this process; 'make test' runs this file by itself")
    import qt
    import slicer

    add_segmentation(volume).GetSegmentation().GetSegment("brain").SetColor(1, 0, 0)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    picture = qt.QImage(str(clean_scene.grab(tmp_path / "window.png", size=(1100, 700))))
    assert (picture.width(), picture.height()) == (1100, 700)
    pixels = np.array(picture.convertToFormat(qt.QImage.Format_RGB888).constBits())
    pixels = pixels.reshape(700, -1, 3)[:, :1100].astype(int)
    label = sample.ui.label
    corner = label.mapTo(clean_scene.main_window, qt.QPoint(0, 0))
    text = pixels[corner.y() : corner.y() + label.height, corner.x() : corner.x() + label.width]
    assert (text.sum(axis=2) < 200).sum() > 40  # dark strokes of the letters
    letters = [qt.QLabel(text).grab().toImage() for text in ("WWW", "III")]
    assert letters[0] != letters[1]  # not the same boxes, as without a font
    reddish = (pixels[..., 0] - pixels[..., 1] > 60).sum()
    assert reddish > 500


def test_tables_plots_and_their_views_show_the_nodes(clean_scene, tmp_path):
    import qt
    import slicer

    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", "Scores")
    slicer.util.updateTableFromArray(table, (np.arange(4.0), np.arange(4.0) ** 2), ["t", "Dice"])
    view, chosen = slicer.qMRMLTableView(), []
    view.setMRMLTableNode(table)
    assert view.model().rowCount() == 4 and view.model().item(3, 1).text() == "9"
    view.connect("selectionChanged()", lambda: chosen.append(view.currentIndex().row()))
    view.selectRow(2)
    assert chosen[-1] == 2
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "Dice")
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("t")
    series.SetYColumnName("Dice")
    series.SetColor(0, 0, 1)
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    views = '<item><view class="vtkMRMLPlotViewNode" singletontag="P"/></item>'
    views += '<item><view class="vtkMRMLTableViewNode" singletontag="T"/></item>'
    node.AddLayoutDescription(5002, f'<layout type="vertical">{views}</layout>')
    node.SetViewArrangement(5002)
    plot = slicer.app.layoutManager().plotWidget(0)
    plot.mrmlPlotViewNode().SetPlotChartNodeID(chart.GetID())
    slicer.app.layoutManager().tableWidget(0).mrmlTableViewNode().SetTableNodeID(table.GetID())
    picture = qt.QImage(str(clean_scene.grab(tmp_path / "plot.png", plot.plotView())))
    pixels = np.array(picture.convertToFormat(qt.QImage.Format_RGB32).constBits())
    blue, green, red, _ = pixels.reshape(-1, 4).T.astype(int)
    assert ((blue > 200) & (red < 60) & (green < 60)).sum() > 100
    assert slicer.app.layoutManager().tableWidget(0).tableView().model().columnCount() == 2


def test_a_table_view_with_a_scene_is_empty_after_the_scene_was_read(clean_scene):
    import slicer

    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    alone, follower = slicer.qMRMLTableView(), slicer.qMRMLTableView()
    follower.setMRMLScene(slicer.mrmlScene)
    for view in (alone, follower):
        view.setMRMLTableNode(table)
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode")
    assert follower.mrmlTableNode() is table
    slicer.mrmlScene.StartState(slicer.vtkMRMLScene.ImportState)
    slicer.mrmlScene.EndState(slicer.vtkMRMLScene.ImportState)
    assert follower.mrmlTableNode() is None and alone.mrmlTableNode() is table


def test_sequence_widget_moves_the_browser(clean_scene, volume):
    import qt
    import slicer

    sequence = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceNode", "DSC")
    for second in range(4):
        sequence.SetDataNodeAtValue(volume, str(1.5 * second))
    browser = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    seek = slicer.qMRMLSequenceBrowserSeekWidget()
    seek.setMRMLSequenceBrowserNode(browser)
    slider = seek.findChild(qt.QSlider)
    slider.setValue(3)
    assert browser.GetSelectedItemNumber() == 3
    browser.SetSelectedItemNumber(1)
    assert slider.value == 1


def test_classes_that_slicers_own_files_name_are_there(clean_scene):
    import ctk
    import qt
    import slicer

    names = "ctkColorPickerButton ctkCheckBox ctkDoubleSlider ctkDoubleRangeSlider"
    assert [name for name in names.split() if not hasattr(ctk, name)] == []
    names = "qMRMLSliderWidget qMRMLSpinBox qMRMLRangeWidget"
    assert [name for name in names.split() if not hasattr(slicer, name)] == []
    button, seen = ctk.ctkColorPickerButton(), []
    button.connect("colorChanged(QColor)", lambda colour: seen.append(colour.red()))
    button.color = qt.QColor(200, 0, 0)
    assert seen == [200] and button.color.red() == 200
    slider = slicer.qMRMLSliderWidget()
    slider.setMRMLScene(slicer.mrmlScene)
    slider.value = 3
    assert slider.mrmlScene() is slicer.mrmlScene and slider.value == 3


def test_slicers_own_files_are_used_where_they_are_named(clean_scene):
    import os
    from pathlib import Path

    import slicer.i18n
    import slicer.parameterNodeWrapper
    import slicer.ScriptedLoadableModule
    from slicer_host.modules_of_slicer import STAND_INS

    sources = os.environ.get("SLICER_PYTHON_SOURCES")
    assert clean_scene.uses_slicer_sources == bool(sources)
    folder = Path(sources).resolve() if sources else STAND_INS / "slicer"
    for each in (slicer.i18n, slicer.parameterNodeWrapper, slicer.ScriptedLoadableModule):
        assert Path(each.__file__).resolve().is_relative_to(folder)


def test_ctk_widgets_behave(clean_scene):
    import ctk
    import qt

    button = ctk.ctkCollapsibleButton("Options")
    inside, folded = qt.QLabel("a"), []
    qt.QVBoxLayout(button).addWidget(inside)
    button.connect("contentsCollapsed(bool)", folded.append)
    button.collapsed = True
    assert inside.isHidden() and folded == [True]
    button.click()
    assert not inside.isHidden() and folded == [True, False]
    box, changes = ctk.ctkCheckableComboBox(), []
    box.addItems(["network", "otsu", "cusum"])
    box.connect("checkedIndexesChanged()", lambda: changes.append(1))
    box.setCheckState(box.model().index(1, 0), qt.Qt.Checked)
    assert [index.row() for index in box.checkedIndexes()] == [1] and changes == [1]
    path, seen = ctk.ctkPathLineEdit(), []
    path.filters = ctk.ctkPathLineEdit.Dirs
    path.connect("currentPathChanged(QString)", seen.append)
    clean_scene.dialogs.answer("QFileDialog.getExistingDirectory", "/data/cohort")
    path.browse()
    assert path.currentPath == "/data/cohort" and seen == ["/data/cohort"]
    slider, values = ctk.ctkSliderWidget(), []
    slider.setRange(0, 1)
    slider.connect("valueChanged(double)", values.append)
    slider.value = 5
    assert slider.value == 1 and values == [1.0]


def test_slicer_util_that_needs_the_application(clean_scene):
    import os

    import qt
    import slicer

    folder = slicer.util.tempDirectory()
    assert os.path.isdir(folder) and folder.startswith(slicer.app.temporaryPath)
    slicer.app.userSettings().setValue("DSCBrainSeg/reader", "A")
    assert slicer.util.settingsValue("DSCBrainSeg/reader", "none") == "A"
    with slicer.util.WaitCursor():
        assert slicer.app.overrideCursor() is not None
    dialog = slicer.util.createProgressDialog(labelText="Installing", maximum=3)
    dialog.value = 2
    assert dialog.value == 2 and dialog.labelText == "Installing"
    dialog.close()
    lines, codes = [], []
    slicer.util.executePythonModule(
        "platform", [], blocking=False, logCallback=lines.append, completedCallback=codes.append
    )
    clean_scene.wait_until(lambda: codes)
    assert codes == [0] and lines
    qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile("/tmp/report.html"))
    assert clean_scene.dialogs.shown[-1][1] == ("file:///tmp/report.html",)
