"""Image, reference and masks in slice views side by side, linked."""

import numpy as np
import pytest
from slicer_module_panel import add_series, choose_method, open_panel, segment_and_wait


@pytest.fixture
def panel(clean_scene):
    """The widget with a series, a drawn truth and the masks of two methods."""
    widget = open_panel(clean_scene)
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    assert not widget.ui.sideBySideButton.enabled
    for name in ("otsu", "aabl"):
        choose_method(widget, name)
        segment_and_wait(widget, clean_scene)
    widget.ui.seedBox.setCurrentIndex(1)
    widget.ui.startDrawingButton.click()
    widget.refresh()
    return widget


def views():
    """Return the slice views of the layout, from left to right."""
    import slicer

    manager = slicer.app.layoutManager()
    return [manager.sliceWidget(name) for name in manager.sliceViewNames()]


def labels():
    return [view.mrmlSliceNode().GetLayoutLabel() for view in views()]


def shown_in(view):
    """Return the names of the segments a slice view shows."""
    import slicer

    found = []
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        for index in range(node.GetNumberOfDisplayNodes()):
            display = node.GetNthDisplayNode(index)
            if not display.IsDisplayableInView(view.mrmlSliceNode().GetID()):
                continue
            segments = node.GetSegmentation()
            found += [
                segments.GetSegment(each).GetName()
                for each in segments.GetSegmentIDs()
                if display.GetSegmentVisibility(each) and display.GetVisibility2DOutline()
            ]
    return found


def test_each_mask_gets_a_view_of_its_own(panel):
    panel.ui.sideBySideButton.click()
    assert labels() == ["Perfusion", "Ground truth (reader)", "Brain (otsu)", "Brain (aabl)"]
    assert [shown_in(view) for view in views()] == [[], *([name] for name in labels()[1:])]
    volume = panel.parameters.inputNode.GetID()
    for view in views():
        assert view.mrmlSliceCompositeNode().GetBackgroundVolumeID() == volume
    assert panel.ui.sideBySideButton.text == "Views as before"


def test_masks_can_be_drawn_where_they_are_seen(panel):
    """Slicer's own editor logic decides which views its brush works in."""
    panel.ui.sideBySideButton.click()
    logic = panel.ui.editor.logic()
    drawable = [logic.IsSegmentationDisplayableInView(view.mrmlSliceNode()) for view in views()]
    assert drawable == [False, True, True, True]


def test_slices_are_linked(panel, clean_scene):
    panel.ui.sideBySideButton.click()
    first, *others = views()
    logic = first.sliceLogic()
    logic.StartSliceNodeInteraction(1)  # SliceToRAS, as the wheel does
    logic.SetSliceOffset(-5.0)
    logic.EndSliceNodeInteraction()
    for view in others:
        assert view.mrmlSliceNode().GetSliceOffset() == pytest.approx(-5.0)


def test_the_views_before_come_back_with_all_masks(panel):
    import slicer

    before = slicer.app.layoutManager().layout
    panel.ui.sideBySideButton.click()
    panel.ui.sideBySideButton.click()
    assert slicer.app.layoutManager().layout == before
    assert panel.ui.sideBySideButton.text == "Side by side"
    for view in views():
        assert len(shown_in(view)) == 3


def test_another_layout_chosen_in_slicers_own_menu_takes_the_displays_away(panel, clean_scene):
    import slicer

    panel.ui.sideBySideButton.click()
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    clean_scene.wait_until(lambda: panel.ui.sideBySideButton.text == "Side by side")
    assert len(shown_in(views()[0])) == 3


def test_it_survives_save_close_and_reopen(panel, clean_scene, tmp_path):
    import slicer

    panel.ui.sideBySideButton.click()
    before = [shown_in(view) for view in views()]
    path = str(tmp_path / "scene.mrb")
    assert slicer.util.saveScene(path)
    slicer.mrmlScene.Clear(0)
    clean_scene.process_events()
    slicer.util.loadScene(path)
    panel.takeParameters()
    clean_scene.process_events()
    if not panel.compareSection._sideBySide.shown:
        panel.ui.sideBySideButton.click()
    assert [shown_in(view) for view in views()] == before
    panel.ui.sideBySideButton.click()
    assert len(shown_in(views()[0])) == 3


def test_a_second_series_is_shown_with_its_own_masks(panel, clean_scene):
    panel.ui.sideBySideButton.click()
    panel.ui.sideBySideButton.click()
    panel.ui.inputSelector.setCurrentNode(add_series("Other").volume)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    panel.ui.sideBySideButton.click()
    assert labels() == ["Other", "Brain (otsu)"]
    assert [shown_in(view) for view in views()] == [[], ["Brain (otsu)"]]
    panel.ui.sideBySideButton.click()
    assert len(shown_in(views()[0])) == 4


def test_the_masks_are_drawn(panel, clean_scene, tmp_path):
    """Slicer's own pipeline draws the outline in the views of masks, not in that of the image."""
    import slicer
    from slicer_host.slice_widget import can_draw_segments

    if not can_draw_segments():
        pytest.skip("needs a process without TensorFlow")
    slicer.app.layoutManager().viewport().resize(900, 600)
    for _again in range(2):
        panel.ui.sideBySideButton.click()
        found = [coloured(clean_scene, view, tmp_path) for view in views()]
        assert found[0] < 20 and all(count > 100 for count in found[1:]), found
        panel.ui.sideBySideButton.click()
        assert coloured(clean_scene, views()[0], tmp_path) > 100
    slicer.mrmlScene.Clear(0)


def coloured(host, view, folder):
    """Draw a slice view and count the pixels that are not grey, below its name."""
    path = host.grab(folder / "view.png", view, (300, 300))
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(path))
    reader.Update()
    image = reader.GetOutput()
    columns, rows, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    return int((np.ptp(pixels[: rows - 40, :, :3].astype(int), axis=2) > 40).sum())
