"""The test host runs a scripted module as Slicer does: panel, parameter node, scene, reload."""

import pytest
from slicer_host_module import add_segmentation, add_volume


@pytest.fixture
def volume(clean_scene):
    return add_volume("Volume")


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


def remembered_observers(parameters):
    """Return a list that gets the tags a wrapper's connections observe by; 5.10 leaves them."""
    observed, observe = [], parameters.AddObserver
    parameters.AddObserver = lambda *given: observed.append(observe(*given))
    return observed


def test_a_connection_to_widgets_needs_its_tag_to_be_cut(sample):
    parameters = sample.parameters
    observed = remembered_observers(parameters)
    tags = [parameters.connectGui(sample.ui)]
    tags.append(parameters.connectParametersToGui({"reader": sample.ui.readerEdit}))
    parameters.disconnectGui(tags[1])
    parameters.disconnectGui(sample.guiTag)
    sample.ui.readerEdit.text = "Reader A"
    assert parameters.reader == "Reader A"  # that of connectGui() is still there
    parameters.disconnectGui(tags[0])
    sample.ui.readerEdit.text = "Reader B"
    assert parameters.reader == "Reader A"
    for tag in observed:  # in 5.10 they would be left behind
        parameters.RemoveObserver(tag)


def test_a_new_connection_fills_combo_boxes_item_by_item(sample):
    sample.ui.methodBox.setCurrentIndex(1)
    heard = []
    sample.ui.methodBox.connect("currentIndexChanged(int)", heard.append)
    parameters = sample.logic.getParameters()
    observed = remembered_observers(parameters)
    tag = parameters.connectParametersToGui({"method": sample.ui.methodBox})
    parameters.disconnectGui(tag)
    for each in observed:
        parameters.RemoveObserver(each)
    assert heard[:2] == [-1, 0]


def test_values_are_read_when_the_node_says_it_has_changed(sample):
    node = sample.logic.getParameterNode()
    before = node.StartModify()
    node.SetParameter("reader", "Reader A")
    assert sample.parameters.reader == ""
    node.EndModify(before)
    assert sample.parameters.reader == "Reader A"


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
