"""Static field disturbance of a head by the dipole kernel, shimmed over the brain."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.anatomy.tissue import Tissue

GRID_MM = 2.0
"""Voxel size the field is computed on."""

AIR_TISSUE_PPM = 9.4
"""Susceptibility difference between air and water-like tissue."""

BONE_PPM = -2.1
"""Cortical bone relative to water."""

PADDING_MM = 32.0

BOUNDARY_SMOOTHING_MM = 1.5
"""Takes the noise of automatic bone and air labels out of the field."""


def field_map_ppm(labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Compute the relative field disturbance that air and bone of a head cause.

    The susceptibility map is convolved with the Lorentz-corrected dipole kernel
    1/3 - kz^2/k^2 in k-space (Salomir et al. 2003; Marques & Bowtell 2005), with the static field
    along the head's long axis; then the second-order polynomial that fits best within the brain is
    removed, as a scanner's shim does.

    Parameters
    ----------
    labels : ndarray of uint8, shape (K, J, I)
        `Tissue` values, 1 mm isotropic.
    mask : ndarray of bool, shape (K, J, I)
        Brain, where the shim is fitted.

    Returns
    -------
    ndarray of float32, shape about (K, J, I) / 2
        Field disturbance in ppm of the static field on a grid of `GRID_MM`.
    """
    import scipy.fft
    from scipy import ndimage

    step = int(GRID_MM)
    susceptibility = np.zeros(labels.shape, np.float32)
    susceptibility[labels == Tissue.AIR] = AIR_TISSUE_PPM
    susceptibility[labels == Tissue.CORTICAL_BONE] = BONE_PPM
    # Averaging the 1 mm values over a coarse voxel keeps the amount of air in partial voxels.
    coarse = ndimage.gaussian_filter(susceptibility, BOUNDARY_SMOOTHING_MM)[::step, ::step, ::step]
    # Below the scan there is neck, not air: extend the lowest slice downwards.
    pad = int(PADDING_MM / GRID_MM)
    padded = np.pad(coarse, pad, mode="edge")
    shape = padded.shape
    size = [scipy.fft.next_fast_len(n, real=True) for n in shape]
    kz, ky, kx = np.meshgrid(
        np.fft.fftfreq(size[0]), np.fft.fftfreq(size[1]), np.fft.rfftfreq(size[2]), indexing="ij"
    )
    k_squared = kz**2 + ky**2 + kx**2
    k_squared[0, 0, 0] = 1.0
    kernel = (1.0 / 3.0 - kz**2 / k_squared).astype(np.float32)
    kernel[0, 0, 0] = 0.0
    spectrum = scipy.fft.rfftn(padded - AIR_TISSUE_PPM, size)
    field = scipy.fft.irfftn(spectrum * kernel, size)[: shape[0], : shape[1], : shape[2]]
    field = field[pad:-pad, pad:-pad, pad:-pad].astype(np.float32)
    return shim(field, mask[::step, ::step, ::step])


def shim(field: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Remove the second-order polynomial that fits the field best within the brain.

    Parameters
    ----------
    field : ndarray, shape (K, J, I)
    mask : ndarray of bool, shape (K, J, I)

    Returns
    -------
    ndarray of float32, shape (K, J, I)
    """
    axes = [np.linspace(-1.0, 1.0, n, dtype=np.float32) for n in field.shape]
    z, y, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    terms = [x * 0 + y * 0 + z * 0 + 1, x, y, z, x * x, y * y, z * z, x * y, x * z, y * z]
    design = np.stack([np.broadcast_to(term, field.shape)[mask] for term in terms], axis=1)
    weights, *_ = np.linalg.lstsq(design.astype(float), field[mask].astype(float), rcond=None)
    for weight, term in zip(weights, terms, strict=True):
        field = field - np.float32(weight) * term
    return field.astype(np.float32)
