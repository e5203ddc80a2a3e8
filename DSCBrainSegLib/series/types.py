"""The one data type that travels through the library."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.geometry import voxel_spacing, voxel_volume_ml
from DSCBrainSegLib.series.nifti_forms import NiftiForms
from DSCBrainSegLib.series.planes import Plane


@dataclass
class DSCSeries:
    """A dynamic (4-D) MRI series with its geometry and timing.

    A mask of the series is a bool array of shape ``volume_shape`` on the same affine.

    Parameters
    ----------
    frames : ndarray, shape (T, K, J, I)
        Intensities: time point, slice, row, column. Rescaled (slope and intercept applied).
    times : ndarray, shape (T,)
        Acquisition time of each frame in seconds from the first one.
    affine : ndarray, shape (4, 4)
        From voxel index (i, j, k, 1) - column, row, slice - to patient LPS+ in mm.
    echo_time, repetition_time : float or None
        In seconds; None where the file does not say.
    frame_indices : ndarray of int, shape (T,)
        Which time points of the whole series the frames are (0-based): a reader asked for some
        frames only returns those.
    frame_count : int
        Time points of the whole series.
    sop_instance_uids : list of list of str
        For each frame the SOP Instance UIDs of the DICOM files it came from, in slice order (one
        UID for a mosaic or multi-frame file); empty for NIfTI and NRRD.
    unpacked : object
        What keeps the files that an archive was unpacked into; None where there is no archive.
    planes : list of list of Plane
        For each frame its slices in the DICOM files, in slice order: what a DICOM SEG of the frame
        refers to. Empty for NIfTI and NRRD.
    source : Path or None
        File or folder it was read from.
    description : str
        What the series is called in its header (never a patient's name).
    header : dict
        Facts for a person: manufacturer, model, field strength, flip angle, series UID ... as plain
        JSON types, without patient identity.
    warnings : list of str
        What the reader had to assume or found missing, one sentence each.
    """

    frames: np.ndarray
    times: np.ndarray
    affine: np.ndarray
    echo_time: float | None = None
    repetition_time: float | None = None
    frame_indices: np.ndarray = None  # type: ignore[assignment]  # set below
    frame_count: int = None  # type: ignore[assignment]
    sop_instance_uids: list[list[str]] = field(default_factory=list)
    unpacked: object = None
    planes: list[list[Plane]] = field(default_factory=list)
    source: Path | None = None
    description: str = ""
    header: dict = field(default_factory=dict)
    nifti_forms: NiftiForms | None = None
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.frames = np.asarray(self.frames)
        self.times = np.asarray(self.times, dtype=float)
        self.affine = np.asarray(self.affine, dtype=float)
        if self.frames.ndim != 4:
            raise ValueError(f"frames must be 4-D (T, K, J, I), got shape {self.frames.shape}")
        if self.affine.shape != (4, 4):
            raise ValueError(f"affine must be 4x4, got {self.affine.shape}")
        count = self.frames.shape[0]
        if self.times.shape != (count,):
            raise ValueError(f"times must have shape ({count},), got {self.times.shape}")
        if self.frame_indices is None:
            self.frame_indices = np.arange(count)
        self.frame_indices = np.asarray(self.frame_indices, dtype=int)
        if self.frame_count is None:
            self.frame_count = count

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """Shape (K, J, I) of one frame: slices, rows, columns."""
        return self.frames.shape[1:]

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Voxel size in mm along (k, j, i): between slices, rows, columns."""
        return voxel_spacing(self.affine)

    @property
    def voxel_volume_ml(self) -> float:
        """Volume of one voxel in mL."""
        return voxel_volume_ml(self.affine)
