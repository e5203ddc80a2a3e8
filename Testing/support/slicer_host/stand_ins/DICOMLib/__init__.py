"""Stand-in for Slicer's ``DICOMLib``: what a DICOM plugin and a module that loads series need."""

from . import DICOMUtils
from .DICOMPlugin import DICOMLoadable, DICOMPlugin

__all__ = ["DICOMLoadable", "DICOMPlugin", "DICOMUtils"]
