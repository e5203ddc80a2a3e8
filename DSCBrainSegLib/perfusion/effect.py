"""What a mask does to perfusion: one mask of a series against another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.perfusion.maps import PerfusionMaps, perfusion_maps
from DSCBrainSegLib.series.types import DSCSeries

NAN = float("nan")


@dataclass(frozen=True)
class MaskEffect:
    """Perfusion inside one mask, compared with that inside the reference mask of the same series.

    Shares and shifts are fractions; NaN where there is nothing to compute them of.

    Parameters
    ----------
    case, mask : str
        Names.
    dice : float
        Of mask and reference.
    artery_outside : float
        Share of the arterial input's voxels that lie outside the reference.
    artery_shift : float
        Change of the arterial input's area.
    cbv_shift : float
        Change of the mean CBV of the voxels that both masks have.
    plain_outside, plain_cbv_shift : float
        The same where the arterial input is taken by the plain rule, `aif.highest_peaks`.
    lesion_kept : float
        Share of the lesion inside the mask.
    lesion_rcbv : float
        Mean rCBV of the lesion, leakage corrected, inside the mask.
    lesion_rcbv_shift : float
        Its change.
    no_bolus : float
        Share of the mask's voxels that show no bolus.
    failure : str
        Why there are no maps inside this mask; empty if there are.
    """

    case: str
    mask: str
    dice: float
    artery_outside: float = NAN
    artery_shift: float = NAN
    cbv_shift: float = NAN
    plain_outside: float = NAN
    plain_cbv_shift: float = NAN
    lesion_kept: float = NAN
    lesion_rcbv: float = NAN
    lesion_rcbv_shift: float = NAN
    no_bolus: float = NAN
    failure: str = ""


def effects_of_masks(
    case: str,
    series: DSCSeries,
    masks: dict[str, np.ndarray],
    reference: np.ndarray,
    lesion: np.ndarray | None = None,
    reference_name: str = "reference",
) -> list[MaskEffect]:
    """Measure the effect of several masks of one series.

    Parameters
    ----------
    case : str
    series : DSCSeries
    masks : dict of str to ndarray of bool, shape (K, J, I)
    reference : ndarray of bool, shape (K, J, I)
        The mask that the others are compared with: the truth, or any other.
    lesion : ndarray of bool, shape (K, J, I), optional
    reference_name : str
        Under which the reference itself is the first row.

    Returns
    -------
    list of MaskEffect

    Raises
    ------
    SeriesError
        There are no maps inside the reference.
    """
    exact = perfusion_maps(series, reference, flow=False)
    rows = [effect_of_mask(case, reference_name, exact, exact, lesion)]
    for name, mask in masks.items():
        try:
            maps = perfusion_maps(series, mask, flow=False)
        except SeriesError as error:
            dice = overlap(np.asarray(mask) != 0, exact.mask).dice
            kept = _share(lesion, np.asarray(mask) != 0)
            rows.append(MaskEffect(case, name, dice, lesion_kept=kept, failure=str(error)))
            continue
        rows.append(effect_of_mask(case, name, maps, exact, lesion))
    return rows


def effect_of_mask(
    case: str,
    name: str,
    maps: PerfusionMaps,
    reference: PerfusionMaps,
    lesion: np.ndarray | None = None,
) -> MaskEffect:
    """Compare the maps inside a mask with those inside the reference mask."""
    both = maps.mask & reference.mask
    outside = ~reference.mask
    cbv = _ratio(maps.values["cbv"], reference.values["cbv"], both)
    # CBV is the area over the artery's: another artery only scales it.
    plain = (maps.artery.area / maps.plain_artery.area) / (
        reference.artery.area / reference.plain_artery.area
    )
    rcbv, exact = (_lesion_rcbv(part, lesion) for part in (maps, reference))
    return MaskEffect(
        case=case,
        mask=name,
        dice=overlap(maps.mask, reference.mask).dice,
        artery_outside=_share(maps.artery_mask, outside),
        artery_shift=maps.artery.area / reference.artery.area - 1,
        cbv_shift=cbv - 1,
        plain_outside=_share(maps.plain_artery_mask, outside),
        plain_cbv_shift=cbv * plain - 1,
        lesion_kept=_share(lesion, maps.mask),
        lesion_rcbv=rcbv,
        lesion_rcbv_shift=rcbv / exact - 1 if exact else NAN,
        no_bolus=float((maps.mask & ~maps.bolus_mask).sum() / maps.mask.sum()),
    )


def _lesion_rcbv(maps: PerfusionMaps, lesion: np.ndarray | None) -> float:
    if lesion is None or not (lesion & maps.mask).any():
        return NAN
    return float(maps.values["rcbv"][lesion & maps.mask].mean())


def _ratio(values: np.ndarray, others: np.ndarray, where: np.ndarray) -> float:
    if not where.any():
        return NAN
    below = float(others[where].mean())
    return float(values[where].mean()) / below if below else NAN


def _share(part: np.ndarray | None, mask: np.ndarray) -> float:
    if part is None or not part.any():
        return NAN
    return float((part & mask).sum() / part.sum())
