"""The test host's Qt is PythonQt: what that refuses is refused, what it returns is returned."""

import pytest
from slicer_host_module import ui_text, write_module


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
