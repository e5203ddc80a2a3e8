"""What `choices.py` trains and measures on: kept simulated slices, simulated and real volumes.

Preparations the library does not offer, because they were found no better, are put in its place
here (`prepared`), so that everything around them stays what it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from unittest.mock import patch

import numpy as np
from calibrate_quality import REPORT_HEADS, head_path, process_pool
from time_axis import abnormal_volumes

from DSCBrainSegLib.files import read_json
from DSCBrainSegLib.network.config import NetworkConfig
from DSCBrainSegLib.preprocessing import grid, intensity
from DSCBrainSegLib.preprocessing.grid import NetworkGrid
from DSCBrainSegLib.preprocessing.intensity import scale_intensity, signal_drop
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
from DSCBrainSegLib.simulation.series import slices
from DSCBrainSegLib.training.slice_pool import SLICES_PER_CASE, SlicePool

TRAINING_HEADS = range(1, 17)
FIRST_SEED = 900
"""Of the volumes of each head; apart from the seeds of the other benchmarks."""

RUNS_PER_PART = 16
SLICES_PER_PART = RUNS_PER_PART * SLICES_PER_CASE
"""Slices of one head in one file: what a kill loses in each process."""

FIXED_SIDE_MM = 240.0
AS_SHIPPED, FIXED_GRID, EACH_SLICE = PREPARATIONS = ("as shipped", "fixed grid", "each slice")


@dataclass(frozen=True)
class Volume:
    """A volume to measure on.

    Parameters
    ----------
    name : str
    image : ndarray, shape (K, J, I)
    affine : ndarray, shape (4, 4)
        From (i, j, k, 1) to patient LPS+ in mm.
    truth : ndarray of bool, shape (K, J, I)
    compared : slice
        Slices along k to compare.
    drop : ndarray, shape (K, J, I), or None
        Fall of the signal at the bolus peak; None where there is one time point only.
    """

    name: str
    image: np.ndarray
    affine: np.ndarray
    truth: np.ndarray
    compared: slice
    drop: np.ndarray | None = None


class FixedGrid(NetworkGrid):
    """Covers the central square of `FIXED_SIDE_MM` instead of the field of view."""

    @property
    def side_mm(self) -> float:
        return FIXED_SIDE_MM

    def _from_grid(self, axis: int) -> np.ndarray:
        weights = super()._from_grid(axis)
        count, step = self.shape[axis], self.spacing[axis]
        from_centre_mm = (np.arange(count) + 0.5 - count / 2) * step
        weights[np.abs(from_centre_mm) > FIXED_SIDE_MM / 2] = 0
        return weights


def scale_each_slice(volume: np.ndarray, cap_percentile: float = 99.9) -> np.ndarray:
    """Scale as `scale_intensity`, but each slice (K, J, I) by itself; one without contrast is 0."""
    scaled = [
        scale_intensity(plane, cap_percentile) if np.ptp(plane) > 0 else np.zeros_like(plane)
        for plane in np.asarray(volume, np.float32)
    ]
    return np.stack(scaled)


@contextmanager
def prepared(preparation: str) -> Iterator[None]:
    """Let simulation and inference prepare slices in one of the `PREPARATIONS`."""
    with ExitStack() as stack:
        if preparation == FIXED_GRID:
            stack.enter_context(patch.object(grid, "NetworkGrid", FixedGrid))
        if preparation == EACH_SLICE:
            for module in (intensity, slices):
                stack.enter_context(patch.object(module, "scale_intensity", scale_each_slice))
        yield


@contextmanager
def _acquired_once() -> Iterator[None]:
    """Let every call for the same case give what the first one acquired."""
    acquire, kept = slices.acquire, []

    def first(*arguments):
        if not kept:
            kept.append(acquire(*arguments))
        return kept[0]

    with patch.object(slices, "acquire", first):
        yield


def keep_slices(
    folder: Path, count: int, label_maps: Path, cache: Path, size: int, seed: int, jobs: int
) -> list[Path]:
    """Simulate training slices into `folder`, those that are not there yet.

    Parameters
    ----------
    folder : Path
    count : int
        Slices, rounded up to whole files of `SLICES_PER_PART`; the heads take turns.
    label_maps, cache : Path
        Whole-head label maps and what was derived from them.
    size : int
        Rows and columns.
    seed : int
    jobs : int
        Processes.

    Returns
    -------
    list of Path
        Files with one array for each preparation, uint8, shape (3, `RUNS_PER_PART`,
        `SLICES_PER_CASE`, size, size): images, masks, drops; images and drops in 1/255.
    """
    folder.mkdir(exist_ok=True)
    parts = [folder / f"part-{number:04d}.npz" for number in range(-(-count // SLICES_PER_PART))]
    tasks = [
        (part, head_path(label_maps, head), cache, size, [seed, number])
        for number, (part, head) in enumerate(zip(parts, cycle(TRAINING_HEADS), strict=False))
        if not part.exists()
    ]
    if tasks:
        with process_pool(min(jobs, len(tasks))) as pool:
            for done, _ in enumerate(pool.map(_simulate_part, tasks), 1):
                print(f"\rsimulated {done} of {len(tasks)} files", end="", file=sys.stderr)
        print(file=sys.stderr)
    return parts


def _simulate_part(task) -> None:
    part, head, cache, size, seed = task
    maps, rng = load_head_maps(head, cache), np.random.default_rng(seed)
    kept: dict[str, list] = {preparation: [] for preparation in PREPARATIONS}
    for _ in range(RUNS_PER_PART):
        case = slices.draw_case(rng, maps)
        positions = slices.draw_slice_positions(rng, case, maps, SLICES_PER_CASE, contiguous=True)
        with _acquired_once():
            for preparation, runs in kept.items():
                with prepared(preparation):
                    images, masks, drops = slices.simulate_slices(
                        maps, case, positions, size, peak=True
                    )
                runs.append([np.rint(images * 255), masks, np.rint(drops * 255)])
    arrays = {name: np.stack(runs, axis=1).astype(np.uint8) for name, runs in kept.items()}
    partial = part.with_name(f"partial.{part.name}")
    np.savez_compressed(partial, **arrays)
    partial.replace(part)


def slice_pool(parts: list[Path], preparation: str, network: NetworkConfig) -> SlicePool:
    """Fill a pool with kept slices: batches are then drawn as in training."""
    loaded = []
    for part in parts:
        with np.load(part) as arrays:
            loaded.append(arrays[preparation])
    images, masks, drops = np.concatenate(loaded, axis=1)
    pool = SlicePool([], parts[0].parent, network, len(images) * SLICES_PER_CASE, processes=0)
    pool.images[:], pool.masks[:], pool.drops[:] = images, masks, drops
    pool._written.value = len(images) * SLICES_PER_CASE
    return pool


def simulated_volumes(label_maps: Path, cache: Path, count: int) -> Iterator[Volume]:
    """Yield `count` volumes with a lesion of each head that no network was trained on."""
    for head in REPORT_HEADS:
        maps = load_head_maps(head_path(label_maps, head), cache)
        found = abnormal_volumes(maps, 1000 * head + FIRST_SEED, count)
        for number, volume in enumerate(found):
            drop = signal_drop(volume.image, volume.peak)
            name = f"head {head}, volume {number}"
            yield Volume(name, volume.image, volume.affine, volume.mask, slice(None), drop)


def real_volumes(folder: Path) -> Iterator[Volume]:
    """Yield the cases of a folder or cohort; of each the slices whose reference is trusted."""
    from DSCBrainSegLib.cohort.cases import find_cases, load_case

    for case in find_cases(folder):
        found = load_case(case)
        yield Volume(case.name, found.image, found.affine, found.reference, found.compared)


def read_kept(path: Path) -> dict | None:
    """Return what a file holds; None if it is not there."""
    return read_json(path) if path.exists() else None
