"""Who or what made a mask, in the terms of a DICOM SEG."""

from __future__ import annotations

from dataclasses import dataclass

from DSCBrainSegLib.errors import ConfigurationError

ALGORITHM_TYPES = {"automatic": "AUTOMATIC", "edited": "SEMIAUTOMATIC", "drawn": "MANUAL"}
"""Segment Algorithm Type (0062,0008) by how the mask came about."""

_FAMILIES = {
    "otsu": "HistogramAnalysis",
    "otsu-post": "HistogramAnalysis",
    "aabl": "HistogramAnalysis",
    "cusum": "EdgeDetection",
}
"""Algorithm family (context group 7162) of the methods that are no network."""


@dataclass(frozen=True)
class MaskOrigin:
    """How a mask came about.

    Parameters
    ----------
    kind : {"automatic", "edited", "drawn"}
        Found by a method; found by a method and changed by a person; drawn by a person.
    method : str
        Name of the method; "" for a drawn mask.
    weights : dict or None
        Model name and SHA-256 of a network's weights, as `SegmentationResult.weights`.
    time_point : int or None
        Counted from 1.
    creator : str
        Person who made or changed the mask, as a DICOM name (Family^Given); "" names nobody.

    Raises
    ------
    ConfigurationError
        Unknown kind.
    """

    kind: str = "automatic"
    method: str = "network"
    weights: dict | None = None
    time_point: int | None = None
    creator: str = ""

    def __post_init__(self):
        if self.kind not in ALGORITHM_TYPES:
            raise ConfigurationError(
                f"A mask is {', '.join(ALGORITHM_TYPES)}, not {self.kind!r}; choose one of these."
            )

    @property
    def series_description(self) -> str:
        """What an archive lists the SEG as."""
        how = {"automatic": self.method, "edited": f"{self.method}, edited", "drawn": "drawn"}
        return f"DSC brain mask ({how[self.kind]})"[:64]

    @property
    def content_description(self) -> str:
        """One line about the object's content."""
        frame = f", time point {self.time_point}" if self.time_point else ""
        return f"Brain in DSC perfusion MRI{frame}"

    def algorithm(self):
        """Return highdicom's Algorithm Identification Sequence; None for a drawn mask."""
        if self.kind == "drawn":
            return None
        import highdicom
        from pydicom.sr.codedict import codes

        import DSCBrainSegLib

        family = getattr(codes.DCM, _FAMILIES.get(self.method, "ArtificialIntelligence"))
        known = {"model": "name", "weights SHA-256": "sha256"}
        parameters = {
            name: str(self.weights[key])[:64]
            for name, key in known.items()
            if self.weights and self.weights.get(key)
        }
        return highdicom.AlgorithmIdentificationSequence(
            name=f"DSCBrainSeg {self.method}"[:64],
            family=family,
            version=DSCBrainSegLib.__version__,
            source="DSCBrainSeg",
            parameters=parameters or None,
        )
