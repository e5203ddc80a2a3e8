"""Keep patients' names out of the codes of subjects, without ever showing a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError

_SHORTEST_PART = 4
"""Letters from which on a part of a name gives a person away inside a longer code."""

_TAGS = ["SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate"]
_REMOVED_TAG = "PatientIdentityRemoved"
_LAST_TAG = 0x00120062  # the number of _REMOVED_TAG; what comes behind it is not read


def refuse_identity(codes: Iterable[str], source: Path) -> None:
    """Refuse codes that are, or contain, what the DICOM headers of a series tell of the patient.

    Headers that say "Patient Identity Removed: YES" (0012,0062) hold pseudonyms, which may be used
    as codes; TCIA's collections are such.

    Parameters
    ----------
    codes : iterable of str
        What names the subject in the cohort.
    source : Path
        Folder or file of the series; files that are not DICOM are passed over.

    Raises
    ------
    ConfigurationError
        A code is the patient's ID, or contains a name or the date of birth. The message tells
        neither.
    """
    codes = [code for code in codes if code]
    for name, patient_id, birth_date in set(_identities(source)):
        for code in codes:
            if _tells(code, name, patient_id, birth_date):
                raise ConfigurationError(
                    "The subject's or person's code contains the patient's name, ID or date of "
                    "birth from the DICOM header; choose a code that tells nothing."
                )


def _tells(code: str, name: str, patient_id: str, birth_date: str) -> bool:
    words, name_words = _words(code), _words(name)
    whole = "".join(words)
    return (
        (bool(patient_id) and whole == "".join(_words(patient_id)))
        or (bool(name_words) and sorted(words) == sorted(name_words))
        or whole in ("".join(name_words), *name_words)
        or any(word in words for word in name_words if len(word) >= _SHORTEST_PART)
        or (len(birth_date) == 8 and birth_date in whole)
    )


def _words(text: str) -> list[str]:
    """Return the words of a text, without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.findall(r"[^\W_]+", plain)


def _identities(source: Path) -> Iterator[tuple[str, str, str]]:
    from pydicom.filereader import read_partial
    from pydicom.tag import Tag

    from DSCBrainSegLib.series.archives import unpack_all
    from DSCBrainSegLib.series.dicom_scan import find_files, looks_like_dicom
    from DSCBrainSegLib.series.quiet import quiet_libraries

    wanted = [Tag(name) for name in (*_TAGS, _REMOVED_TAG)]
    files, _unpacked = unpack_all(find_files([source]))
    with quiet_libraries():
        for path in files:
            try:
                if not looks_like_dicom(path):
                    continue
                with path.open("rb") as file:
                    header = read_partial(
                        file,
                        stop_when=lambda tag, vr, length: tag > _LAST_TAG,
                        force=True,
                        specific_tags=wanted,
                    )
                removed = str(header.get(_REMOVED_TAG) or "").strip().upper() == "YES"
                found = tuple(str(header.get(tag) or "").strip() for tag in _TAGS[1:])
            except Exception:  # pydicom raises many kinds; the series' reader tells of damage
                continue
            if not removed and any(found):
                yield found
