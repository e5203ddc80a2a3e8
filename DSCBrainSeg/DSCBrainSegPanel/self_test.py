"""What Slicer's test runner and the button "Reload and Test" run, with a log to send.

Each step is tried, also where one before it failed, so that one run on a computer that nobody of us
has (Windows, macOS) tells all there is to know. The log names no file and no person.
"""

import logging
import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path

import numpy as np
import slicer

SHAPE, SPACING = (10, 64, 60), (5.0, 3.0, 3.0)
FRAMES = 6
LEAST_DICE = 0.95
PATIENCE_S = 300


class SelfTest:
    """All steps in order; `run` returns the log and how many failed.

    Parameters
    ----------
    say : callable
        Gets each line of the log.
    """

    def __init__(self, say=logging.info):
        self._say = say
        self._lines = []

    def run(self):
        """Return (log, number of failed steps)."""
        failed = 0
        self._tell(self._computer())
        for step in (
            self._worker,
            self._sequence,
            self._scene,
            self._views,
            self._editor,
            self._dicom,
            self._network,
        ):
            name, start = step.__name__.strip("_"), time.perf_counter()
            slicer.mrmlScene.Clear(0)
            try:
                told = step() or "ok"
            except Exception:
                failed += 1
                told = "FAILED\n" + traceback.format_exc(limit=-3)
            self._tell(f"{name}: {told} ({time.perf_counter() - start:.1f} s)")
        slicer.mrmlScene.Clear(0)
        self._tell(f"{failed} steps failed" if failed else "all steps passed")
        return "\n".join(self._lines), failed

    def _worker(self):
        """The program that segments starts, answers and finds a bright ball in one volume."""
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Ball")
        slicer.util.updateVolumeFromArray(volume, _frame(0))
        volume.SetSpacing(*SPACING[::-1])
        self._segment(volume, "otsu")

    def _sequence(self):
        """A series is segmented, masked and handed to DSC analysis."""
        from DSCBrainSegLib.mrml.masked_series import addMaskedSeries, addRegionVolume
        from DSCBrainSegLib.mrml.series_nodes import seriesOf

        volume = _addSeries()
        mask = self._segment(volume, "otsu")
        masked = addMaskedSeries(seriesOf(volume), volume, mask)
        assert not slicer.util.arrayFromVolume(masked.volume)[~mask].any()
        region = addRegionVolume(volume, mask)
        assert slicer.util.arrayFromVolume(region).sum() == mask.sum()

    def _scene(self):
        """A saved scene brings series, mask and choices back; the panel is reloaded before."""
        volume = _addSeries()
        widget = _widget()
        widget.parameters.inputNode = volume
        widget.ui.readerEdit.text = "Reader A"
        mask = self._segment(volume, "otsu")
        with tempfile.TemporaryDirectory(dir=slicer.app.temporaryPath) as folder:
            path = os.path.join(folder, "scene.mrb")
            assert slicer.util.saveScene(path)
            slicer.mrmlScene.Clear(0)
            slicer.util.loadScene(path)
        widget.takeParameters()
        assert widget.parameters.reader == "Reader A" == widget.ui.readerEdit.text
        again = _maskOf(widget.parameters.inputNode)
        assert np.array_equal(again, mask)

    def _views(self):
        """Image and mask stand side by side in views of their own."""
        volume = _addSeries()
        widget = _widget()
        widget.parameters.inputNode = volume
        self._segment(volume, "otsu")
        _settle()
        manager = slicer.app.layoutManager()
        if manager is None:
            return "skipped: no main window"
        before = manager.layout
        widget.ui.sideBySideButton.click()
        _settle()
        shown = len(manager.sliceViewNames())
        widget.ui.sideBySideButton.click()
        assert shown == 2 and manager.layout == before, (shown, manager.layout, before)
        return None

    def _editor(self):
        """The editor in the panel takes the mask, and an effect can be switched on."""
        volume = _addSeries()
        widget = _widget()
        widget.parameters.inputNode = volume
        self._segment(volume, "otsu")
        _settle()
        editor = widget.ui.editor
        assert editor.segmentationNode() is not None and editor.sourceVolumeNode() is volume
        editor.setActiveEffectByName("Paint")
        assert editor.activeEffect() is not None
        editor.setActiveEffect(None)

    def _dicom(self):
        """A series is written as DICOM, imported into a database of its own, and loaded."""
        if not hasattr(slicer, "dicomDatabase"):
            return "skipped: no DICOM module"
        from DICOMLib import DICOMUtils

        from DSCBrainSegLib.series.dicom_writer import write_dicom_series

        with tempfile.TemporaryDirectory(dir=slicer.app.temporaryPath) as folder:
            write_dicom_series(_series(), Path(folder) / "Lékař a b")
            with DICOMUtils.TemporaryDICOMDatabase(os.path.join(folder, "database")) as database:
                DICOMUtils.importDicom(folder, database)
                (patient,) = database.patients()
                (study,) = database.studiesForPatient(patient)
                (uid,) = database.seriesForStudy(study)
                from .dicom_loading import loadSeries

                volume = loadSeries(uid)
        assert volume is not None and volume.GetImageData().GetDimensions() == SHAPE[::-1]
        return f"ok, as {volume.GetName()!r}"

    def _network(self):
        """The network runs, where its library is installed, whatever it makes of a ball."""
        from DSCBrainSegLib.installation.runtime import runtime_state

        if not runtime_state().usable:
            return "skipped: the network library is not installed"
        volume = _addSeries()
        job = self._job(volume, "network")
        return f"ok, {job.facts['volume_ml']:.0f} mL"

    def _segment(self, volume, method):
        self._job(volume, method)
        mask, ball = _maskOf(volume), _ball()
        dice = 2 * (mask & ball).sum() / (mask.sum() + ball.sum())
        assert dice > LEAST_DICE, f"Dice {dice:.3f}"
        return mask

    def _job(self, volume, method):
        logic = slicer.util.getModuleWidget("DSCBrainSeg").logic
        job = logic.segment(volume, method)
        end = time.monotonic() + PATIENCE_S
        while not job.ended and time.monotonic() < end:
            slicer.app.processEvents()
            time.sleep(0.01)
        if job.error is not None:
            raise job.error
        assert job.ended, f"no answer in {PATIENCE_S} s"
        return job

    def _computer(self):
        version = getattr(slicer.app, "applicationVersion", "?")
        return (
            f"Slicer {version}, {platform.system()} {platform.release()} {platform.machine()}, "
            f"Python {platform.python_version()}, numpy {np.__version__}, "
            f"path of {len(sys.prefix)} characters"
        )

    def _tell(self, text):
        self._lines.append(text)
        self._say(f"DSCBrainSegTest: {text}")


def _ball():
    grids = np.ogrid[tuple(slice(n) for n in SHAPE)]
    parts = zip(grids, (4.5, 34, 28), SPACING, strict=True)
    return sum(((g - c) * s) ** 2 for g, c, s in parts) < 70**2


def _frame(number):
    noise = np.random.default_rng(number).normal(0, 5, SHAPE)
    return np.clip(np.where(_ball(), 900 + number, 40) + noise, 0, None).astype(np.int16)


def _series():
    from DSCBrainSegLib.series import DSCSeries

    return DSCSeries(
        frames=np.stack([_frame(number) for number in range(FRAMES)]),
        times=np.arange(FRAMES) * 1.5,
        affine=np.diag([*SPACING[::-1], 1.0]),
        echo_time=0.03,
        repetition_time=1.5,
    )


def _addSeries():
    from DSCBrainSegLib.mrml.series_to_sequence import addSeries

    return addSeries(_series(), "Test").volume


def _maskOf(volume):
    from DSCBrainSegLib.mrml.segmentation_node import findSegmentation
    from DSCBrainSegLib.mrml.segments import segmentMask

    node = findSegmentation(volume)
    return segmentMask(node, node.GetSegmentation().GetNthSegmentID(0), volume)


def _widget():
    widget = slicer.util.getModuleWidget("DSCBrainSeg")
    widget.takeParameters()
    return widget


def _settle():
    """Let what is due in the event loop happen."""
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        slicer.app.processEvents()
        time.sleep(0.02)
