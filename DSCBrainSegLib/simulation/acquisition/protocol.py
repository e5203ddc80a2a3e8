"""How a simulated series is acquired: the random draw of every scanner parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPIN_ECHO_PROBABILITY = 0.12
EARLY_FRAME_PROBABILITY = 0.17
MATRIX_SIZES = (64, 64, 72, 80, 96, 96, 112, 128, 128, 128, 144, 160)
PIXEL_MM = (1.5, 3.75)
FIELD_OF_VIEW_MM = (190.0, 260.0)
ZERO_FILLING_PROBABILITY = 0.3
ZERO_FILLED_SIZES = (128, 128, 192, 256, 256)
THICK_SLICE_PROBABILITY = 0.15
READOUT_DECAY_PROBABILITY = 0.8


@dataclass(frozen=True)
class Acquisition:
    """Parameters of one GRE-EPI acquisition.

    Parameters
    ----------
    field_strength_t : float
        Static field in tesla.
    repetition_time_s, echo_time_s : float
        In seconds.
    flip_angle_deg : float
    matrix : int
        Rows and columns of the acquired square slice.
    field_of_view_mm : float
        Side of the square slice.
    slice_thickness_mm, slice_spacing_mm : float
        Thickness and centre-to-centre distance.
    phase_axis : {0, 1}
        Phase encoding along rows' direction (0: posterior-anterior) or columns (1: left-right).
    phase_polarity : {-1, 1}
        Sign of the blips.
    phase_bandwidth_hz : float
        Bandwidth per acquired pixel along phase encoding; distortion is field / bandwidth pixels.
    fat_signal : float
        Fraction of the lipid signal that fat saturation leaves (0 perfect, 1 failed).
    field_scale : float
        Multiplies the susceptibility field (differences in shim and anatomy).
    partial_fourier : float
        Fraction of phase-encoding lines acquired, 1 = all.
    apodisation : float
        Strength of the k-space filter, 0 = none.
    ghost : float
        N/2 ghost relative to the image.
    shading : float
        Ratio of the strongest to the weakest receive sensitivity over the head.
    snr : float
        Mean brain signal over noise standard deviation.
    spin_echo : bool
        Refocused echo: T2 instead of T2* contrast, no dephasing by field gradients.
    pulse : int or None
        Which excitation since the start of the scan, from 1; None for the steady state.
    reconstructed : int or None
        Rows and columns of the image where k-space was filled with zeros to a larger matrix.
    readout_decay_s : float
        T2* that weights k-space lines along phase encoding, 0 = not done.
    """

    field_strength_t: float
    repetition_time_s: float
    echo_time_s: float
    flip_angle_deg: float
    matrix: int
    field_of_view_mm: float
    slice_thickness_mm: float
    slice_spacing_mm: float
    phase_axis: int
    phase_polarity: int
    phase_bandwidth_hz: float
    fat_signal: float
    field_scale: float
    partial_fourier: float
    apodisation: float
    ghost: float
    shading: float
    snr: float
    spin_echo: bool = False
    pulse: int | None = None
    reconstructed: int | None = None
    readout_decay_s: float = 0.0

    @property
    def image_matrix(self) -> int:
        """Rows and columns of the reconstructed image."""
        return self.reconstructed or self.matrix


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """Draw acquisition parameters over the range of clinical DSC and other EPI protocols.

    Ranges: TE 30-55 ms at 1.5 T and 14-45 ms at 3 T, TR 1-3 s, flip angle 30-90 degrees, field of
    view 190-260 mm, acquired matrix 64-160 with pixels of 1.5-3.75 mm, three in ten
    reconstructed to up to 256, slices 2.5-7 mm, one in seven 7-12 mm. One in eight is a spin-echo
    EPI (TE 50-100 ms), one in six an early frame before the steady state (docs/simulation.md).
    """
    field_strength = float(rng.choice([1.5, 3.0], p=[0.35, 0.65]))
    echo_time = rng.uniform(0.030, 0.055) if field_strength < 2 else rng.uniform(0.014, 0.045)
    repetition_time = float(rng.uniform(1.0, 3.0))
    spin_echo = bool(rng.random() < SPIN_ECHO_PROBABILITY)
    if spin_echo:
        echo_time = rng.uniform(0.05, 0.10)
        repetition_time = float(rng.uniform(1.5, 6.0))
    early = rng.random() < EARLY_FRAME_PROBABILITY
    thick = rng.random() < THICK_SLICE_PROBABILITY
    thickness = float(rng.uniform(7.0, 12.0) if thick else rng.uniform(2.5, 7.0))
    gap = float(rng.choice([0.0, rng.uniform(0.0, 0.3)])) * thickness
    matrix = int(rng.choice(MATRIX_SIZES))
    side = np.clip(FIELD_OF_VIEW_MM, PIXEL_MM[0] * matrix, PIXEL_MM[1] * matrix)
    larger = [size for size in ZERO_FILLED_SIZES if size > matrix]
    zero_filled = rng.random() < ZERO_FILLING_PROBABILITY
    decays = rng.random() < READOUT_DECAY_PROBABILITY
    # Effective echo spacing, parallel imaging included.
    echo_spacing = float(np.exp(rng.uniform(np.log(0.2e-3), np.log(0.7e-3))))
    return Acquisition(
        field_strength_t=field_strength,
        repetition_time_s=repetition_time,
        echo_time_s=float(echo_time),
        flip_angle_deg=90.0 if spin_echo else float(rng.uniform(30, 90)),
        matrix=matrix,
        field_of_view_mm=float(rng.uniform(*side)),
        slice_thickness_mm=thickness,
        slice_spacing_mm=thickness + gap,
        phase_axis=int(rng.random() < 0.12),
        phase_polarity=int(rng.choice([-1, 1])),
        phase_bandwidth_hz=1.0 / (echo_spacing * matrix),
        fat_signal=float(rng.beta(0.6, 1.4)),
        field_scale=float(rng.uniform(0.3, 1.2)),
        partial_fourier=float(rng.choice([1.0, 0.875, 0.75], p=[0.5, 0.3, 0.2])),
        apodisation=float(rng.choice([0.0, rng.uniform(0.2, 1.0)])),
        ghost=float(rng.choice([rng.uniform(0.0, 0.02), rng.uniform(0.02, 0.10)])),
        shading=float(np.exp(rng.uniform(0.0, np.log(3.5)))),
        snr=float(np.exp(rng.uniform(np.log(8), np.log(100)))),
        spin_echo=spin_echo,
        pulse=int(rng.integers(1, 5)) if early else None,
        reconstructed=int(rng.choice(larger)) if zero_filled else None,
        readout_decay_s=float(rng.uniform(0.02, 0.08)) if decays else 0.0,
    )
