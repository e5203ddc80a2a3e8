"""The DICOM plugin: one loadable for a DSC series, preferred over Slicer's readers."""

import numpy as np
import pytest
from dicom_factory import make_affine, write_classic, write_enhanced, write_mosaic
from slicer_module_panel import make_series, masks_of, open_panel, segment_and_wait


@pytest.fixture
def plugin(clean_scene):
    """The plugin as the module registers it at Slicer's start."""
    import slicer
    from slicer_module_panel import MODULE

    clean_scene.load_module(MODULE)
    return slicer.modules.dicomPlugins["DSCBrainSegDICOMPlugin"]()


def frames_of(count=6):
    return make_series(count).frames.astype(np.uint16)


def add_dicom(folder, write=write_classic, **values):
    """Write a series and import it; return its files."""
    import slicer

    write(folder, frames_of(), make_affine("oblique"), **values)
    (uid,) = slicer.dicomDatabase.add_folder(folder)
    return slicer.dicomDatabase.filesForSeries(uid)


@pytest.mark.parametrize("write", [write_classic, write_mosaic, write_enhanced])
def test_a_series_is_offered_once_and_loads_as_a_sequence(plugin, tmp_path, write):
    import slicer

    from DSCBrainSegLib.mrml.sequence_to_series import openNode, sequenceOfVolume

    files = add_dicom(tmp_path / "dicom", write)
    (loadable,) = plugin.examineForImport([files])
    assert loadable.confidence > 1.0 and loadable.selected
    assert loadable.name.endswith("DSC perfusion sequence")
    assert loadable.tooltip.startswith(f"{len(files)} DICOM files")
    volume = plugin.load(loadable)
    series = openNode(sequenceOfVolume(volume)).read()
    np.testing.assert_array_equal(series.frames, frames_of())
    np.testing.assert_allclose(series.times, 1.5 * np.arange(6), atol=1e-6)
    np.testing.assert_allclose(series.affine, make_affine("oblique"), atol=1e-4)
    assert series.sop_instance_uids
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = tree.GetItemParent(tree.GetItemByDataNode(volume))
    assert tree.GetItemLevel(study) == "Study"
    assert tree.GetItemLevel(tree.GetItemParent(study)) == "Patient"


def test_what_is_not_dsc_is_left_to_others(plugin, tmp_path):
    import slicer

    spin_echo = {"ScanningSequence": ["SE"], "SequenceName": "tse2d1", "EchoTime": 100}
    other = add_dicom(tmp_path / "t2", **spin_echo)
    assert plugin.examineForImport([other, []]) == []
    ct = add_dicom(tmp_path / "ct", Modality="CT")
    assert plugin.examineForImport([ct]) == []
    dsc = add_dicom(tmp_path / "dsc")
    (loadable,) = plugin.examineForImport([other, dsc, ct])
    assert loadable.files == dsc
    assert not slicer.util.getNodesByClass("vtkMRMLSequenceNode")


def test_it_wins_over_a_reader_of_flat_images(plugin, tmp_path):
    import slicer
    from DICOMLib import DICOMLoadable, DICOMPlugin, DICOMUtils

    class Flat(DICOMPlugin):
        def examineForImport(self, fileLists):  # noqa: N802, N803
            loadables = []
            for files in fileLists:
                loadable = DICOMLoadable()
                loadable.files, loadable.confidence, loadable.selected = files, 1.0, True
                loadables.append(loadable)
            return loadables

        def load(self, loadable):
            raise AssertionError("loaded as flat images")

    slicer.modules.dicomPlugins["Flat"] = Flat
    files = add_dicom(tmp_path / "dicom")
    uid = slicer.dicomDatabase.seriesForFile(files[0])
    assert len(DICOMUtils.loadSeriesByUID([uid])) == 1


def test_the_time_slider_of_slicer_shows_the_loaded_series(plugin, tmp_path, monkeypatch):
    import slicer

    shown = []
    sequences = slicer.modules.sequences
    monkeypatch.setattr(sequences, "showSequenceBrowser", shown.append, raising=False)
    (loadable,) = plugin.examineForImport([add_dicom(tmp_path / "dicom")])
    volume = plugin.load(loadable)
    (browser,) = shown
    assert browser.GetProxyNode(browser.GetMasterSequenceNode()) is volume
    selection = slicer.app.applicationLogic().GetSelectionNode()
    assert selection.GetActiveVolumeID() == volume.GetID()


def test_a_file_lost_after_the_import_gives_no_half_series(plugin, tmp_path, caplog):
    import slicer

    files = add_dicom(tmp_path / "SECRET^NAME", write_enhanced)
    (loadable,) = plugin.examineForImport([files])
    (tmp_path / "SECRET^NAME").rename(tmp_path / "gone")
    before = slicer.mrmlScene.GetNumberOfNodes()
    assert plugin.load(loadable) is None
    assert slicer.mrmlScene.GetNumberOfNodes() == before
    assert "does not exist" in caplog.text and "SECRET" not in caplog.text


def test_a_loaded_series_is_segmented_in_its_study(clean_scene, tmp_path):
    import slicer
    from DICOMLib import DICOMUtils

    panel = open_panel(clean_scene)
    files = add_dicom(tmp_path / "dicom", SeriesDescription="ep2d_perf")
    DICOMUtils.loadSeriesByUID([slicer.dicomDatabase.seriesForFile(files[0])])
    panel.takeParameters()
    volume = panel.parameters.inputNode
    assert volume.GetName().endswith("ep2d_perf")
    from slicer_module_panel import choose_method

    choose_method(panel, "otsu")
    segment_and_wait(panel, clean_scene)
    assert masks_of(volume)["Brain (otsu)"].any()
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    tree = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    parents = {tree.GetItemParent(tree.GetItemByDataNode(n)) for n in (volume, segmentation)}
    assert len(parents) == 1 and tree.GetItemLevel(parents.pop()) == "Study"


def test_slicers_with_an_older_pydicom_keep_their_own_readers(clean_scene, monkeypatch):
    import importlib.metadata

    import slicer
    from slicer_module_panel import MODULE

    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.4.4")
    clean_scene.load_module(MODULE)
    assert "DSCBrainSegDICOMPlugin" not in slicer.modules.dicomPlugins
