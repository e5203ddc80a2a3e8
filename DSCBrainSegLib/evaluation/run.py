"""Run methods on cases with a reference and write tables and figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase, find_cases, load_case
from DSCBrainSegLib.errors import Cancelled, ConfigurationError
from DSCBrainSegLib.evaluation.measure import (
    SliceFigures,
    VolumeFigures,
    measure_slices,
    measure_volume,
)
from DSCBrainSegLib.evaluation.pictures import CasePictures, PictureRow, plan_pictures
from DSCBrainSegLib.methods import SegmentationMethod, list_methods
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

PICTURE_ROWS = 4
"""Rows of the comparison figure."""

OUTPUT_NAMES = [
    "table.md",
    "table.csv",
    "table.html",
    "per-volume.csv",
    "per-slice.csv",
    "figure.png",
    "dice-by-slice.png",
]


@dataclass
class Evaluation:
    """Figures of methods on cases.

    Parameters
    ----------
    methods : list of str
        In the order of the tables.
    volumes : list of VolumeFigures
        One for each case and method, failures included.
    slices : list of SliceFigures
    pictures : list of PictureRow
        Slices for the comparison figure.
    """

    methods: list[str]
    volumes: list[VolumeFigures] = field(default_factory=list)
    slices: list[SliceFigures] = field(default_factory=list)
    pictures: list[PictureRow] = field(default_factory=list)


def evaluate_folder(
    folder: str | Path,
    methods: Sequence[str],
    output: str | Path,
    overwrite: bool = False,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Evaluation:
    """Evaluate methods on a cohort and write all results into a folder, or nothing.

    Parameters
    ----------
    folder : path
        One sub-folder for each subject; see `find_cases`.
    methods : sequence of str
        Names of registered methods or of peers.
    output : path
        Gets the files of `OUTPUT_NAMES`.
    overwrite : bool
        Replace results that are in `output` already.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Evaluation

    Raises
    ------
    SeriesError
        There is no case.
    ConfigurationError
        No method, or one that does not exist.
    MissingPackageError
        matplotlib is not installed.
    OutputError
        `output` cannot be written or holds results already.
    Cancelled
        `cancelled` returned True.

    Examples
    --------
    >>> evaluate_folder("cohort", ["otsu", "network"], "results")  # doctest: +SKIP
    """
    from DSCBrainSegLib.evaluation.figure import require_matplotlib
    from DSCBrainSegLib.evaluation.write import write_evaluation
    from DSCBrainSegLib.files import output_folder, refuse_existing

    chosen = find_methods(methods)
    cases = find_cases(folder)
    require_matplotlib()
    refuse_existing(Path(output), OUTPUT_NAMES, overwrite)
    with output_folder(Path(output), overwrite) as work:
        evaluation = evaluate(cases, chosen, progress=progress, cancelled=cancelled)
        write_evaluation(evaluation, work)
    return evaluation


def find_methods(names: Sequence[str]) -> list[SegmentationMethod]:
    """Return the methods and peers of those names, each once.

    Raises
    ------
    ConfigurationError
        No name is given or there is no such method; the message lists those there are.
    """
    from DSCBrainSegLib.evaluation.peers import peers

    known = {method.name: method for method in [*peers(), *list_methods()]}
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        problem = f"There is no method {unknown[0]!r}" if unknown else "No method is given"
        raise ConfigurationError(f"{problem}; choose from {', '.join(sorted(known))}.")
    return [known[name] for name in dict.fromkeys(names)]


def evaluate(
    cases: Sequence[ReferenceCase],
    methods: Sequence[SegmentationMethod],
    picture_rows: int = PICTURE_ROWS,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Evaluation:
    """Segment every case with every method and compare with the reference.

    Times are measured in this run, one method after the other on each volume, after one untimed
    call of each method that loads packages and weights. A case that cannot be read and a method
    that fails are recorded; the run goes on.

    Parameters
    ----------
    cases : sequence of ReferenceCase
        At least one.
    methods : sequence of SegmentationMethod
    picture_rows : int
        Slices to keep for the comparison figure, spread over the cases.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Evaluation

    Raises
    ------
    Cancelled
        `cancelled` returned True.
    """
    evaluation = Evaluation([method.name for method in methods])
    plan = plan_pictures(len(cases), picture_rows)
    warm: set[str] = set()
    total = len(cases) * len(methods)
    for index, case in enumerate(cases):
        try:
            loaded = load_case(case)
            pictures = CasePictures(loaded, [level for row, level in plan if row == index])
        except Exception as error:  # whatever a file provokes must not cost the other cases
            evaluation.volumes += [_failed(case, method, error) for method in methods]
            continue
        evaluation.pictures += pictures.rows
        for number, method in enumerate(methods):
            check_cancelled(cancelled)
            progress(index * len(methods) + number, total, f"{case.name}: {method.name}")
            try:
                if method.name not in warm:
                    _segment(loaded, method)
                    warm.add(method.name)
                start = time.perf_counter()
                mask = _segment(loaded, method)
                seconds = time.perf_counter() - start
            except Cancelled:
                raise
            except Exception as error:  # as above, for whatever a method or a peer raises
                evaluation.volumes.append(_failed(case, method, error))
                continue
            evaluation.volumes.append(measure_volume(mask, loaded, method.name, seconds))
            evaluation.slices += measure_slices(mask, loaded, method.name)
            pictures.add(method.name, mask)
    progress(total, total, "Done")
    return evaluation


def _segment(loaded: LoadedCase, method: SegmentationMethod) -> np.ndarray:
    from DSCBrainSegLib.pipeline import segment_volume

    return segment_volume(loaded.image, loaded.affine, method)


def _failed(case: ReferenceCase, method: SegmentationMethod, error: Exception) -> VolumeFigures:
    from DSCBrainSegLib.errors import DSCBrainSegError

    kind = "" if isinstance(error, DSCBrainSegError) else f"{type(error).__name__}: "
    return VolumeFigures(case.name, method.name, failure=f"{kind}{error}")
