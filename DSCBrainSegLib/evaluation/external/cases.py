"""A simulated test set with abnormal brains, kept on disk so that every method sees the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.cases import (
    PEAK_NAME,
    REFERENCE_NAME,
    SOURCE_NAME,
    find_cases,
    load_case,
)
from DSCBrainSegLib.cohort.layout import FRAME_NAME, LESION_NAME
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

TEST_MAPS = {
    "SynthSeg": tuple(f"training_seg_{number:02d}.nii.gz" for number in range(17, 21)),
    "BrainWeb": tuple(f"brainweb_{number:02d}.nii.gz" for number in range(47, 51)),
}
"""Heads that no network of this project was trained on, by where they come from."""

SET_NAME = "set.json"
DRAWS_PER_CASE = 1000
"""Seeds set aside for one case; the first with a lesion and brain on its slices is taken."""

SEEDS_PER_SET = DRAWS_PER_CASE * 100_000
"""Seeds from one set's first to the next set's."""


def make_simulated_set(
    folder: Path,
    label_maps: Sequence[Path],
    count: int = 100,
    seed: int = 4,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Path:
    """Simulate abnormal brains, or complete a set that was begun.

    The heads are those of `TEST_MAPS` that are there, in turn. Every volume has a lesion; matrix,
    contrast, coverage and artefacts are as the simulator draws them. A volume is stored whole or
    not at all: image, exact masks of brain and lesion, and the image at the peak of the bolus.

    Parameters
    ----------
    folder : Path
        Gets one sub-folder for each volume, as `cohort.cases.find_cases` reads them.
    label_maps : sequence of Path
        Folders with `TEST_MAPS` of one source or of several.
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
    folder = Path(folder)
    if count < 1:
        raise ConfigurationError(f"{count} simulated volumes were asked for; ask for at least 1.")
    heads = find_test_maps(label_maps)
    facts = {"seed": seed, "heads": [path.name for path in heads]}
    _check_set(folder, facts)
    pending = [
        (name, number)
        for number in range(count)
        if not (folder / (name := f"simulated-{number:03d}") / SOURCE_NAME).is_file()
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / SET_NAME, facts)
        # One head at a time: the maps of a head are large.
        for head, path in enumerate(heads):
            own = [(name, number) for name, number in pending if number % len(heads) == head]
            if own or head == 0:
                maps = _head_maps(path)
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


def find_test_maps(label_maps: Sequence[Path]) -> list[Path]:
    """Return the heads of `TEST_MAPS` in some folders, all of a source or none, sources in turn.

    Raises
    ------
    ConfigurationError
        A folder has none of them, or only some of a source's.
    """
    by_source = []
    for folder in map(Path, label_maps):
        there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        known = [names for names in TEST_MAPS.values() if there & set(names)]
        missing = [name for names in known or TEST_MAPS.values() for name in names]
        missing = [name for name in missing if name not in there]
        if missing or not known:
            raise ConfigurationError(
                f"{folder} lacks {missing[0]}; give the folder of the whole-head label maps "
                "(--label-maps)."
            )
        by_source += [[folder / name for name in names] for names in known]
    return [path for turn in zip(*by_source, strict=True) for path in turn]


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
    drawn = simulate_volume(read_json(source)["simulation"]["seed"], maps, bolus=True)
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
    from DSCBrainSegLib.simulation.series.volumes import (
        abnormal_seeds,
        lesion_mask,
        simulate_volume,
    )

    for seed in abnormal_seeds(maps, first_seed):
        volume = simulate_volume(seed, maps, bolus=True)
        if volume.mask.any():
            break
    work = hidden_name(folder, name)
    work.mkdir()
    try:
        write_nifti(work / FRAME_NAME, volume.image, volume.affine)
        write_nifti(work / PEAK_NAME, volume.peak, volume.affine)
        write_nifti(work / REFERENCE_NAME, volume.mask, volume.affine)
        write_nifti(work / LESION_NAME, lesion_mask(volume, maps), volume.affine)
        write_json(
            work / SOURCE_NAME,
            {
                "reference": {"kind": SIMULATED},
                "simulation": {
                    "seed": seed,
                    "head": maps.name,
                    "source": next(
                        (name for name, own in TEST_MAPS.items() if f"{maps.name}.nii.gz" in own),
                        "",
                    ),
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
