"""A series that is open: all that its headers say, and the way to decode frames on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.geometry import voxel_spacing
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.nifti_forms import NiftiForms
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.types import DSCSeries
from DSCBrainSegLib.series.voxel_checks import clean_voxels

ABSURD_MM = (0.01, 300.0)
"""No voxel edge outside, not even of an animal's image, lets mm be turned into voxels."""


@dataclass
class SeriesSource:
    """A series whose headers were read and whose voxels were not.

    Parameters
    ----------
    description : str
        What the series is called in its header.
    frame_count : int
        Number of complete time points T.
    volume_shape : tuple of 3 int
        (K, J, I): slices, rows, columns.
    times : ndarray, shape (T,)
        Seconds after the first time point.
    affine : ndarray, shape (4, 4)
        From index (i, j, k) to patient LPS+ in mm.
    decode : callable
        ``decode(t)`` returns the frame at time point t (0-based) as an array (K, J, I).
    echo_time, repetition_time : float or None
        In seconds.
    sop_instance_uids : list of list of str
        For each time point; empty for NIfTI and NRRD.
    unpacked : object
        What keeps the files that an archive was unpacked into; None where there is no archive.
    planes : list of list of Plane
        Slices of each time point in the DICOM files; empty for NIfTI and NRRD.
    source : Path or None
        File or folder.
    header : dict
        Facts for a person, plain JSON types, no patient identity.
    nifti_forms : NiftiForms or None
        Orientation fields of a NIfTI file, for what is written on its grid.
    warnings : list of str
        What was assumed or found missing.
    """

    description: str
    frame_count: int
    volume_shape: tuple[int, int, int]
    times: np.ndarray
    affine: np.ndarray
    decode: Callable[[int], np.ndarray]
    echo_time: float | None = None
    repetition_time: float | None = None
    sop_instance_uids: list[list[str]] = field(default_factory=list)
    unpacked: object = None
    planes: list[list[Plane]] = field(default_factory=list)
    source: Path | None = None
    header: dict = field(default_factory=dict)
    nifti_forms: NiftiForms | None = None
    warnings: list[str] = field(default_factory=list)

    def read(
        self,
        frames: Sequence[int] | None = None,
        progress: ProgressCallback = no_progress,
        cancelled: CancelCallback = never_cancelled,
    ) -> DSCSeries:
        """Decode the asked frames only.

        Parameters
        ----------
        frames : sequence of int, optional
            0-based time points; all of them by default.
        progress, cancelled : callable
            See `DSCBrainSegLib.progress`.

        Returns
        -------
        DSCSeries
            With float32 frames of shape (T, K, J, I) in the order asked for.

        Raises
        ------
        SeriesError
            A frame does not exist, its file is damaged, or the frames hold no image.
        Cancelled
            The user asked to stop.
        """
        indices = self._checked_indices(frames)
        self._refuse_absurd_voxels()
        shape = (len(indices), *self.volume_shape)
        try:
            volumes = np.empty(shape, dtype=np.float32)
        except (MemoryError, ValueError) as error:
            raise SeriesError(
                f"There is no memory for {len(indices)} time points of {self.volume_shape} voxels; "
                "check the size that the header gives, or ask for fewer time points."
            ) from error
        for done, index in enumerate(indices):
            check_cancelled(cancelled)
            progress(done, len(indices), f"Reading time point {index + 1}")
            volumes[done] = self.decode(index)
        progress(len(indices), len(indices), "Series read")
        found = clean_voxels(volumes, [index + 1 for index in indices])
        uids = self.sop_instance_uids
        return DSCSeries(
            frames=volumes,
            times=np.asarray(self.times)[indices],
            affine=self.affine.copy(),
            echo_time=self.echo_time,
            repetition_time=self.repetition_time,
            frame_indices=np.array(indices, dtype=int),
            frame_count=self.frame_count,
            sop_instance_uids=[uids[index] for index in indices] if uids else [],
            unpacked=self.unpacked,
            planes=[self.planes[index] for index in indices] if self.planes else [],
            source=self.source,
            description=self.description,
            header=dict(self.header),
            nifti_forms=self.nifti_forms,
            warnings=[*self.warnings, *found],
        )

    def _refuse_absurd_voxels(self) -> None:
        """Refuse voxel edges that no work in mm can be done on; a single slice's is not judged."""
        edges = [
            edge
            for count, edge in zip(self.volume_shape, voxel_spacing(self.affine), strict=True)
            if count > 1
        ]
        smallest, largest = ABSURD_MM
        if not all(smallest <= edge <= largest for edge in edges):
            raise SeriesError(
                f"Voxels of {' x '.join(f'{edge:.3g}' for edge in edges)} mm cannot be those of a "
                "head; correct the voxel size in the header."
            )

    def _checked_indices(self, frames: Sequence[int] | None) -> list[int]:
        if frames is None:
            return list(range(self.frame_count))
        indices = [int(index) for index in np.atleast_1d(np.asarray(frames, dtype=int))]
        wrong = [index for index in indices if not 0 <= index < self.frame_count]
        if wrong or not indices:
            asked = f"Time point {wrong[0] + 1}" if wrong else "No time point"
            raise SeriesError(
                f"{asked} was asked for, but the series has time points 1 to {self.frame_count}; "
                "choose one of those."
            )
        return indices
