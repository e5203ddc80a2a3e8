"""Reading and writing series: DICOM, NIfTI and NRRD to and from `DSCSeries`."""

from DSCBrainSegLib.series.dicom_select import SeriesSummary, with_echo
from DSCBrainSegLib.series.dicom_writer import write_dicom_series
from DSCBrainSegLib.series.nifti import write_nifti
from DSCBrainSegLib.series.nrrd_file import write_nrrd
from DSCBrainSegLib.series.read import list_series, open_series, read_series
from DSCBrainSegLib.series.source import SeriesSource
from DSCBrainSegLib.series.types import DSCSeries
from DSCBrainSegLib.series.write import write_mask

__all__ = [
    "DSCSeries",
    "SeriesSource",
    "SeriesSummary",
    "list_series",
    "open_series",
    "read_series",
    "with_echo",
    "write_dicom_series",
    "write_mask",
    "write_nifti",
    "write_nrrd",
]
