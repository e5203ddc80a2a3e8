"""A pool of simulated slices that background processes keep fresh while the network trains."""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

SLICES_PER_CASE = 8
"""Neighbouring slices that are simulated together."""

DROP_UNKNOWN_PROBABILITY = 0.5
"""How often the network does not get the fall of the signal: a single frame must do, too."""

NO_NEIGHBOURS_PROBABILITY = 0.1
"""How often it sees the slice itself in place of its neighbours, as at the ends of a series."""

_WAIT_S = 0.02
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class SlicePool:
    """Ring of runs of simulated slices in shared memory, written by processes, read by the trainer.

    The producers stay ahead of the trainer only as far as `reuse` asks, so that they leave the
    processor to the training when it is the bottleneck.

    Parameters
    ----------
    label_maps : list of Path
        Whole-head label maps to simulate from.
    cache : Path
        Folder for the maps derived from them.
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

    def __init__(self, label_maps, cache, network, capacity=8000, reuse=2.0, processes=1, seed=0):
        self.runs = capacity // SLICES_PER_CASE
        self.network = network
        self.reuse = reuse
        shape = (self.runs, SLICES_PER_CASE, network.input_size, network.input_size)
        context = multiprocessing.get_context("spawn")
        memory = [context.RawArray("B", math.prod(shape)) for _ in range(3)]
        self.images, self.masks, self.drops = _views(memory, shape)
        self._written = context.Value("q", 0)
        self._wanted = context.Value("q", 0)
        self._drawn = 0
        self._stop = context.Event()
        paths = [str(path) for path in label_maps]
        shared = (memory, shape, self._written, self._wanted, self._stop)
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
        self._wanted.value = max(ready, self.runs * SLICES_PER_CASE // 4)
        with _one_thread_each():
            for process in self._processes:
                process.start()
        while self._written.value < ready:
            if not any(process.is_alive() for process in self._processes):
                raise RuntimeError("The simulation processes stopped; see their messages above.")
            time.sleep(_WAIT_S)

    def draw(self, rng: np.random.Generator, count: int):
        """Draw a batch: images (count, N, N, C) float32 in [0, 1] and labels (count, N, N) int32.

        Half of the slices are mirrored left-right. The channels are those of `input_channels`.
        """
        filled = min(self._written.value // SLICES_PER_CASE, self.runs)
        run = rng.integers(filled, size=count)
        place = rng.integers(SLICES_PER_CASE, size=count)
        self._drawn += count
        self._wanted.value = max(self._wanted.value, int(self._drawn / self.reuse))
        alone = rng.random(count) < NO_NEIGHBOURS_PROBABILITY
        network = self.network
        channels = []
        for offset in range(-network.neighbours, network.neighbours + 1):
            there = np.clip(place + np.where(alone, 0, offset), 0, SLICES_PER_CASE - 1)
            channels.append(self.images[run, there])
        if network.bolus_channel:
            known = rng.random(count) >= DROP_UNKNOWN_PROBABILITY
            channels.append(self.drops[run, place] * known[:, None, None])
        images = np.stack(channels, axis=-1).astype(np.float32) / 255
        masks = self.masks[run, place].astype(np.int32)
        flipped = rng.random(count) < 0.5
        images[flipped] = images[flipped, :, ::-1]
        masks[flipped] = masks[flipped, :, ::-1]
        return images, masks

    @property
    def written(self) -> int:
        """Slices simulated so far."""
        return self._written.value

    def stop(self) -> None:
        """End the producers."""
        self._stop.set()
        for process in self._processes:
            if process.pid:
                process.join(timeout=5)
                process.terminate()


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
    """
    from DSCBrainSegLib.simulation.series.slices import (
        draw_case,
        draw_slice_positions,
        simulate_slices,
    )

    case = draw_case(rng, maps)
    positions = draw_slice_positions(rng, case, maps, SLICES_PER_CASE, contiguous=True)
    if peak:
        return simulate_slices(maps, case, positions, size, peak=True)
    images, masks = simulate_slices(maps, case, positions, size)
    return images, masks, np.zeros_like(images)


def _views(memory, shape):
    return tuple(np.frombuffer(part, np.uint8).reshape(shape) for part in memory)


def _produce(paths, cache, peak, memory, shape, written, wanted, stop, seed):
    from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps

    parent = os.getppid()
    images, masks, drops = _views(memory, shape)
    rng = np.random.default_rng(seed)
    heads = {}
    while not stop.is_set() and os.getppid() == parent:
        if written.value >= wanted.value:
            time.sleep(_WAIT_S)
            continue
        path = paths[rng.integers(len(paths))]
        if path not in heads:
            heads[path] = load_head_maps(Path(path), Path(cache))
        image, mask, drop = simulate_run(rng, heads[path], shape[-1], peak)
        with written.get_lock():
            where = written.value // SLICES_PER_CASE % len(images)
            images[where] = np.rint(image * 255).astype(np.uint8)
            masks[where] = mask
            drops[where] = np.rint(drop * 255).astype(np.uint8)
            written.value += SLICES_PER_CASE
