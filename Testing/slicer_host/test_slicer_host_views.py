"""The test host's widgets of MRML nodes: selector, segment editor, layout, tables, plots."""

import numpy as np
import pytest
from slicer_host_module import add_segmentation, add_volume, ui_text, write_module


@pytest.fixture
def volume(clean_scene):
    return add_volume("Volume")


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
