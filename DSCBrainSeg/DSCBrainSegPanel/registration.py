"""What other parts of Slicer learn about the module once Slicer has started."""

import importlib.metadata

import slicer

from .sample_data import registerSampleData

PLUGIN = "DSCBrainSegDICOMPlugin"
OLDEST_PYDICOM = 3
"""Slicer 5.10 ships pydicom 2: its own readers load the series there."""


def register():
    """Offer the DICOM plugin and the sample data; what is there already is not added again."""
    _registerDicomPlugin()
    registerSampleData()


def _registerDicomPlugin():
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
