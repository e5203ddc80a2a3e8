"""Find traces of a patient's identity in a cohort's files, as far as a program can.

Names in free text cannot be told from other words; what is known to carry identity is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_KEY = re.compile(
    r"patient|birth|address|telephone|physician|operator|accession|institution|station|otherid"
    r"|instanceuid|frameofreference|studydate|seriesdate|acquisitiondate"
)
_PERSON_NAME = re.compile(r"\w\^+\w|^\w+\^")  # DICOM separates the parts of a name by ^
_UID = re.compile(r"\d+(\.\d+){5,}")
_NIFTI_TEXTS = ("descrip", "aux_file", "intent_name", "db_name")
_NRRD_KEYS = re.compile(r"patient|birth|physician|accession|instanceuid")


def private_facts(facts: dict) -> Iterator[tuple[str, str]]:
    """Yield a finding for each entry of subject.json that may tell who the patient is."""
    for path, value in _entries(facts):
        key = re.sub(r"[^a-z]", "", path[-1].lower())
        text = value if isinstance(value, str) else ""
        if value not in ("", None) and _KEY.search(key):
            yield "error", f"subject.json has an entry {'.'.join(path)}; remove what identifies."
        elif _PERSON_NAME.search(text) or _UID.fullmatch(text):
            yield (
                "error",
                f"subject.json has what looks like a DICOM name or UID at {'.'.join(path)}; "
                "remove it.",
            )


def private_header(path: Path) -> Iterator[tuple[str, str]]:
    """Yield a finding for each text in an image's header that may tell who the patient is."""
    name = path.name.lower()
    try:
        if name.endswith((".nii", ".nii.gz")):
            told = _nifti_texts(path)
        elif name.endswith(".nrrd"):
            told = _nrrd_texts(path)
        else:
            told = _dicom(path)
    except Exception:  # a damaged file is told elsewhere
        return
    for what in told:
        yield (
            "warning",
            f"{path.name} has {what} in its header, where a name may be; look and write it anew.",
        )


def _entries(values, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(values, dict):
        for key, value in values.items():
            yield from _entries(value, (*path, str(key)))
    elif isinstance(values, list):
        for value in values:
            yield from _entries(value, path)
    elif path:
        yield path, values


def _nifti_texts(path: Path) -> list[str]:
    import nibabel

    header = nibabel.load(path).header
    told = [key for key in _NIFTI_TEXTS if key in header and bytes(header[key]).strip(b"\x00 ")]
    return [*told, *(["an extension"] if header.extensions else [])]


def _nrrd_texts(path: Path) -> list[str]:
    import nrrd

    header = nrrd.read_header(str(path))
    return [
        key
        for key, value in header.items()
        if _NRRD_KEYS.search(re.sub(r"[^a-z]", "", key.lower()))
        or (isinstance(value, str) and _PERSON_NAME.search(value))
    ]


def _dicom(path: Path) -> list[str]:
    from DSCBrainSegLib.series.dicom_scan import looks_like_dicom

    return ["DICOM"] if looks_like_dicom(path) else []
