"""What motion correction is told and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.geometry import rigid_matrix

HEAD_RADIUS_MM = 50.0
"""Radius of the sphere on which framewise displacement counts rotations (Power et al. 2012)."""

WARN_ABOVE_MM = 1.0
"""Framewise displacement or displacement from the reference that draws a warning: about half a
voxel of a usual DSC series, beyond which signal curves at the cortex change tissue."""

GOOD, DOUBTFUL, FAILED = "good", "doubtful", "failed"


@dataclass(frozen=True)
class MotionSettings:
    """How frames are registered; chosen by measurement (docs/motion.md).

    Parameters
    ----------
    smoothing_mm, coarse_smoothing_mm : float
        Standard deviation of the Gaussian before the final and the first pass.
    smoothing_slices : float
        At least so much of it along the slices, in distances of slices: with less, interpolation
        between thick slices pulls the result towards the grid.
    log_floor : float
        Images are compared as log(S + floor), floor being this fraction of the frame's 98th
        percentile: noise in air stays small.
    bins : int
        Of the joint histogram of Mattes mutual information.
    samples, coarse_samples : int
        Voxels of the volume that are compared, if they lie in or near the head, at regular
        distances; all of them if there are fewer.
    first_step_mm, last_step_mm : float
        Length of the optimiser's first and last step.
    iterations : int
        At most, in each pass.
    lever_mm : float
        A turn by one radian counts as a step of this length.
    head_margin_mm : float
        Voxels this far around the head are compared, too: its outline tells much of the position.
    fewest_slices : int
        With fewer slices only motion within the slice plane is estimated.
    largest_shift_mm, largest_turn_deg : float
        A larger motion is not believed.
    smallest_similarity : float
        Nor is a frame whose mutual information with the reference is below this fraction of the
        frames' median.
    """

    smoothing_mm: float = 3.0
    coarse_smoothing_mm: float = 7.0
    smoothing_slices: float = 0.6
    log_floor: float = 0.1
    bins: int = 64
    samples: int = 65_000
    coarse_samples: int = 33_000
    first_step_mm: float = 2.0
    last_step_mm: float = 1e-3
    iterations: int = 60
    lever_mm: float = 30.0
    head_margin_mm: float = 12.0
    fewest_slices: int = 4
    largest_shift_mm: float = 50.0
    largest_turn_deg: float = 45.0
    smallest_similarity: float = 0.3


@dataclass(frozen=True, eq=False)
class MotionEstimate:
    """Where the head was in each frame.

    Parameters
    ----------
    parameters : ndarray, shape (T, 6)
        Motion of the head from the reference frame to each frame: translations in mm towards the
        patient's left, back and top, then rotations in degrees about these axes through `centre`,
        by the convention of `DSCBrainSegLib.geometry`. Zeros in the reference frame.
    centre : ndarray, shape (3,)
        Centre of the voxel grid in LPS mm.
    reference : int
        Index of the reference frame, from 0.
    states : tuple of str, length T
        ``"good"``; ``"doubtful"``, the registration did not convince; ``"failed"``, the frame has
        no image to register. The last two take a position between their neighbours' ones.
    similarity : ndarray, shape (T,)
        Mattes mutual information with the reference frame in nats; 0 in failed frames and nan in
        the reference frame itself.
    in_plane : bool
        The volume has too few slices: only motion within the slice plane was estimated.
    """

    parameters: np.ndarray
    centre: np.ndarray
    reference: int
    states: tuple[str, ...]
    similarity: np.ndarray
    in_plane: bool = False

    @property
    def matrices(self) -> np.ndarray:
        """Matrices (T, 4, 4) from LPS position in the reference frame to that in each frame."""
        return np.stack([rigid_matrix(row, self.centre) for row in self.parameters])

    @property
    def framewise_displacement(self) -> np.ndarray:
        """Framewise displacement (T,) in mm, 0 in the first frame.

        Sum of the absolute changes of the six parameters since the frame before, rotations as arcs
        on a sphere of 50 mm radius (Power et al. 2012, NeuroImage 59:2142).
        """
        return _displacement(np.diff(self.parameters, axis=0, prepend=self.parameters[:1]))

    @property
    def displacement(self) -> np.ndarray:
        """The same measure (T,) in mm between each frame and the reference."""
        return _displacement(self.parameters)


def motion_warnings(estimate: MotionEstimate, threshold_mm: float = WARN_ABOVE_MM) -> list[str]:
    """Say what a person should know of the motion, one sentence each.

    Parameters
    ----------
    estimate : MotionEstimate
    threshold_mm : float
        Framewise displacement and displacement from the reference above this are told.
    """
    told = []
    for values, what in (
        (estimate.framewise_displacement, "from one time point to the next (framewise)"),
        (estimate.displacement, f"away from time point {estimate.reference + 1}"),
    ):
        beyond = np.flatnonzero(values > threshold_mm)
        if beyond.size:
            worst = int(np.argmax(values))
            points = "1 time point" if beyond.size == 1 else f"{beyond.size} time points"
            told.append(
                f"The head moved by up to {values[worst]:.1f} mm {what}, at time point "
                f"{worst + 1}; {points} exceed {threshold_mm:g} mm."
            )
    for state, why in ((DOUBTFUL, "could not be registered reliably"), (FAILED, "have no image")):
        numbers = [index + 1 for index, found in enumerate(estimate.states) if found == state]
        if numbers:
            told.append(
                f"Time points that {why} were given the position between their neighbours': "
                f"{', '.join(map(str, numbers))}."
            )
    if estimate.in_plane:
        told.append(
            "The series has too few slices to see motion through them: only motion within the "
            "slice plane was estimated."
        )
    return told


def _displacement(changes: np.ndarray) -> np.ndarray:
    arcs = HEAD_RADIUS_MM * np.deg2rad(np.abs(changes[:, 3:]))
    return np.abs(changes[:, :3]).sum(axis=1) + arcs.sum(axis=1)
