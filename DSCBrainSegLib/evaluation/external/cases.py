"""A simulated test set with abnormal brains, kept on disk so that every method sees the same."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.cases import REFERENCE_NAME, SOURCE_NAME, find_cases, load_case
from DSCBrainSegLib.cohort.layout import FRAME_NAME
from DSCBrainSegLib.errors import ConfigurationError, OutputError
from DSCBrainSegLib.evaluation.references import SIMULATED
from DSCBrainSegLib.files import hidden_name, read_json, write_json
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

TEST_MAPS = tuple(f"training_seg_{number:02d}.nii.gz" for number in range(17, 21))
"""Heads that no network of this project was trained on."""

SET_NAME = "set.json"
DRAWS_PER_CASE = 1000
"""Seeds set aside for one case; the first that has a lesion is taken."""

SEEDS_PER_SET = DRAWS_PER_CASE * 100_000
"""Seeds from one set's first to the next set's."""


def make_simulated_set(
    folder: Path,
    label_maps: Path,
    count: int = 100,
    seed: int = 4,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Path:
    """Simulate abnormal brains, or complete a set that was begun.

    The heads are `TEST_MAPS` in turn. Every volume has a lesion; matrix, contrast, coverage and
    artefacts are as the simulator draws them. A volume is stored whole or not at all.

    Parameters
    ----------
    folder : Path
        Gets one sub-folder for each volume, as `cohort.cases.find_cases` reads them.
    label_maps : Path
        Folder with `TEST_MAPS`.
    count : int
        Volumes; a set may grow later.
    seed : int
        The same seed and simulator give the same set.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Path
        `folder`.

    Raises
    ------
    ConfigurationError
        `folder` holds another set (seed, heads or simulator differ), or a label map is missing.
    OutputError
        `folder` cannot be written.
    Cancelled
        `cancelled` returned True; the volumes so far are kept.
    """
    folder, label_maps = Path(folder), Path(label_maps)
    if count < 1:
        raise ConfigurationError(f"{count} simulated volumes were asked for; ask for at least 1.")
    facts = {"seed": seed, "heads": list(TEST_MAPS)}
    _check_set(folder, facts)
    pending = [
        (name, number)
        for number in range(count)
        if not (folder / (name := f"simulated-{number:03d}") / SOURCE_NAME).is_file()
    ]
    if missing := [name for name in TEST_MAPS if not (label_maps / name).is_file()]:
        raise ConfigurationError(
            f"{label_maps} lacks {missing[0]}; give the folder of the whole-head label maps "
            "(--label-maps)."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / SET_NAME, facts)
        # One head at a time: the maps of a head are large.
        for head, map_name in enumerate(TEST_MAPS):
            own = [(name, number) for name, number in pending if number % len(TEST_MAPS) == head]
            if own or head == 0:
                maps = _head_maps(label_maps / map_name)
            if head == 0:
                _check_simulator(folder, maps)
            for name, number in own:
                check_cancelled(cancelled)
                done = sum((folder / other / SOURCE_NAME).is_file() for other, _ in pending)
                progress(done, len(pending), f"Simulating {name}")
                _make_case(folder, name, seed * SEEDS_PER_SET + number * DRAWS_PER_CASE, maps)
    except OSError as error:
        raise OutputError(
            f"Cannot write to {folder}: {error.strerror or error}; choose a folder that can be "
            "written and has free space."
        ) from error
    return folder


def _check_set(folder: Path, facts: dict) -> None:
    if not (folder / SET_NAME).is_file():
        return
    stored = read_json(folder / SET_NAME)
    if other := [key for key, value in facts.items() if stored.get(key) != value]:
        raise _another_set(folder, " and ".join(other))


def _check_simulator(folder: Path, maps) -> None:
    """Draw the set's first volume again: what the simulator draws counts, not how it is written."""
    from DSCBrainSegLib.simulation.series.volumes import simulate_volume

    name = "simulated-000"
    source = folder / name / SOURCE_NAME
    if not source.is_file():
        return
    stored = load_case(next(case for case in find_cases(folder) if case.name == name))
    drawn = simulate_volume(read_json(source)["simulation"]["seed"], maps)
    same = drawn.image.shape == stored.image.shape and np.allclose(
        drawn.image, stored.image, rtol=1e-3, atol=1e-3 * float(np.abs(drawn.image).max())
    )
    if not (same and np.mean(drawn.mask != stored.reference) < 1e-3):
        raise _another_set(folder, "state of the simulator")


def _another_set(folder: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{folder} holds a simulated set with another {what}; choose another output folder, or "
        "remove that one to measure anew."
    )


def _head_maps(path: Path):
    from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps

    return load_head_maps(path)


def _make_case(folder: Path, name: str, first_seed: int, maps) -> None:
    from DSCBrainSegLib.series import write_nifti
    from DSCBrainSegLib.simulation.series.volumes import simulate_volume

    for seed in range(first_seed, first_seed + DRAWS_PER_CASE):
        volume = simulate_volume(seed, maps)
        if volume.case.lesions and volume.mask.any():
            break
    else:
        raise ConfigurationError(
            f"None of {DRAWS_PER_CASE} draws has a lesion; the simulator must draw some."
        )
    work = hidden_name(folder, name)
    work.mkdir()
    try:
        write_nifti(work / FRAME_NAME, volume.image, volume.affine)
        write_nifti(work / REFERENCE_NAME, volume.mask, volume.affine)
        write_json(
            work / SOURCE_NAME,
            {
                "reference": {"kind": SIMULATED},
                "simulation": {
                    "seed": seed,
                    "head": maps.name,
                    "lesions": [lesion.kind for lesion in volume.case.lesions],
                    "contrast": "random" if volume.case.random_contrast else "physical",
                    "shape_kji": list(volume.image.shape),
                },
            },
        )
        shutil.rmtree(folder / name, ignore_errors=True)
        os.replace(work, folder / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
