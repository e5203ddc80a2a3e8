"""What other parts of Slicer learn about the module when Slicer starts, without the library."""

import importlib.metadata
import os

import slicer

PLUGIN = "DSCBrainSegDICOMPlugin"
OLDEST_PYDICOM = 3
"""Slicer 5.10 ships pydicom 2: its own readers load the series there."""

CATEGORY = "DSC Brain Segmentation"
SAMPLE = "DSCPhantom"
NODE_NAME = "DSC phantom"


def register():
    """Offer all there is; what is there already is not added again."""
    from .side_by_side_layouts import registerLayouts

    registerDicomPlugin()
    registerSampleData()
    if slicer.app.layoutManager() is not None:  # Slicer without a main window has none
        # A scene that was saved with one of these layouts can be opened before the panel is.
        registerLayouts(slicer.app.layoutManager().layoutLogic().GetLayoutNode())


def registerDicomPlugin():
    """Offer DSC series in Slicer's DICOM browser, where this Slicer has what is needed for it."""
    try:
        version = importlib.metadata.version("pydicom")
        from .dicom_plugin import DSCBrainSegDICOMPlugin
    except ImportError:  # Slicer may be built without DICOM.
        return
    if int(version.split(".")[0]) < OLDEST_PYDICOM:
        return
    if not hasattr(slicer.modules, "dicomPlugins"):
        slicer.modules.dicomPlugins = {}
    slicer.modules.dicomPlugins[PLUGIN] = DSCBrainSegDICOMPlugin


def registerSampleData():
    """Offer the phantom, where this Slicer has the Sample Data module."""
    try:
        import SampleData
    except ImportError:
        return
    registered = getattr(slicer.modules, "sampleDataSources", {}).get(CATEGORY, [])
    if any(each.sampleName == SAMPLE for each in registered):
        return
    module = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    # Slicer wants an address, a file and a node of every sample, also of those it does not load.
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=CATEGORY,
        sampleName=SAMPLE,
        uris="dscbrainseg:phantom",
        fileNames="phantom.npy",
        nodeNames=NODE_NAME,
        thumbnailFileName=os.path.join(module, "Resources", "Icons", "DSCBrainSeg.png"),
        customDownloader=_makePhantom,
    )


def _makePhantom(source=None):
    from .sample_data import makePhantom

    return makePhantom(source)
