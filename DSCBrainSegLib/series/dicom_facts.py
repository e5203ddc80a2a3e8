"""What a DICOM header says a series is, in plain types and without patient identity."""

from __future__ import annotations

import re
from dataclasses import dataclass

from DSCBrainSegLib.series.enhanced import converted_value, is_enhanced, shared_group
from DSCBrainSegLib.series.planes import integer, number, private, text, words

_GRADIENT_ECHO_NAME = re.compile(r"epfid|fid2d|\bffe|feepi|presto|fl[23]d|gre\b|\bfgre|spgr")
_SPIN_ECHO_NAME = re.compile(r"epse|\bse[23]d|\btse|\bfse|seepi|\btir|haste|dti|dwi|pepolar")
_DIFFUSION_SEQUENCE = re.compile(r"\bep_b\d|dti|dwi")
_DIFFUSION = re.compile(r"dti|dwi|diffusion|\bdiff\b|tracew|\badc")
_LABELLING = re.compile(r"asl(?![a-z])")
_LOCALISER = re.compile(r"locali[sz]er|scout|survey|\bloc\b|3-?plane|smartbrain")
_PERFUSION = re.compile(r"perf|dsc|pwi|bolus|gado")
_CORRECTED = re.compile(r"moco")


@dataclass(frozen=True)
class SeriesFacts:
    """Facts about a series from the header of one of its files.

    Times in seconds, field strength in tesla, angle in degrees; None or "" where it does not say.
    `named` is what the series' name alone suggests ("a localiser", "diffusion-weighted", "arterial
    spin labelling" or ""): people name series as they like, so it counts last.
    """

    modality: str
    manufacturer: str
    model: str
    description: str
    number: int | None
    series_uid: str
    study_uid: str
    frame_of_reference_uid: str
    repetition_time: float | None
    flip_angle: float | None
    field_strength: float | None
    sequence_name: str
    contrast_agent: str
    time_points_announced: int | None
    echo_planar: bool
    spin_echo: bool
    diffusion: bool
    labelling: bool
    localiser: bool
    perfusion: bool
    named: str
    motion_corrected: bool
    lossy: bool


def read_facts(dataset) -> SeriesFacts:
    """Return the facts in a header as `dicom_scan` reads it."""
    timing = {}
    if is_enhanced(dataset):
        timing = shared_group(dataset, "MRTimingAndRelatedParametersSequence")
    repetition_time = number(_told(dataset, "RepetitionTime"))
    repetition_time = repetition_time or number(timing.get("RepetitionTime"))
    description = text(dataset.get("SeriesDescription")) or text(dataset.get("ProtocolName"))
    kind = words(dataset.get("ImageType"))
    sequence = _sequence_name(dataset)
    names = " ".join([description, text(dataset.get("ProtocolName")), sequence]).lower()
    return SeriesFacts(
        modality=_modality(dataset),
        manufacturer=text(dataset.get("Manufacturer")),
        model=text(dataset.get("ManufacturerModelName")),
        description=description,
        number=integer(dataset.get("SeriesNumber")),
        series_uid=text(dataset.get("SeriesInstanceUID")),
        study_uid=text(dataset.get("StudyInstanceUID")),
        frame_of_reference_uid=text(dataset.get("FrameOfReferenceUID")),
        repetition_time=repetition_time / 1000.0 if repetition_time else None,
        flip_angle=number(_told(dataset, "FlipAngle")) or number(timing.get("FlipAngle")),
        field_strength=number(dataset.get("MagneticFieldStrength")),
        sequence_name=sequence,
        contrast_agent=text(dataset.get("ContrastBolusAgent")),
        time_points_announced=integer(dataset.get("NumberOfTemporalPositions")),
        echo_planar=_is_echo_planar(dataset, sequence),
        spin_echo=_is_spin_echo(dataset, sequence),
        diffusion="DIFFUSION" in kind or bool(_DIFFUSION_SEQUENCE.search(sequence.lower())),
        labelling="ASL" in kind or bool(text(dataset.get("ASLContext"))),
        localiser="LOCALIZER" in kind,
        perfusion="PERFUSION" in kind
        or bool(_PERFUSION.search(names) or text(dataset.get("ContrastBolusAgent"))),
        named=_named(names),
        motion_corrected="MOCO" in kind or bool(_CORRECTED.search(names)),
        lossy=text(dataset.get("LossyImageCompression")) == "01",
    )


def _told(dataset, keyword: str):
    """Return an element, also where a conversion to enhanced files put it aside."""
    value = dataset.get(keyword)
    return converted_value(dataset, keyword) if value is None and is_enhanced(dataset) else value


def _modality(dataset) -> str:
    """Return the modality; where it was removed, the class of the object tells it."""
    from pydicom.uid import UID

    told = text(dataset.get("Modality")).upper()
    if not told and UID(text(dataset.get("SOPClassUID"))).name.find("MR Image") >= 0:
        return "MR"
    return told or ("MR" if number(dataset.get("EchoTime")) else "")


def _named(names: str) -> str:
    if _LOCALISER.search(names):
        return "a localiser"
    if _DIFFUSION.search(names):
        return "diffusion-weighted"
    return "arterial spin labelling" if _LABELLING.search(names) else ""


def _sequence_name(dataset) -> str:
    """Return the pulse sequence's name, wherever the vendor keeps it."""
    found = [
        text(_told(dataset, "SequenceName")),
        text(dataset.get("PulseSequenceName")),
        text(private(dataset, 0x2001, "Philips Imaging DD 001", 0x20)),
        text(private(dataset, 0x0019, "GEMS_ACQU_01", 0x9C)),
        text(private(dataset, 0x0019, "GEMS_ACQU_01", 0x9E)),
    ]
    return " ".join(name for name in found if name)


def _is_echo_planar(dataset, sequence: str) -> bool:
    factor = number(private(dataset, 0x2001, "Philips Imaging DD 001", 0x13)) or 0
    return (
        "EP" in words(_told(dataset, "ScanningSequence"))
        or text(dataset.get("EchoPlanarPulseSequence")).upper() == "YES"
        or factor > 1
        or "epi" in sequence.lower()
    )


def _is_spin_echo(dataset, sequence: str) -> bool:
    # The name goes first: Siemens B12 calls its gradient-echo EPI ("epfid") "SE\EP" in
    # Scanning Sequence (0018,0020).
    if _GRADIENT_ECHO_NAME.search(sequence.lower()):
        return False
    if _SPIN_ECHO_NAME.search(sequence.lower()):
        return True
    scanning = words(_told(dataset, "ScanningSequence"))
    if "SE" in scanning and "GR" not in scanning:
        return True
    return text(dataset.get("EchoPulseSequence")).upper() == "SPIN"
