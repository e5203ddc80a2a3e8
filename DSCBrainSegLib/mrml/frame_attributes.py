"""Attributes by which Slicer's perfusion tools know the times of a 4-D node, and DICOM its files.

MultiVolumeImporter introduced them, DSCMRIAnalysis and others read them; times are milliseconds.
"""

from __future__ import annotations

from DSCBrainSegLib.series.types import DSCSeries

INSTANCE_UIDS = "DICOM.instanceUIDs"
FRAME_LABELS = "MultiVolume.FrameLabels"
FRAME_UNIT = "MultiVolume.FrameIdentifyingDICOMTagUnits"
ECHO_TIME = "MultiVolume.DICOM.EchoTime"
REPETITION_TIME = "MultiVolume.DICOM.RepetitionTime"


def seriesAttributes(series: DSCSeries) -> dict[str, str]:
    """Return the attributes of a whole series, values as Slicer writes them."""
    attributes = {
        FRAME_LABELS: ",".join(_milliseconds(time) for time in series.times),
        FRAME_UNIT: "ms",
        "MultiVolume.FrameIdentifyingDICOMTagName": "AcquisitionTime",
        "MultiVolume.NumberOfFrames": str(len(series.frames)),
    }
    if series.echo_time:
        attributes[ECHO_TIME] = _milliseconds(series.echo_time)
    if series.repetition_time:
        attributes[REPETITION_TIME] = _milliseconds(series.repetition_time)
    if series.header.get("flip_angle_deg"):
        attributes["MultiVolume.DICOM.FlipAngle"] = f"{series.header['flip_angle_deg']:.10g}"
    if series.sop_instance_uids:
        attributes[INSTANCE_UIDS] = " ".join(
            uid for uids in series.sop_instance_uids for uid in uids
        )
    return attributes


def frameAttributes(series: DSCSeries, index: int) -> dict[str, str]:
    """Return the attributes of one frame: the DICOM files it came from."""
    if not series.sop_instance_uids:
        return {}
    return {INSTANCE_UIDS: " ".join(series.sop_instance_uids[index])}


def _milliseconds(seconds: float) -> str:
    # Ten digits leave the binary rounding of the product out.
    return f"{seconds * 1000:.10g}"
