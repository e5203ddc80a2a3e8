"""One frame against the reference: rigid registration by mutual information, with SimpleITK.

All frames are registered in the frame of the grid: axes along columns, rows and slices in mm,
origin in the grid's centre. Motion within the slice plane is then three of the six parameters for
any orientation of the slices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.preprocessing.motion.types import MotionSettings

SAMPLING_SEED = 1
"""Samples are moved a little off the grid, at random but the same way every time."""

_THROUGH_PLANE = (0, 1, 5)  # turns about columns and rows, shift along slices


def require_simpleitk() -> None:
    """Raise `MissingPackageError` if SimpleITK cannot be imported."""
    try:
        import SimpleITK  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            'SimpleITK is not installed; run: pip install "DSCBrainSegLib[motion]".'
        ) from error


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let SimpleITK use one thread for a frame: the frames fill the cores, and sums keep their
    order. Its metrics heed only the setting of the whole process, which is put back afterwards."""
    import SimpleITK as sitk  # noqa: N813

    before = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(before)


class FrameRegistration:
    """Registers frames to one reference; several threads may share it.

    Parameters
    ----------
    reference : ndarray, shape (K, J, I)
    spacing : tuple of float
        Voxel size in mm along (k, j, i).
    head : ndarray of bool, shape (K, J, I)
        Where the reference frame is compared.
    settings : MotionSettings
    in_plane : bool
        Estimate motion within the slice plane only.
    """

    def __init__(self, reference, spacing, head, settings: MotionSettings, in_plane: bool):
        import SimpleITK as sitk  # noqa: N813

        self._spacing, self._settings, self._in_plane = spacing, settings, in_plane
        self._mask = self._image(head.astype(np.uint8), sitk.sitkUInt8)
        # (smoothing, share of the voxels) of each pass; the broad one first finds the way.
        self._passes = (
            (settings.coarse_smoothing_mm, min(1.0, settings.coarse_samples / head.size)),
            (settings.smoothing_mm, min(1.0, settings.samples / head.size)),
        )
        self._fixed = [self._prepared(reference, smoothing) for smoothing, _ in self._passes]

    def __call__(self, frame: np.ndarray, stop: Callable[[], bool]) -> tuple[np.ndarray, float]:
        """Register one frame.

        Parameters
        ----------
        frame : ndarray, shape (K, J, I)
        stop : callable
            Asked at every iteration; True ends the work early with whatever was found.

        Returns
        -------
        matrix : ndarray, shape (4, 4)
            From a point in the reference frame to the same point of the head in this one, in the
            frame of the grid: (i, j, k) directions in mm about its centre.
        similarity : float
            Mattes mutual information in nats.

        Raises
        ------
        RuntimeError
            SimpleITK cannot compare the frames.
        """
        import SimpleITK as sitk  # noqa: N813

        settings = self._settings
        transform = sitk.Euler3DTransform()
        similarity = 0.0
        for number, (fixed, (smoothing, share)) in enumerate(
            zip(self._fixed, self._passes, strict=True)
        ):
            method = sitk.ImageRegistrationMethod()
            method.SetMetricAsMattesMutualInformation(settings.bins)
            method.SetMetricFixedMask(self._mask)
            method.SetMetricSamplingStrategy(method.REGULAR)
            method.SetMetricSamplingPercentage(share, SAMPLING_SEED)
            method.SetInterpolator(sitk.sitkLinear)
            # Differences of neighbours; the filter ITK takes otherwise blurs over a slice's
            # distance, which ends the descent early.
            method.SetMetricUseFixedImageGradientFilter(False)
            method.SetMetricUseMovingImageGradientFilter(False)
            method.SetOptimizerAsRegularStepGradientDescent(
                settings.first_step_mm / 2**number, settings.last_step_mm, settings.iterations
            )
            method.SetOptimizerScales([settings.lever_mm**2] * 3 + [1.0] * 3)
            if self._in_plane:
                free = [0.0 if index in _THROUGH_PLANE else 1.0 for index in range(6)]
                method.SetOptimizerWeights(free)
            method.SetInitialTransform(transform, inPlace=True)
            method.AddCommand(sitk.sitkIterationEvent, _Stopper(method, stop))
            method.Execute(fixed, self._prepared(frame, smoothing))
            similarity = -method.GetMetricValue()
            if stop():
                break
        matrix = np.eye(4)
        matrix[:3, :3] = np.reshape(transform.GetMatrix(), (3, 3))
        matrix[:3, 3] = transform.GetTranslation()
        return matrix, similarity

    def _prepared(self, frame: np.ndarray, smoothing_mm: float):
        """Smooth and take the logarithm: coil shading and the bolus multiply the signal."""
        import SimpleITK as sitk  # noqa: N813
        from scipy import ndimage

        sigma = [smoothing_mm / length for length in self._spacing]
        sigma[0] = 0.0 if self._in_plane else max(sigma[0], self._settings.smoothing_slices)
        frame = np.clip(np.asarray(frame, np.float32), 0.0, None)
        smooth = ndimage.gaussian_filter(frame, sigma, mode="nearest")
        bright = float(np.percentile(frame, 98)) or float(frame.max())
        return self._image(np.log(smooth + self._settings.log_floor * bright), sitk.sitkFloat32)

    def _image(self, volume: np.ndarray, kind):
        import SimpleITK as sitk  # noqa: N813

        image = sitk.Cast(sitk.GetImageFromArray(volume), kind)
        spacing = self._spacing[::-1]
        image.SetSpacing(spacing)
        image.SetOrigin(
            [-(n - 1) / 2 * step for n, step in zip(volume.shape[::-1], spacing, strict=True)]
        )
        return image


class _Stopper:
    """Ends a registration at its next iteration; what it raised would end in SimpleITK's log."""

    def __init__(self, method, stop: Callable[[], bool]):
        self._method, self._stop = method, stop

    def __call__(self) -> None:
        if self._stop():
            self._method.StopRegistration()
