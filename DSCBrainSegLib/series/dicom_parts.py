"""Parts of DICOM series: the images of one series that form one volume through time.

One Series Instance UID may hold several echoes, magnitude and phase, or derived maps.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.classic import classic_planes
from DSCBrainSegLib.series.dicom_facts import SeriesFacts, read_facts
from DSCBrainSegLib.series.dicom_scan import Scan
from DSCBrainSegLib.series.enhanced import FUNCTIONAL_GROUPS, enhanced_planes, is_enhanced
from DSCBrainSegLib.series.frame_times import frame_times
from DSCBrainSegLib.series.geometry import assign_slots, volume_affine, warn_of_moved_slices
from DSCBrainSegLib.series.mosaic import siemens_slice_times, siemens_warnings
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.time_points import arrange, remove_copies

_ECHO_GAP_S = 0.001  # echo times closer than this are one echo


@dataclass
class Volumes:
    """The planes of a part sorted in space and time: T time points of K planes each."""

    planes: list[list[Plane]]
    times: np.ndarray
    affine: np.ndarray
    warnings: list[str]


@dataclass
class SeriesPart:
    """Images of one series that agree in size, echo, and kind (magnitude, phase, ...).

    Parameters
    ----------
    facts : SeriesFacts
        Of its first file.
    planes : list of Plane
        Unsorted.
    fault : str
        Why it cannot be used, where reading its headers failed; completes "... cannot be used: ".
    echoes : int
        Number of echoes in the series it is part of.
    slice_times : list of float
        Of a mosaic, in seconds after its first slice.
    warnings : list of str
        What was left out of it or had to be assumed.
    """

    facts: SeriesFacts
    planes: list[Plane]
    fault: str = ""
    echoes: int = 1
    slice_times: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def echo_time(self) -> float | None:
        """Echo time in seconds."""
        return self.planes[0].echo_time if self.planes else None

    @property
    def selector(self) -> str:
        """What chooses this part: the series UID, with the echo time where there are several."""
        uid = self.facts.series_uid
        if self.echoes > 1 and self.echo_time:
            return f"{uid}@{self.echo_time * 1000:g}ms"
        return uid

    @property
    def volumes(self) -> Volumes:
        """The planes sorted in space and time.

        Raises
        ------
        SeriesError
            They do not form a volume; the message completes "... cannot be used: ".
        """
        if isinstance(self._arranged, SeriesError):
            raise self._arranged
        return self._arranged

    @cached_property
    def _arranged(self) -> Volumes | SeriesError:
        if self.fault:
            return SeriesError(self.fault)
        try:
            return self._arrange()
        except SeriesError as error:
            return error

    def _arrange(self) -> Volumes:
        warnings = list(self.warnings)
        slots = assign_slots(self.planes)
        planes = remove_copies(self.planes, warnings)
        found, numbers = arrange(planes, slots, self.facts.time_points_announced, warnings)
        affine = volume_affine(found[0], warnings)
        warn_of_moved_slices(found, warnings)
        times = frame_times(found, numbers, self.facts.repetition_time, warnings)
        return Volumes(found, times, affine, warnings)


def find_parts(scan: Scan) -> list[SeriesPart]:
    """Sort scanned images into parts, in order of series number and echo."""
    by_series = defaultdict(list)
    for path, dataset in scan.images:
        by_series[str(dataset.get("SeriesInstanceUID") or "")].append((path, dataset))
    parts = []
    with quiet_libraries():
        for images in by_series.values():
            parts += _parts_of_series(images)
    return sorted(
        parts,
        key=lambda part: (part.facts.number or 0, part.facts.series_uid, part.echo_time or 0.0),
    )


def _parts_of_series(images: list) -> list[SeriesPart]:
    headers, planes, faults = {}, [], []
    for path, dataset in images:
        headers[path] = dataset
        read_planes = enhanced_planes if is_enhanced(dataset) else classic_planes
        try:
            planes += read_planes(path, dataset)
        except SeriesError as error:
            faults.append(str(error))
        except Exception:
            faults.append("its header is damaged")
    if not planes:
        path, dataset = images[0]
        return [SeriesPart(_facts(dataset), [], fault=f"{path.name}: {faults[0]}")]
    groups: dict = defaultdict(list)
    echo = _echo_numbers(planes)
    for plane in planes:
        # Archives may keep a series twice, as classic and as enhanced files.
        form = plane.frame is None
        kind = (plane.component, plane.derived)
        key = (plane.rows, plane.columns, form, kind, echo.get(plane.echo_time, 0))
        groups[key].append(plane)
    echoes = len({echo for *_, kind, echo in groups if kind == ("M", False)})
    left_out = _left_out(faults)
    parts = []
    for members in groups.values():
        header = headers[members[0].path]
        part = SeriesPart(_facts(header), members, echoes=echoes)
        if members[0].tile is not None:
            volume = [plane for plane in members if plane.path == members[0].path]
            part.slice_times = siemens_slice_times(header, volume)
            part.warnings += siemens_warnings(header, members[0])
        if left_out:
            part.warnings.append(left_out)
        parts.append(part)
    return parts


def _left_out(faults: list[str]) -> str:
    """Say that files were left out, without names: files are often named after the patient."""
    if not faults:
        return ""
    files = "1 file was" if len(faults) == 1 else f"{len(faults)} files were"
    return f"{files} left out ({faults[0]})."


def _facts(dataset) -> SeriesFacts:
    try:
        return read_facts(dataset)
    except Exception:
        for keyword in FUNCTIONAL_GROUPS:
            if keyword in dataset:
                delattr(dataset, keyword)
        return read_facts(dataset)


def _echo_numbers(planes: list[Plane]) -> dict[float | None, int]:
    """Number the echo times; GE lets the time of one echo vary a little between slices."""
    times = sorted({plane.echo_time for plane in planes if plane.echo_time is not None})
    steps = np.diff(times, prepend=times[:1]) > _ECHO_GAP_S
    return {time: int(index) + 1 for time, index in zip(times, np.cumsum(steps), strict=True)}
