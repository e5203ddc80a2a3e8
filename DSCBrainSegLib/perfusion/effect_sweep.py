"""The effect of masks over many series: simulated on the spot, or folders with their truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import DSCBrainSegError, SeriesError
from DSCBrainSegLib.perfusion.effect import MaskEffect, effects_of_masks
from DSCBrainSegLib.perfusion.mask_variants import mask_variants
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)
from DSCBrainSegLib.series.types import DSCSeries

LESIONS = ("glioblastoma", "solid", "glioblastoma", "meningioma", "glioblastoma", "infarct")
"""Kinds of lesion of simulated series, in turn: half of them glioblastomas."""

PROTOCOL = {"matrix": 96, "slices": 10, "gap_mm": 6.0, "frames": 45}
"""Of simulated series; the rest as `phantom.simulate_phantom` has it. Few slices, far apart: they
cover the brain in half the time."""


@dataclass(frozen=True)
class TrueCase:
    """A series with its right mask.

    Parameters
    ----------
    name : str
    series : DSCSeries
    mask : ndarray of bool, shape (K, J, I)
    lesion : ndarray of bool, shape (K, J, I), or None
    """

    name: str
    series: DSCSeries
    mask: np.ndarray
    lesion: np.ndarray | None


def simulated_cases(count: int, first_seed: int = 0) -> Iterator[TrueCase]:
    """Simulate series one by one; nothing is written to disk.

    Parameters
    ----------
    count : int
    first_seed : int
        Case n has this seed plus n, and the n-th of `LESIONS`.
    """
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom

    for number in range(count):
        kind = LESIONS[number % len(LESIONS)]
        seed = first_seed + number
        phantom = simulate_phantom(seed, tumour=kind, **PROTOCOL)
        lesion = phantom.lesion if phantom.lesion.any() else None
        yield TrueCase(f"seed {seed}, {kind}", phantom.series, phantom.mask, lesion)


def find_true_cases(folder: Path) -> list[Path]:
    """Return the simulated series (folders with ``truth/mask.nii.gz``) in a folder, or itself.

    Raises
    ------
    SeriesError
        There is none.
    """
    folder = Path(folder)
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [path for path in [folder, *inside] if (path / "truth" / "mask.nii.gz").is_file()]
    if not found:
        raise SeriesError(
            f"{folder} holds no series with truth/mask.nii.gz; make some with "
            '"dscbrainseg simulate", or give a series with --reference.'
        )
    return found


def read_true_case(folder: Path) -> TrueCase:
    """Read a simulated series with mask and lesion."""
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.series import read_series

    packed = folder / "series.nii.gz"
    series = read_series(packed if packed.exists() else folder / "dicom")
    mask = read_mask(folder / "truth" / "mask.nii.gz", series)
    lesion = folder / "truth" / "tumour.nii.gz"
    return TrueCase(
        folder.name, series, mask, read_mask(lesion, series) if lesion.exists() else None
    )


def sweep(
    cases: Iterator[TrueCase],
    count: int,
    methods: Sequence[str] = (),
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> list[MaskEffect]:
    """Measure mask variants and methods on every case.

    Parameters
    ----------
    cases : iterator of TrueCase
    count : int
        How many there are, for the progress.
    methods : sequence of str
        Names of registered methods.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    list of MaskEffect
        A method that fails on a case has a row that says why.
    """
    from DSCBrainSegLib.pipeline import segment_series

    rows: list[MaskEffect] = []
    for number, case in enumerate(cases):
        check_cancelled(cancelled)
        progress(number, count, f"Measuring {case.name}")
        masks, failed = mask_variants(case.mask, case.lesion), []
        for method in methods:
            try:
                masks[method] = segment_series(case.series, method).mask
            except DSCBrainSegError as error:
                failed.append(MaskEffect(case.name, method, float("nan"), failure=str(error)))
        rows += effects_of_masks(case.name, case.series, masks, case.mask, case.lesion, "truth")
        rows += failed
    progress(count, count, "Measured")
    return rows
