"""A pool of simulated slices that background processes keep fresh while the network trains."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from DSCBrainSegLib.training.slice_changes import changed

SLICES_PER_CASE = 12
"""Neighbouring slices that are simulated together."""

DROP_UNKNOWN_PROBABILITY = 0.5
"""How often the network does not get the fall of the signal: a single frame must do, too."""

NO_NEIGHBOURS_PROBABILITY = 0.1
"""How often it sees the slice itself in place of its neighbours, as at the ends of a series."""

_WAIT_S = 0.02
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_PLANES = ("images", "masks", "drops")


class SlicePool:
    """Ring of runs of simulated slices on disk, written by processes, read by the trainer.

    The files are mapped into memory. A training that is stopped finds its slices again; a run that
    was cut short is the next to be written. The producers stay ahead of the trainer only as far as
    `reuse` asks, so that they leave the processor to the training when it is the bottleneck.

    Parameters
    ----------
    label_maps : list of Path
        Whole-head label maps to simulate from.
    cache : Path
        Folder for the maps derived from them.
    folder : Path
        Folder for the ring, about 400 MB for 8000 slices of 128 x 128.
    network : NetworkConfig
        Says the size of the slices and which channels are wanted.
    capacity : int
        Slices held at a time, rounded down to whole runs of `SLICES_PER_CASE`.
    reuse : float
        How often a slice is drawn on average before it is replaced.
    processes : int
        Producer processes.
    seed : int
        Seeds of the producers are derived from it.
    """

    def __init__(
        self, label_maps, cache, folder, network, capacity=8000, reuse=4.0, processes=1, seed=0
    ):
        self.network = network
        self.reuse = reuse
        shape = (capacity // SLICES_PER_CASE, SLICES_PER_CASE, *2 * (network.input_size,))
        self._ring = _Ring(folder, shape)
        self._drawn = int(self._ring.written * reuse)
        context = multiprocessing.get_context("spawn")
        self._wanted = context.Value("q", 0)
        self._stop = context.Event()
        self._lock = context.Lock()  # gone with this reference, also for the processes
        paths = [str(path) for path in label_maps]
        shared = (str(folder), shape, self._lock, self._wanted, self._stop)
        self._processes = [
            context.Process(
                target=_produce,
                args=(paths, str(cache), network.bolus_channel, *shared, child),
                daemon=True,
            )
            for child in np.random.SeedSequence(seed).spawn(processes)
        ]

    def start(self, ready: int = 512) -> None:
        """Start the producers and wait until `ready` slices are there."""
        self._wanted.value = max(ready, self._ring.slices // 4)
        with _one_thread_each():
            for process in self._processes:
                process.start()
        while self._ring.written < ready:
            if not any(process.is_alive() for process in self._processes):
                raise RuntimeError("The simulation processes stopped; see their messages above.")
            time.sleep(_WAIT_S)

    def draw(self, rng: np.random.Generator, count: int):
        """Draw a batch: images (count, N, N, C) float32 in [0, 1] and labels (count, N, N) int32.

        The channels are those of `input_channels`. Every use differs: half of the slices are
        mirrored left-right, and see `slice_changes`.
        """
        ring, network = self._ring, self.network
        run = rng.integers(min(ring.written, ring.slices) // SLICES_PER_CASE, size=count)
        place = rng.integers(SLICES_PER_CASE, size=count)
        self._drawn += count
        self._wanted.value = max(self._wanted.value, int(self._drawn / self.reuse))
        images = np.empty((count, *ring.images.shape[2:], network.input_channels), np.float32)
        masks = np.empty(images.shape[:3], np.int32)
        for n, (r, p) in enumerate(zip(run, place, strict=True)):
            alone = rng.random() < NO_NEIGHBOURS_PROBABILITY
            offsets = network.slice_offsets(float(ring.spacings[r]))
            there = [p if alone else min(max(p + o, 0), SLICES_PER_CASE - 1) for o in offsets]
            channels = [ring.images[r, k] for k in there]
            if network.bolus_channel:
                known = rng.random() >= DROP_UNKNOWN_PROBABILITY
                channels.append(ring.drops[r, p] * np.uint8(known))
            planes = np.stack(channels).astype(np.float32) / 255
            planes, masks[n] = changed(rng, planes, ring.masks[r, p], network.bolus_channel)
            images[n] = np.moveaxis(planes, 0, -1)
        flipped = rng.random(count) < 0.5
        images[flipped] = images[flipped, :, ::-1]
        masks[flipped] = masks[flipped, :, ::-1]
        return images, masks

    @property
    def written(self) -> int:
        """Slices simulated so far."""
        return self._ring.written

    def stop(self) -> None:
        """End the producers."""
        self._stop.set()
        for process in self._processes:
            if process.pid:
                process.join(timeout=5)
                process.terminate()


class _Ring:
    """The files of a pool, mapped into memory; made if they are not there or of another size."""

    def __init__(self, folder, shape):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.slices = shape[0] * shape[1]
        for name in _PLANES:
            setattr(self, name, _mapped(folder / f"{name}.u8", np.uint8, shape))
        self.spacings = _mapped(folder / "spacings.f4", np.float32, shape[:1])
        self._count = _mapped(folder / "written.i8", np.int64, (1,))

    @property
    def written(self) -> int:
        return int(self._count[0])

    def put(self, image, mask, drop, spacing_mm) -> None:
        where = self.written // SLICES_PER_CASE % len(self.images)
        self.images[where] = np.rint(image * 255).astype(np.uint8)
        self.masks[where] = mask
        self.drops[where] = np.rint(drop * 255).astype(np.uint8)
        self.spacings[where] = spacing_mm
        self._count[0] += SLICES_PER_CASE


def _mapped(path: Path, kind, shape) -> np.ndarray:
    size = np.dtype(kind).itemsize * math.prod(shape)
    is_there = path.exists() and path.stat().st_size == size
    return np.memmap(path, kind, mode="r+" if is_there else "w+", shape=shape)


@contextmanager
def _one_thread_each():
    """Let processes started now compute with one thread: more would only wait for each other."""
    before = {name: os.environ.get(name) for name in _THREAD_COUNTS}
    os.environ.update(dict.fromkeys(_THREAD_COUNTS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def simulate_run(rng: np.random.Generator, maps, size: int, peak: bool):
    """Simulate neighbouring slices of one volume.

    Returns
    -------
    images : ndarray of float32, shape (`SLICES_PER_CASE`, size, size)
    masks : ndarray of bool, same shape
    drops : ndarray of float32, same shape
        Zeros without `peak`.
    spacing_mm : float
        Between neighbouring slices.
    """
    from DSCBrainSegLib.simulation.series.slices import (
        draw_case,
        draw_slice_positions,
        simulate_slices,
    )

    case = draw_case(rng, maps)
    spacing = case.acquisition.slice_spacing_mm
    positions = draw_slice_positions(rng, case, maps, SLICES_PER_CASE, contiguous=True)
    if peak:
        return *simulate_slices(maps, case, positions, size, peak=True), spacing
    images, masks = simulate_slices(maps, case, positions, size)
    return images, masks, np.zeros_like(images), spacing


def _produce(paths, cache, peak, folder, shape, lock, wanted, stop, seed):
    from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps

    parent = os.getppid()
    ring = _Ring(folder, shape)
    rng = np.random.default_rng(seed)
    heads = {}
    while not stop.is_set() and os.getppid() == parent:
        if ring.written >= wanted.value:
            time.sleep(_WAIT_S)
            continue
        path = paths[rng.integers(len(paths))]
        if path not in heads:
            heads[path] = load_head_maps(Path(path), Path(cache))
        run = simulate_run(rng, heads[path], shape[-1], peak)
        with lock:
            ring.put(*run)
