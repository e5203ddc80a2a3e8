"""The report of a comparison: one HTML file, written by the worker; packages only after a yes."""

import pytest
from played_runner import use_played_runner
from slicer_module_comparing import draw_truth
from slicer_module_panel import add_series, choose_method, least, open_panel, segment_and_wait


@pytest.fixture
def panel(clean_scene):
    """The module's widget with a series."""
    widget = open_panel(clean_scene)
    widget.ui.inputSelector.setCurrentNode(add_series().volume)
    return widget


def test_the_report_is_one_html_file(panel, clean_scene, tmp_path):
    """With the real worker; it names methods, says what the reference is, and no reader."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    draw_truth(panel)
    panel.ui.readerEdit.setText("Doctor Secret")
    panel.ui.drawnButton.click()
    assert not panel.ui.reportButton.enabled
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    path = tmp_path / "comparison.html"

    def blocked():
        clean_scene.dialogs.answer("QFileDialog.getSaveFileName", str(path))
        panel.ui.reportButton.click()
        assert panel.compareSection.busy and panel.ui.compareButton.text == "Cancel"
        return clean_scene.wait_until(lambda: not panel.compareSection.busy, 120)

    assert least(blocked, 0.1) < 0.1
    assert panel.ui.compareStatusLabel.text == "Report saved: comparison.html."
    text = path.read_text(encoding="utf-8")
    assert "otsu" in text and "drawn by one reader" in text
    assert text.count("data:image/png;base64,") >= 3
    assert "Secret" not in text and "Perfusion" not in text
    assert [each.name for each in tmp_path.iterdir()] == ["comparison.html"]


def test_a_report_that_cannot_be_written_is_told(panel, clean_scene, tmp_path):
    draw_truth(panel)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)

    def measured(request):
        report = tmp_path / "report.html"
        report.write_text("a report")
        return {"volumes": [], "slices": [], "report": str(report)}

    use_played_runner(panel, measure=measured)
    missing = tmp_path / "gone" / "comparison.html"
    clean_scene.dialogs.answer("QFileDialog.getSaveFileName", str(missing))
    panel.ui.reportButton.click()
    clean_scene.wait_until(lambda: not panel.compareSection.busy)
    assert "cannot be written" in panel.ui.compareStatusLabel.text
    clean_scene.dialogs.answer("QFileDialog.getSaveFileName", "")
    panel.ui.reportButton.click()
    assert not panel.compareSection.busy


def test_packages_of_the_report_are_installed_only_when_the_user_agrees(
    panel, clean_scene, tmp_path
):
    import os
    import sys

    import qt
    import slicer

    from DSCBrainSegLib.child_process import ChildProcess
    from DSCBrainSegLib.installation.runtime import RuntimeState

    slicer.app.set_testing(False)
    status, commands = ["missing"], []

    def process(module, *arguments):
        commands.append((module, *arguments))
        status[0] = "ready"
        return ChildProcess([sys.executable, "-c", "print('Downloading')"], dict(os.environ))

    packages = panel.compareSection.reportPackages
    packages.state = lambda: RuntimeState(status[0], tmp_path)
    packages.makeProcess = process
    draw_truth(panel)
    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    runner = use_played_runner(panel)
    panel.batchSection._job = object()
    panel.ui.reportButton.click()
    assert "wait for the batch" in panel.ui.compareStatusLabel.text
    panel.batchSection._job = None
    for answer in (qt.QMessageBox.No, qt.QMessageBox.Yes):
        assert not runner.of("measure")
        clean_scene.dialogs.answer("ctkMessageBox.exec", answer)
        clean_scene.dialogs.answer("QFileDialog.getSaveFileName", str(tmp_path / "report.html"))
        panel.ui.reportButton.click()
        if answer == qt.QMessageBox.No:
            assert panel.ui.compareStatusLabel.text == "The report was not made."
            assert commands == [] and not panel.compareSection.busy
    question = clean_scene.dialogs.shown[-1][1][0].text
    assert "matplotlib" in question and "not changed" in question
    clean_scene.wait_until(lambda: runner.of("measure"))
    assert commands == [("DSCBrainSegLib.installation.extras", "install", "report")]
    assert runner.of("measure")[0]["report"]
