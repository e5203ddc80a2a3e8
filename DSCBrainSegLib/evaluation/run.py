"""Run methods on cases with a reference and write tables and figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase, find_cases, load_case
from DSCBrainSegLib.errors import Cancelled
from DSCBrainSegLib.evaluation.axial_case import AxialCase
from DSCBrainSegLib.evaluation.chosen import NetworkWeights, describe_weights, find_methods
from DSCBrainSegLib.evaluation.html.viewer import CaseViewer
from DSCBrainSegLib.evaluation.measure import VolumeFigures, measure_slices, measure_volume
from DSCBrainSegLib.evaluation.plots.pictures import CasePictures, plan_pictures
from DSCBrainSegLib.evaluation.references import describe_references, describe_scope
from DSCBrainSegLib.evaluation.result import OUTPUT_NAMES, Evaluation
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

PICTURE_ROWS = 4
"""Rows of the comparison figure."""


def evaluate_folder(
    folder: str | Path,
    methods: Sequence[str],
    output: str | Path,
    overwrite: bool = False,
    part: str | None = None,
    weights: Sequence[NetworkWeights] = (),
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
    part : {"train", "validation", "test"}, optional
        Of the cohort's split; the whole cohort by default.
    weights : sequence of NetworkWeights
        More networks to evaluate, or other weights for the network.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Evaluation

    Raises
    ------
    SeriesError
        There is no case, or no such part.
    ConfigurationError
        No method, or one that does not exist.
    WeightsError
        A weight file is missing or damaged.
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
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.evaluation.write import write_evaluation
    from DSCBrainSegLib.files import output_folder, refuse_existing

    chosen = find_methods(methods, weights)
    weights_facts = describe_weights(chosen, weights)
    cases = find_cases(folder, part)
    require_matplotlib()
    refuse_existing(Path(output), OUTPUT_NAMES, overwrite)
    with output_folder(Path(output), overwrite) as work:
        evaluation = evaluate(cases, chosen, progress=progress, cancelled=cancelled)
        evaluation.scope = describe_scope(Path(folder), part)
        evaluation.weights = weights_facts
        write_evaluation(evaluation, work)
    return evaluation


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
    evaluation = Evaluation(
        [method.name for method in methods], references=describe_references(cases)
    )
    plan = plan_pictures(len(cases), picture_rows)
    warm: set[str] = set()
    total = len(cases) * len(methods)
    for index, case in enumerate(cases):
        try:
            loaded = load_case(case)
            axial = AxialCase(loaded)
            pictures = CasePictures(axial, [level for row, level in plan if row == index])
            viewer = CaseViewer(axial)
        except Exception as error:  # whatever a file provokes must not cost the other cases
            evaluation.volumes += [_failed(case, method, error) for method in methods]
            continue
        evaluation.pictures += pictures.rows
        evaluation.viewers.append(viewer.case)
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
            planes = len(axial.image)
            evaluation.volumes.append(measure_volume(mask, loaded, method.name, planes, seconds))
            evaluation.slices += measure_slices(mask, loaded, method.name)
            on_planes = axial.mask(mask)
            pictures.add(method.name, on_planes)
            viewer.add(method.name, on_planes)
    progress(total, total, "Done")
    return evaluation


def _segment(loaded: LoadedCase, method: SegmentationMethod) -> np.ndarray:
    from DSCBrainSegLib.pipeline import segment_volume

    return segment_volume(loaded.image, loaded.affine, method)


def _failed(case: ReferenceCase, method: SegmentationMethod, error: Exception) -> VolumeFigures:
    from DSCBrainSegLib.errors import DSCBrainSegError

    kind = "" if isinstance(error, DSCBrainSegError) else f"{type(error).__name__}: "
    # Where the cohort lies is nobody's business in a report: folders are named after people.
    reason = f"{kind}{error}".replace(str(case.image.parent), case.name)
    return VolumeFigures(case.name, method.name, failure=reason)
