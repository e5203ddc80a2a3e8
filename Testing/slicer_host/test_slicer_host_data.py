"""Data in the test host: files, DICOM database and plugins, Sample Data, slicer.util."""

import pytest
from dicom_factory import make_affine, make_frames, write_classic
from slicer_host_module import add_segmentation, add_volume


@pytest.fixture
def volume(clean_scene):
    return add_volume("Volume")


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
