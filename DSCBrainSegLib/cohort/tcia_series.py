"""Series of a TCIA collection as the archive describes them, and which of them may be DSC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from DSCBrainSegLib.errors import ConfigurationError, SeriesError

INCLUDE = r"perf|pwi|dsc|bolus|suscept|ep2d_pe|t2\*.*dyn|dyn.*t2\*"
"""What DSC series are called; looked for in description and protocol, whatever the case."""

EXCLUDE = (
    r"cb[vf]|mtt|ttp|tmax|t0(?!\d)|mean.?transit|time.?to|peak|gbp|pbp|penguin|leak|ktrans|perm"
    r"|asl(?![a-z])|label|dce|t1|neg.?enh|negative|integral|colou?r|map|curve|report"
    r"|locali|scout|dwi|diff|dti|adc"
)
"""What maps computed from them, ASL and T1-weighted (DCE) series are called."""

MIN_IMAGES = 30
"""Fewest files: a bolus passage as one mosaic for each time point; maps have one for each slice."""

_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_PATIENT = re.compile(r"\w[\w .-]{0,62}")


@dataclass(frozen=True)
class TciaSeries:
    """One series, as the archive's ``getSeries`` answer describes it.

    Parameters
    ----------
    uid : str
        Series Instance UID.
    patient : str
        The collection's code for the person, such as a TCGA barcode.
    description, protocol : str
    images : int
        Files.
    size_bytes : int
        0 if the archive does not say.
    manufacturer, model : str
    licence, licence_url, doi : str
        Empty if the archive does not say.
    """

    uid: str
    patient: str
    description: str
    protocol: str
    images: int
    size_bytes: int
    manufacturer: str = ""
    model: str = ""
    licence: str = ""
    licence_url: str = ""
    doi: str = ""

    @classmethod
    def from_answer(cls, answer: Mapping) -> TciaSeries:
        """Build from one element of the archive's answer.

        Raises
        ------
        SeriesError
            It has no usable UID or patient code.
        """
        uid, patient = _text(answer, "SeriesInstanceUID"), _text(answer, "PatientID")
        # Both become names of folders.
        if not _UID.fullmatch(uid) or not _PATIENT.fullmatch(patient) or patient.endswith("."):
            raise SeriesError(
                "TCIA's answer has a series without usable UID or patient code; its format may "
                "have changed. Update tcia_utils and this program."
            )
        return cls(
            uid=uid,
            patient=patient,
            description=_text(answer, "SeriesDescription"),
            protocol=_text(answer, "ProtocolName"),
            images=_integer(answer, "ImageCount"),
            size_bytes=_integer(answer, "FileSize"),
            manufacturer=_text(answer, "Manufacturer"),
            model=_text(answer, "ManufacturerModelName"),
            licence=_text(answer, "LicenseName"),
            licence_url=_text(answer, "LicenseURI"),
            doi=_text(answer, "DataDescriptionURI") or _text(answer, "CollectionURI"),
        )


@dataclass(frozen=True)
class SeriesFilter:
    """Which series may be T2*-weighted DSC perfusion.

    Names are all the archive tells before the download; reading the files decides.

    Parameters
    ----------
    include, exclude : str
        Regular expressions looked for in description and protocol, whatever the case.
    min_images : int
        Fewest files of a series.
    patients : tuple of str
        Only these, if any are named.
    """

    include: str = INCLUDE
    exclude: str = EXCLUDE
    min_images: int = MIN_IMAGES
    patients: tuple[str, ...] = ()

    def __post_init__(self):
        for pattern in (self.include, self.exclude):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigurationError(
                    f"{pattern!r} is not a regular expression ({error}); correct the pattern."
                ) from error

    def reason_against(self, series: TciaSeries) -> str:
        """Return why a series is left out; "" if it is taken."""
        names = f"{series.description} {series.protocol}"
        if self.patients and series.patient not in self.patients:
            return "another patient"
        if not re.search(self.include, names, re.IGNORECASE):
            return "not named like perfusion"
        if self.exclude and re.search(self.exclude, names, re.IGNORECASE):
            return "named like a map, ASL or T1"
        if series.images < self.min_images:
            return f"fewer than {self.min_images} images"
        return ""


def choose_series(
    found: Iterable[TciaSeries], wanted: SeriesFilter
) -> tuple[list[TciaSeries], dict[str, int]]:
    """Return the series to take, by patient and UID, and the number left out by reason."""
    taken, left_out = [], {}
    for series in found:
        reason = wanted.reason_against(series)
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
        else:
            taken.append(series)
    return sorted(taken, key=lambda series: (series.patient, series.uid)), left_out


def _text(answer: Mapping, key: str) -> str:
    value = answer.get(key)
    return "" if value is None else str(value).strip()


def _integer(answer: Mapping, key: str) -> int:
    try:
        return max(int(float(answer.get(key) or 0)), 0)
    except (TypeError, ValueError, OverflowError):
        return 0
