"""A DICOM database of a whole hospital that counts what it is asked and has no files at all."""

# ruff: noqa: N802, N815

from __future__ import annotations

from collections import Counter

from PySide6 import QtCore

FLOW = {
    "0008,0060": "MR",
    "0008,0008": "ORIGINAL\\PRIMARY\\M\\ND",
    "0008,0016": "1.2.840.10008.5.1.4.1.1.4",
    "0018,0020": "EP",
    "0018,0081": "30",
}
SPIN_ECHO = {**FLOW, "0018,0020": "SE", "0018,0081": "100"}
FLASH = {**FLOW, "0018,0020": "GR", "0018,0081": "2.5"}
DIFFUSION = {**FLOW, "0008,0008": "ORIGINAL\\PRIMARY\\DIFFUSION\\NONE", "0018,0081": "70"}
CT = {"0008,0060": "CT"}


class CountingDatabase(QtCore.QObject):
    """Asked as ctkDICOMDatabase; `calls` counts each function.

    Parameters
    ----------
    series : list of (dict, int, int)
        Tags of a series' files, its time points and slices. Each four are a patient's study.
    """

    databaseChanged = QtCore.Signal()

    def __init__(self, series):
        super().__init__()
        self.calls = Counter()
        self._series = {f"1.2.{n}": each for n, each in enumerate(series)}
        self._studies = {}
        for n, uid in enumerate(self._series):
            self._studies.setdefault(str(n // 4), []).append(uid)

    isOpen = property(lambda self: True)

    def patients(self):
        self.calls["patients"] += 1
        return list(self._studies)

    def studiesForPatient(self, patient):
        self.calls["studiesForPatient"] += 1
        return [patient]

    def seriesForStudy(self, study):
        self.calls["seriesForStudy"] += 1
        return self._studies[study]

    def filesForSeries(self, uid, hits=-1):
        self.calls["filesForSeries"] += 1
        _, frames, slices = self._series[uid]
        return [f"/nowhere/{uid}/{n}" for n in range(frames * slices)][: hits if hits > 0 else None]

    def seriesForFile(self, path):
        return path.split("/")[2]

    def fieldForSeries(self, field, uid):
        self.calls["fieldForSeries"] += 1
        return self._series[uid][0]["0008,0060"] if field == "Modality" else ""

    def fileValue(self, path, tag):
        self.calls["fileValue"] += 1
        _, _, uid, number = path.split("/")
        tags, _, slices = self._series[uid]
        if tag == "0020,0032":
            return f"0\\0\\{int(number) % slices}"
        return tags.get(tag, "")

    def nameForPatient(self, patient):
        self.calls["nameForPatient"] += 1
        return f"Patient {patient}"

    def descriptionForStudy(self, study):
        return "Head"

    def descriptionForSeries(self, uid):
        return f"Series {uid}"
