"""Second copies of an image: what two headers call the same is a copy only if the pixels agree."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.dicom_pixels import decode_images
from DSCBrainSegLib.series.planes import Plane


def remove_copies(planes: list[Plane], warnings: list[str]) -> list[Plane]:
    """Return `planes` without second copies of the same image.

    Pixels are read only of planes that look alike: of one place, with the same SOP Instance UID or
    with the same numbers and times (an archive gives its copies new UIDs).

    Parameters
    ----------
    planes : list of Plane
    warnings : list of str
        Gets a sentence where copies were left out, or where different images share one UID.
    """
    pixels = _Pixels()
    by_uid, by_numbers = _alike(planes, _uid), _alike(planes, _numbers)
    copies = _same_pixels(by_uid, pixels)
    renamed = _same_pixels(by_numbers, pixels) - copies
    if _leaves_holes(planes, copies | renamed):
        renamed = set()  # images of constant or empty slices, not copies
    kept = [plane for index, plane in enumerate(planes) if index not in copies | renamed]
    if len(kept) < len(planes):
        files = len({plane.path for plane in planes}) - len({plane.path for plane in kept})
        warnings.append(
            f"{files or len(planes) - len(kept)} files are second copies of an image, with the "
            "same pixels, and were left out."
        )
    _warn_of_shared_uids(kept, warnings)
    return kept


class _Pixels:
    """A digest of the intensities of a plane's image, worked out once for each file and frame."""

    def __init__(self):
        self._known: dict = {}

    def __call__(self, plane: Plane) -> str:
        key = (plane.path, plane.frame or 0)
        if key not in self._known:
            self._known[key] = self._digest(plane)
        return f"{self._known[key]} {plane.slope} {plane.intercept} {plane.tile}"

    def _digest(self, plane: Plane) -> str:
        frame = plane.frame or 0
        try:
            image = decode_images(plane.path, [frame], plane.path.parent)[frame]
        except SeriesError:
            return f"unreadable {plane.path}"  # it is reported when the image is asked for
        return hashlib.sha1(
            np.ascontiguousarray(image, dtype=np.float64).tobytes(), usedforsecurity=False
        ).hexdigest()


def _place(plane: Plane) -> tuple:
    return (tuple(round(value, 2) for value in plane.position), plane.tile)


def _uid(plane: Plane) -> tuple | None:
    return (plane.sop_uid, plane.frame, *_place(plane)) if plane.sop_uid else None


def _numbers(plane: Plane) -> tuple | None:
    told = (plane.instance, plane.temporal_position, tuple(sorted(plane.clocks.items())))
    if told == (None, None, ()):
        return None
    return (*told, plane.acquisition, plane.run, plane.frame, plane.dimension, *_place(plane))


def _alike(planes: list[Plane], identity) -> list[list[tuple[int, Plane]]]:
    """Return the groups of two and more planes, with their indices, that have one identity."""
    groups: dict = defaultdict(list)
    for index, plane in enumerate(planes):
        key = identity(plane)
        if key is not None:
            groups[key].append((index, plane))
    return [group for group in groups.values() if len(group) > 1]


def _same_pixels(groups, pixels: _Pixels) -> set[int]:
    copies = set()
    for group in groups:
        seen = set()
        for index, plane in group:
            digest = pixels(plane)
            if digest in seen:
                copies.add(index)
            seen.add(digest)
    return copies


def _leaves_holes(planes: list[Plane], copies: set[int]) -> bool:
    """Say whether all places have as many images, and no longer without the copies."""
    all_counts: dict = defaultdict(int)
    kept_counts: dict = defaultdict(int)
    for index, plane in enumerate(planes):
        all_counts[_place(plane)] += 1
        kept_counts[_place(plane)] += index not in copies
    return len(set(all_counts.values())) == 1 and len(set(kept_counts.values())) > 1


def _warn_of_shared_uids(planes: list[Plane], warnings: list[str]) -> None:
    files = {plane.path: plane.sop_uid for plane in planes}
    uids = [uid for uid in files.values() if uid]
    if len(set(uids)) < len(uids):
        warnings.append(
            "Different images share one SOP Instance UID; they were told apart by place, time and "
            "pixels."
        )
