"""``slicer.dicomDatabase``: ctkDICOMDatabase's questions over folders of DICOM files."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6 import QtCore

from .errors import PythonQtError


class DicomDatabase(QtCore.QObject):
    """Patients, studies and series of the files given to `add_folder`."""

    databaseChanged = QtCore.Signal()
    opened = QtCore.Signal()
    patientAdded = QtCore.Signal(int, str, str, str)
    seriesAdded = QtCore.Signal(str)
    _signals = {"seriesAdded(QString)": None, "databaseChanged()": None}

    def __init__(self):
        super().__init__()
        self.clear()

    isOpen = property(lambda self: True)

    def clear(self) -> None:
        """Forget all files."""
        self._headers = {}
        self._patients = {}

    def add_folder(self, folder) -> list[str]:
        """Index the DICOM files below a folder, as an import does; return the new series' UIDs."""
        import pydicom

        before = {header.SeriesInstanceUID for header in self._headers.values()}
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and pydicom.misc.is_dicom(path):
                header = pydicom.dcmread(path, stop_before_pixels=True)
                self._headers[str(path)] = header
                self._patients.setdefault(_patient_key(header), str(len(self._patients) + 1))
        now = {header.SeriesInstanceUID for header in self._headers.values()}
        for uid in sorted(now - before):
            self.seriesAdded.emit(uid)
        self.databaseChanged.emit()
        return sorted(now - before)

    def patients(self):
        return list(self._patients.values())

    def studiesForPatient(self, patient):
        chosen = (h for h in self._headers.values() if self._patients[_patient_key(h)] == patient)
        return _unique(_study(header) for header in chosen)

    def seriesForStudy(self, study):
        chosen = (h for h in self._headers.values() if _study(h) == study)
        return _unique(header.SeriesInstanceUID for header in chosen)

    def filesForSeries(self, series, hits=-1):
        found = [p for p, h in self._headers.items() if h.SeriesInstanceUID == series]
        return found[: hits if hits >= 0 else None]

    def instancesForSeries(self, series, hits=-1):
        return [self.instanceForFile(path) for path in self.filesForSeries(series, hits)]

    def allFiles(self):
        return list(self._headers)

    def instanceForFile(self, path):
        return self._headers[path].SOPInstanceUID if path in self._headers else ""

    def fileForInstance(self, uid):
        found = (path for path, header in self._headers.items() if header.SOPInstanceUID == uid)
        return next(found, "")

    def seriesForFile(self, path):
        return self._headers[path].SeriesInstanceUID if path in self._headers else ""

    def studyForSeries(self, series):
        header = self._of_series(series)
        return _study(header) if header is not None else ""

    def patientForStudy(self, study):
        for header in self._headers.values():
            if _study(header) == study:
                return self._patients[_patient_key(header)]
        return ""

    def descriptionForSeries(self, series):
        return _text(self._of_series(series), 0x0008103E)

    def descriptionForStudy(self, study):
        return _text(self._of_study(study), 0x00081030)

    def nameForPatient(self, patient):
        for header in self._headers.values():
            if self._patients[_patient_key(header)] == patient:
                return _text(header, 0x00100010)
        return ""

    displayedNameForPatient = nameForPatient

    def fieldForSeries(self, field, series):
        value = getattr(self._of_series(series), field, "")
        return str(value)

    def fieldForStudy(self, field, study):
        return str(getattr(self._of_study(study), field, ""))

    def fileValue(self, path, tag, element=None):
        """Return a header's value as text; several values are joined by a backslash."""
        return _text(self._headers.get(path), _tag(tag, element))

    def instanceValue(self, uid, tag, element=None):
        return self.fileValue(self.fileForInstance(uid), tag, element)

    def fileValueExists(self, path, tag, element=None):
        return path in self._headers and _tag(tag, element) in self._headers[path]

    def removeSeries(self, series, *_):
        for path in self.filesForSeries(series):
            del self._headers[path]
        self.databaseChanged.emit()
        return True

    def _of_series(self, series):
        found = (h for h in self._headers.values() if h.SeriesInstanceUID == series)
        return next(found, None)

    def _of_study(self, study):
        return next((h for h in self._headers.values() if _study(h) == study), None)


def _patient_key(header) -> tuple[str, str]:
    return str(header.get("PatientID", "")), str(header.get("PatientName", ""))


def _study(header) -> str:
    return str(header.get("StudyInstanceUID", "")) or f"study of {header.SeriesInstanceUID}"


def _unique(items) -> list[str]:
    return list(dict.fromkeys(str(item) for item in items))


def _tag(tag, element) -> int:
    if element is not None:
        return (int(tag) << 16) + int(element)
    if not isinstance(tag, str) or not re.fullmatch(r"[0-9A-Fa-f]{4},[0-9A-Fa-f]{4}", tag):
        raise PythonQtError(f'a tag is written "gggg,eeee", got {tag!r}')
    return int(tag.replace(",", ""), 16)


def _text(header, tag: int) -> str:
    if header is None or tag not in header or header[tag].VR == "SQ":
        return ""
    value = header[tag].value
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value)
    return str(value) if header[tag].VR == "PN" else "\\".join(str(item) for item in value)
