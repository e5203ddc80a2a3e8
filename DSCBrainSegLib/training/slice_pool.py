"""A pool of simulated slices that background processes keep fresh while the network trains."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import numpy as np

SLICES_PER_CASE = 8
_WAIT_S = 0.02


class SlicePool:
    """Ring of simulated slices in shared memory, written by processes, read by the trainer.

    The producers stay ahead of the trainer only as far as `reuse` asks, so that they leave the
    processor to the training when it is the bottleneck.

    Parameters
    ----------
    label_maps : list of Path
        Whole-head label maps to simulate from.
    cache : Path
        Folder for the maps derived from them.
    capacity : int
        Slices held at a time.
    reuse : float
        How often a slice is drawn on average before it is replaced.
    processes : int
        Producer processes.
    seed : int
        Seeds of the producers are derived from it.
    size : int
        Rows and columns of a slice.
    """

    def __init__(self, label_maps, cache, capacity=8000, reuse=2.0, processes=1, seed=0, size=128):
        self.capacity = capacity
        self.reuse = reuse
        context = multiprocessing.get_context("spawn")
        self._images_memory = context.RawArray("B", capacity * size * size)
        self._masks_memory = context.RawArray("B", capacity * size * size)
        self.images, self.masks = _views(self._images_memory, self._masks_memory, capacity, size)
        self._written = context.Value("q", 0)
        self._wanted = context.Value("q", 0)
        self._drawn = 0
        self._stop = context.Event()
        seeds = np.random.SeedSequence(seed).spawn(processes)
        self._processes = [
            context.Process(
                target=_produce,
                args=(
                    [str(path) for path in label_maps],
                    str(cache),
                    self._images_memory,
                    self._masks_memory,
                    capacity,
                    size,
                    self._written,
                    self._wanted,
                    self._stop,
                    child,
                ),
                daemon=True,
            )
            for child in seeds
        ]

    def start(self, ready: int = 512) -> None:
        """Start the producers and wait until `ready` slices are there."""
        self._wanted.value = max(ready, self.capacity // 4)
        for process in self._processes:
            process.start()
        while self._written.value < ready:
            if not any(process.is_alive() for process in self._processes):
                raise RuntimeError("The simulation processes stopped; see their messages above.")
            time.sleep(_WAIT_S)

    def draw(self, rng: np.random.Generator, count: int):
        """Draw a batch: images (count, N, N, 1) float32 in [0, 1] and labels (count, N, N) int32.

        Half of the slices are mirrored left-right.
        """
        filled = min(self._written.value, self.capacity)
        chosen = rng.integers(filled, size=count)
        self._drawn += count
        self._wanted.value = max(self._wanted.value, int(self._drawn / self.reuse))
        images = self.images[chosen].astype(np.float32) / 255
        masks = self.masks[chosen].astype(np.int32)
        flipped = rng.random(count) < 0.5
        images[flipped] = images[flipped, :, ::-1]
        masks[flipped] = masks[flipped, :, ::-1]
        return images[..., None], masks

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


def _views(images, masks, capacity, size):
    return tuple(
        np.frombuffer(memory, np.uint8).reshape(capacity, size, size) for memory in (images, masks)
    )


def _produce(
    paths, cache, images_memory, masks_memory, capacity, size, written, wanted, stop, seed
):
    from DSCBrainSegLib.simulation.maps import load_head_maps
    from DSCBrainSegLib.simulation.slices import (
        draw_case,
        draw_slice_positions,
        simulate_slices,
    )

    parent = os.getppid()
    images, masks = _views(images_memory, masks_memory, capacity, size)
    rng = np.random.default_rng(seed)
    heads = {}
    while not stop.is_set() and os.getppid() == parent:
        if written.value >= wanted.value:
            time.sleep(_WAIT_S)
            continue
        path = paths[rng.integers(len(paths))]
        if path not in heads:
            heads[path] = load_head_maps(Path(path), Path(cache))
        case = draw_case(rng, heads[path])
        positions = draw_slice_positions(rng, case, heads[path], SLICES_PER_CASE)
        new_images, new_masks = simulate_slices(heads[path], case, positions, size)
        with written.get_lock():
            start = written.value
            where = np.arange(start, start + len(positions)) % capacity
            images[where] = np.rint(new_images * 255).astype(np.uint8)
            masks[where] = new_masks
            written.value = start + len(positions)
