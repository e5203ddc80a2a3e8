"""A head of concentric discs with known radii, drawn at any pixel size."""

from dataclasses import dataclass

import numpy as np

SUPERSAMPLING = 4
BRAIN_SIGNAL = 1000.0


@dataclass(frozen=True)
class DiscHead:
    """Radii in mm; signals relative to the brain's."""

    brain_mm: float = 65.0
    skull_mm: float = 72.0
    scalp_mm: float = 79.0
    skull: float = 0.08
    scalp: float = 0.9
    lesion_centre_mm: tuple[float, float] = (0.0, 0.0)
    lesion_mm: float = 0.0
    lesion: float = 1.0


def draw_disc_head(head, pixel_mm=(1.8, 1.8), field_of_view_mm=230.4, snr=None, seed=0):
    """Draw one slice centred in a square field of view.

    Returns image (J, I), brain mask (J, I) and lesion mask (J, I); `snr` adds Rician noise.
    """
    counts = [round(field_of_view_mm / length) for length in pixel_mm]
    axes = []
    for count, length in zip(counts, pixel_mm, strict=True):
        fine = (np.arange(count * SUPERSAMPLING) + 0.5) / SUPERSAMPLING
        axes.append((fine - count / 2) * length)
    y, x = axes[0][:, None], axes[1][None, :]
    radius = np.hypot(y, x)
    signal = np.zeros(radius.shape)
    signal[radius < head.scalp_mm] = head.scalp
    signal[radius < head.skull_mm] = head.skull
    brain = radius < head.brain_mm
    signal[brain] = 1.0
    row_mm, column_mm = head.lesion_centre_mm
    lesion = brain & (np.hypot(y - row_mm, x - column_mm) < head.lesion_mm)
    signal[lesion] = head.lesion
    image = _average(signal) * BRAIN_SIGNAL
    if snr:
        noise = np.random.default_rng(seed).normal(0, BRAIN_SIGNAL / snr, (2, *image.shape))
        image = np.hypot(image + noise[0], noise[1])
    return image, _average(brain) > 0.5, _average(lesion) > 0.5


def _average(fine):
    rows, columns = (count // SUPERSAMPLING for count in fine.shape)
    return fine.reshape(rows, SUPERSAMPLING, columns, SUPERSAMPLING).mean(axis=(1, 3))
