"""A cohort of simulated subjects with tumours, for trying and testing the training protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.ground_truth import SIMULATION, GroundTruth, now
from DSCBrainSegLib.cohort.layout import Cohort, Subject
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

TUMOUR_SHARES = {
    "glioblastoma": 0.5,
    "solid": 0.1,
    "haemorrhage": 0.1,
    "cavity": 0.15,
    "infarct": 0.05,
    "extra_axial": 0.1,
}
"""How often each lesion is drawn; the source paper's subjects all have a glioblastoma."""


@dataclass(frozen=True)
class SubjectDraws:
    """Protocol and lesion of one simulated subject: arguments of `simulate_phantom`.

    Lengths in mm, times in seconds, field strength in tesla, flip angle in degrees.
    """

    seed: int
    tumour: str
    field_strength: float
    echo_time: float
    repetition_time: float
    flip_angle: float
    matrix: int
    field_of_view_mm: float
    slice_thickness_mm: float
    gap_mm: float
    slices: int
    frames: int


def draw_subject(seed: int, index: int, slices: int = 20, frames: int = 4) -> SubjectDraws:
    """Draw scanner, protocol and lesion of one subject.

    Ranges follow published DSC practice: echo times of 25 to 35 ms at 3 T and 40 to 50 ms at 1.5 T,
    flip angles of 60 and 90 degrees, 96 or 128 pixels over 210 to 240 mm.

    Parameters
    ----------
    seed, index : int
        Of the cohort, and of the subject in it: the same pair draws the same subject.
    slices, frames : int
    """
    rng = np.random.default_rng([seed, index])
    three_tesla = rng.random() < 0.5
    echo_time = rng.uniform(0.025, 0.035) if three_tesla else rng.uniform(0.040, 0.050)
    thickness = rng.uniform(4.0, 5.5)
    # What 20 slices of 5 mm with a gap of 1 mm cover, whatever their number.
    spacing = 120.0 / slices if slices > 14 else thickness + 1.0
    return SubjectDraws(
        seed=int(rng.integers(2**31)),
        tumour=str(rng.choice(list(TUMOUR_SHARES), p=list(TUMOUR_SHARES.values()))),
        field_strength=3.0 if three_tesla else 1.5,
        echo_time=round(float(echo_time), 4),
        repetition_time=round(float(rng.uniform(1.2, 2.0)), 3),
        flip_angle=float(rng.choice([60.0, 90.0])),
        matrix=int(rng.choice([96, 128])),
        field_of_view_mm=float(rng.choice([210.0, 220.0, 230.0, 240.0])),
        slice_thickness_mm=round(float(min(thickness, spacing)), 2),
        gap_mm=round(float(max(spacing - thickness, 0.0)), 2),
        slices=slices,
        frames=frames,
    )


@dataclass(frozen=True)
class WideSubjectDraws:
    """Arguments of `simulate_wide_phantom` for one simulated subject."""

    seed: int
    frames: int


def draw_wide_subject(seed: int, index: int, frames: int = 4) -> WideSubjectDraws:
    """Draw the seed of one subject of the wide priors.

    Parameters
    ----------
    seed, index : int
        Of the cohort, and of the subject in it: the same pair draws the same subject.
    frames : int
    """
    rng = np.random.default_rng([seed, index, 1])
    return WideSubjectDraws(seed=int(rng.integers(2**31)), frames=frames)


def draw_head(seed: int, index: int, label_maps: Sequence[Path]) -> Path:
    """Return the label map of one subject: all are used once before any is used again.

    Parameters
    ----------
    seed, index : int
        Of the cohort, and of the subject in it, from 1.
    label_maps : sequence of Path
    """
    turn, place = divmod(index - 1, len(label_maps))
    order = np.random.default_rng([seed, turn, 2]).permutation(len(label_maps))
    return label_maps[order[place]]


def simulate_cohort(
    cohort: Cohort,
    count: int,
    seed: int = 0,
    slices: int = 20,
    frames: int = 4,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
    label_maps: Sequence[Path] = (),
    wide: bool = False,
) -> list[Subject]:
    """Add simulated subjects with exact masks; those that are there already are kept.

    Without label maps all heads are built around the MNI152 template brain, each with its own
    shape, walls, scanner and lesion: what holds on them is not yet shown on people.

    Parameters
    ----------
    cohort : Cohort
    count : int
        Subjects ``sim-001`` to ``sim-<count>``.
    seed : int
    slices, frames : int
        Of every series. The 4th frame is the reference. Wide draws choose the slices themselves.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.
    label_maps : sequence of Path
        Heads to use, in an order drawn from the seed; subjects of one head are one person.
    wide : bool
        Draw protocol, contrast, lesions and motion as for training (`simulate_wide_phantom`).

    Returns
    -------
    list of Subject

    Raises
    ------
    MissingPackageError
        nilearn, which brings the MNI152 brain, is not installed.
    ConfigurationError
        A label map cannot be used.
    OutputError
        The cohort cannot be written.
    Cancelled
        `cancelled` returned True; the subjects made so far are whole.
    """
    there = {subject.name: subject for subject in cohort.subjects}
    made = []
    with TemporaryDirectory(prefix="dscbrainseg-") as cache:
        for index in range(1, count + 1):
            check_cancelled(cancelled)
            name = f"sim-{index:03d}"
            progress(index - 1, count, f"Simulating {name}")
            if name not in there:
                path = draw_head(seed, index, label_maps) if label_maps else None
                if wide:
                    draws = draw_wide_subject(seed, index, frames)
                else:
                    draws = draw_subject(seed, index, slices, frames)
                there[name] = _add(cohort, name, draws, path, Path(cache))
            made.append(there[name])
    progress(count, count, "Done")
    return made


def _add(cohort: Cohort, name: str, draws, path: Path | None, cache: Path) -> Subject:
    from DSCBrainSegLib.simulation.anatomy.heads import read_head
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom, simulate_wide_phantom

    maps, head = read_head(path, cache) if path else (None, None)
    wide = isinstance(draws, WideSubjectDraws)
    simulate = simulate_wide_phantom if wide else simulate_phantom
    phantom = simulate(**asdict(draws), maps=maps, head=head)
    return add_subject(
        cohort,
        name,
        phantom.series,
        mask=phantom.mask,
        ground_truth=GroundTruth(SIMULATION, now(), confirmed_by=SIMULATION),
        person=f"head-{head['sha256'][:12]}" if head else "",
        keep_series=draws.frames > 4,
        origin={
            "simulated": True,
            "wide": wide,
            **asdict(draws),
            **({"label_map": head["label_map"]} if head else {}),
        },
        lesion=phantom.lesion,
    )
