"""True perfusion of every voxel: blood volume, transit time, arrival, leakage."""

from __future__ import annotations

import numpy as np

from DSCBrainSegLib.simulation.acquisition.epi import Displaced, project
from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.sampling import SampledSlice
from DSCBrainSegLib.simulation.anatomy.tissue import TISSUE_COUNT, Tissue
from DSCBrainSegLib.simulation.perfusion.bolus import BRAIN_DENSITY_G_PER_ML
from DSCBrainSegLib.simulation.perfusion.constants import PERFUSION, VESSELS
from DSCBrainSegLib.simulation.perfusion.time_course import Kinetics
from DSCBrainSegLib.simulation.upsampling import at_pixels

MAP_UNITS = {
    "cbv": "mL/100 g",
    "mtt": "s",
    "delay": "s",
    "ktrans": "1/min",
    "vessels": "mL/100 g",
    "tissue": "share",
}
"""Maps that are made, with their units; ``vessels`` is the part of ``cbv`` in large vessels,
``tissue`` the share of a voxel that is perfused tissue, neither fluid nor a large vessel."""

PERFUSED_SHARE = 0.05
"""Voxels with less perfused tissue than this have no transit time and no delay: 0."""

_CBV, _BLOOD, _CBF, _ARRIVAL, _KTRANS, _PERFUSED, _ALL = range(7)


def tissue_values(kinetics: Kinetics) -> np.ndarray:
    """What each tissue adds to the maps, for an early and a late supply.

    Large vessels count with their blood, 100 mL per 100 mL, but have no transit time of their own.

    Parameters
    ----------
    kinetics : Kinetics

    Returns
    -------
    ndarray of float32, shape (2, 7, TISSUE_COUNT)
        CBV of tissue, blood in large vessels, CBF = CBV / MTT, CBF times delay, Ktrans, 1 where
        perfused, 1 where not air.
    """
    values = np.zeros((2, 7, TISSUE_COUNT), np.float32)
    values[:, _ALL] = 1.0
    values[:, _ALL, Tissue.AIR] = 0.0
    values[:, _BLOOD, [int(vessel) for vessel in VESSELS]] = 100.0 / BRAIN_DENSITY_G_PER_ML
    for kind, supply in enumerate(kinetics.supplies):
        for tissue, perfusion in PERFUSION.items():
            cbv_factor, mtt_factor = kinetics.bolus.perfusion_factors[tissue]
            cbv = perfusion.cbv * cbv_factor * supply.cbv
            cbf = cbv / (perfusion.mtt_s * mtt_factor * supply.mtt)
            arrival = cbf * (perfusion.delay_s + supply.delay_s)
            ktrans = perfusion.ktrans_per_min * kinetics.leakage.ktrans_factors[tissue]
            values[kind, :_ALL, tissue] = cbv, 0.0, cbf, arrival, ktrans, 1.0
    return values


def project_sums(
    values: np.ndarray,
    sampled: SampledSlice,
    displaced: Displaced,
    late: np.ndarray,
    acquisition: Acquisition,
) -> np.ndarray:
    """Add up the tissues' values where the distorted image shows them.

    Parameters
    ----------
    values : ndarray, shape (2, 7, TISSUE_COUNT)
        From `tissue_values`.
    sampled : SampledSlice
    displaced : Displaced
    late : ndarray, shape (N, N)
        From `territories.late_share`.
    acquisition : Acquisition

    Returns
    -------
    ndarray of float32, shape (7, N, N)
    """
    sums = []
    for early, later in zip(*values, strict=True):
        start = early[sampled.labels]
        mixed = start + late * (later[sampled.labels] - start)
        sums.append(project(mixed, displaced, acquisition))
    return np.stack(sums)


def perfusion_maps(sums: np.ndarray, size: int) -> np.ndarray:
    """Turn sums on the fine grid into maps on an image's pixels.

    A voxel's CBV is the mean over its tissue; MTT = CBV / CBF of its perfused tissue (central
    volume theorem); the delay is weighted with CBF.

    Parameters
    ----------
    sums : ndarray, shape (7, N, N)
        From `project_sums`.
    size : int
        Rows and columns of the image.

    Returns
    -------
    ndarray of float32, shape (6, size, size)
        In the order of `MAP_UNITS`.
    """
    sums = np.stack([at_pixels(plane, size, smooth=True) for plane in sums])
    tissue = np.maximum(sums[_ALL], 1e-3)
    perfused = sums[_PERFUSED] > PERFUSED_SHARE * tissue
    flow = np.where(perfused, sums[_CBF], np.inf)
    cbv = (sums[_CBV] + sums[_BLOOD]) / tissue
    transit, arrival = sums[_CBV] / flow, sums[_ARRIVAL] / flow
    vessels, share = sums[_BLOOD] / tissue, sums[_PERFUSED] / tissue
    maps = cbv, transit, arrival, sums[_KTRANS] / tissue, vessels, share
    return np.stack(maps).astype(np.float32)
