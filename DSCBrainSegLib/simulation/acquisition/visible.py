"""What of the brain a reader can see: voids that open to the outside leave the mask.

Above air sinuses and ear canals field gradients take the signal away. Where such a void reaches the
edge of the brain, no reader can say where the edge is, no perfusion can be measured, and consensus
masks of real series leave it out. Lesions, and what blood products or metal darken, stay in: they
lie within an outline that the image shows.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DSCBrainSegLib.simulation.acquisition.epi import Displaced, displace, project
from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.sampling import SampledSlice
from DSCBrainSegLib.simulation.acquisition.signal import LESION_TISSUES
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

VOID_LEVEL = 0.25
"""Signal below which a place is a void, relative to the median of the brain in its slice, or to
`LEAST_REFERENCE` of what brain shows without any loss if that is more."""

LEAST_REFERENCE = 0.5

VOID_SMOOTHING_PIXELS = 1.0
THIN_PIXELS = 2
"""What an opened void leaves of the brain in pieces thinner than twice this goes, too."""


def visible_share(
    share: np.ndarray,
    sampled: SampledSlice,
    displaced: Displaced,
    signals: np.ndarray,
    acquisition: Acquisition,
) -> np.ndarray:
    """Take the voids that open to the outside out of a slice's brain.

    Parameters
    ----------
    share : ndarray of float32, shape (N, N)
        Fraction of brain as the distorted image shows it (`epi.project_mask`).
    sampled : SampledSlice
    displaced : Displaced
        Of `sampled`.
    signals : ndarray, shape (TISSUE_COUNT,)
        Signal of each tissue at the reference time point.
    acquisition : Acquisition

    Returns
    -------
    ndarray of float32, shape (N, N)
        `share`, 0 where the brain cannot be seen.
    """
    from scipy import ndimage

    inside = share > 0.5
    if not inside.any():
        return share
    image = _image_without_lesions(sampled, displaced, signals, acquisition)
    image = ndimage.gaussian_filter(image, VOID_SMOOTHING_PIXELS)
    lossless = float(signals[[Tissue.WHITE_MATTER, Tissue.CORTEX]].mean())
    reference = max(float(np.median(image[inside])), LEAST_REFERENCE * lossless)
    void = inside & (image < VOID_LEVEL * reference)
    opened = ndimage.binary_propagation(~inside, mask=void | ~inside) & inside
    if not opened.any():
        return share
    kept = inside & ~opened
    thin = kept & ~ndimage.binary_opening(kept, iterations=THIN_PIXELS)
    near = ndimage.binary_dilation(opened, iterations=2 * THIN_PIXELS)
    return np.where(opened | (thin & near), np.float32(0), share)


def _image_without_lesions(sampled, displaced, signals, acquisition) -> np.ndarray:
    """Clean image in which lesions look like brain and neither blood nor metal darkens."""
    signals = signals.copy()
    brain = (signals[Tissue.WHITE_MATTER] + signals[Tissue.CORTEX]) / 2
    signals[list(LESION_TISSUES)] = brain
    if sampled.metal_ppm is not None:
        calm = replace(sampled, metal_ppm=None, gradient_ppm_mm=sampled.anatomy_gradient_ppm_mm)
        displaced = displace(calm, acquisition)
    return project(signals[sampled.labels] * displaced.dephasing, displaced, acquisition)
