"""Parts of DICOM series: the images of one series that form one volume through time.

One Series Instance UID may hold several echoes, magnitude and phase, or derived maps; and one scan
may have been given several UIDs.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.classic import classic_planes
from DSCBrainSegLib.series.copies import remove_copies
from DSCBrainSegLib.series.dicom_elements import hidden_echoes, other_time_keys
from DSCBrainSegLib.series.dicom_facts import SeriesFacts, read_facts
from DSCBrainSegLib.series.dicom_scan import Scan
from DSCBrainSegLib.series.enhanced import FUNCTIONAL_GROUPS, enhanced_planes, is_enhanced
from DSCBrainSegLib.series.frame_times import frame_times, past_midnight, plausible_repetition_time
from DSCBrainSegLib.series.geometry import volume_affine, warn_of_moved_slices
from DSCBrainSegLib.series.layout import same_orientation
from DSCBrainSegLib.series.mosaic import siemens_slice_times, siemens_warnings
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.time_points import arrange

_ECHO_GAP_S = 0.001  # echo times closer than this are one echo
_MOST_ECHOES = 12


@dataclass
class Volumes:
    """The planes of a part sorted in space and time: T time points of K planes each.

    `timed` says whether a clock of the header gave the times, `key` is what numbered the time
    points and `cost` how many images are missing or too many, see `time_points.TimePoints`.
    """

    planes: list[list[Plane]]
    times: np.ndarray
    timed: bool
    affine: np.ndarray
    warnings: list[str]
    repetition_time: float | None
    key: str
    cost: int


@dataclass
class SeriesPart:
    """Images of one scan that agree in size, echo, and kind (magnitude, phase, ...).

    Parameters
    ----------
    facts : SeriesFacts
        Of its first file.
    planes : list of Plane
        Unsorted.
    fault : str
        Why it cannot be used, where reading its headers failed; completes "... cannot be used: ".
    uids : list of str
        Series Instance UIDs that were joined; the first one names it.
    scan : int
        Number of the scan it is of: echoes of one scan share it.
    echo, echoes : int
        Which echo it is, from 1, and of how many.
    echo_told_by : str
        The element that told the echoes apart, where neither time nor number of the echo did.
    echo_word : str
        What the echo is asked for by: "30ms", or "echo2" where its time tells nothing.
    tokens : tuple of str
        What tells it from other parts with the same UID: "30ms", "phase" ...
    slice_times : list of float
        Of a mosaic, in seconds after its first slice.
    warnings : list of str
        What was left out of it or had to be assumed.
    """

    facts: SeriesFacts
    planes: list[Plane]
    fault: str = ""
    uids: list[str] = field(default_factory=list)
    scan: int = 0
    echo: int = 1
    echoes: int = 1
    echo_told_by: str = ""
    echo_word: str = ""
    tokens: tuple[str, ...] = ()
    slice_times: list[float] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.uids = self.uids or [self.facts.series_uid]

    @property
    def echo_time(self) -> float | None:
        """Echo time in seconds."""
        return self.planes[0].echo_time if self.planes else None

    @property
    def selector(self) -> str:
        """What chooses this part: the series UID, with what tells it from others of that UID."""
        return "@".join([self.uids[0], *self.tokens])

    @property
    def diffusion(self) -> bool:
        """Whether a b-value says that it is diffusion-weighted.

        One b-value for all images may be a left-over of the vendor; a series that has several, or
        whose sequence is called so, is.
        """
        values = {plane.b_value for plane in self.planes if plane.b_value is not None}
        return self.facts.diffusion or (len(values) > 1 and max(values) >= 50)

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

    @property
    def shape(self) -> tuple[int, int]:
        """Time points and slices; (0, 0) where they do not form a volume."""
        if isinstance(self._arranged, SeriesError):
            return 0, 0
        return len(self._arranged.planes), len(self._arranged.planes[0])

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
        past_midnight(self.planes)
        planes = remove_copies(self.planes, warnings)
        found = arrange(planes, self.facts.time_points_announced, warnings, other_time_keys)
        affine = volume_affine(found.volumes[0], warnings)
        warn_of_moved_slices(found.volumes, warnings)
        repetition_time = plausible_repetition_time(self.facts.repetition_time, warnings)
        times, timed = frame_times(found.volumes, found.numbers, repetition_time, warnings)
        return Volumes(
            found.volumes, times, timed, affine, warnings, repetition_time, found.key, found.cost
        )


def read_parts(scan: Scan) -> list[SeriesPart]:
    """Sort scanned images into parts by UID, size, kind, echo and direction."""
    by_series = defaultdict(list)
    for path, dataset in scan.images:
        by_series[str(dataset.get("SeriesInstanceUID") or "")].append((path, dataset))
    parts = []
    with quiet_libraries():
        for images in by_series.values():
            parts += _parts_of_series(images)
    return parts


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
    direction = _directions(planes)
    for plane in planes:
        # Archives may keep a series twice, as classic and as enhanced files.
        form = plane.frame is None
        number = str(headers[plane.path].get("SeriesNumber"))
        spacing = tuple(round(value, 3) for value in plane.spacing)
        key = (
            *(plane.rows, plane.columns, spacing, form, number),
            *(plane.component, plane.derived, direction[plane.orientation]),
        )
        groups[key].append(plane)
    left_out = _left_out(faults)
    parts = []
    for members in groups.values():
        announced = _facts(headers[members[0].path]).time_points_announced
        for echo, told_by in split_echoes(members, announced):
            part = _part(echo, headers[echo[0].path])
            part.echo_told_by = told_by
            part.warnings += [left_out] if left_out else []
            parts.append(part)
    return parts


def _part(members: list[Plane], header) -> SeriesPart:
    part = SeriesPart(_facts(header), members)
    if members[0].tile is not None:
        volume = [plane for plane in members if plane.path == members[0].path]
        part.slice_times = siemens_slice_times(header, volume)
        part.warnings += siemens_warnings(header, members[0])
    return part


def split_echoes(planes: list[Plane], announced: int | None) -> list[tuple[list[Plane], str]]:
    """Return the planes of each echo, in order, and what else than echo time or number told it."""
    by_time = _groups(planes, _echo_numbers(planes))
    if len(by_time) > 1:
        return [(group, "") for group in by_time]
    numbers = [plane.echo_number for plane in planes]
    counts = Counter(numbers)
    if None not in counts and 1 < len(counts) <= _MOST_ECHOES and len(set(counts.values())) == 1:
        return [(group, "") for group in _groups(planes, numbers)]
    hidden = hidden_echoes(planes, announced) if len(planes) > 1 else None
    if hidden is None:
        return [(planes, "")]
    return [(group, hidden[1]) for group in _groups(planes, hidden[0])]


def _groups(planes: list[Plane], values: list) -> list[list[Plane]]:
    groups: dict = defaultdict(list)
    for plane, value in zip(planes, values, strict=True):
        groups[value].append(plane)
    return [groups[value] for value in sorted(groups)]


def _echo_numbers(planes: list[Plane]) -> list[int]:
    """Number the echo times; GE lets the time of one echo vary a little between slices."""
    times = sorted({plane.echo_time for plane in planes if plane.echo_time is not None})
    steps = np.cumsum(np.diff(times, prepend=times[:1]) > _ECHO_GAP_S)
    number = {time: int(index) + 1 for time, index in zip(times, steps, strict=True)}
    return [number.get(plane.echo_time, 0) for plane in planes]


def _directions(planes: list[Plane]) -> dict[tuple, int]:
    """Number the directions of slices; those that a head-following scanner may turn are one."""
    known: list[tuple] = []
    number = {}
    for orientation in dict.fromkeys(plane.orientation for plane in planes):
        found = (n for n, other in enumerate(known) if same_orientation(orientation, other))
        number[orientation] = next(found, len(known))
        if number[orientation] == len(known):
            known.append(orientation)
    return number


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
