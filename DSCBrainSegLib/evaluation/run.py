"""Run methods on cases with a reference and write tables and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from DSCBrainSegLib.case_loop import Job, Outcome, segment_many
from DSCBrainSegLib.cohort.cases import ReferenceCase, find_cases, load_case
from DSCBrainSegLib.evaluation.axial_case import AxialCase
from DSCBrainSegLib.evaluation.chosen import NetworkWeights, describe_weights, find_methods
from DSCBrainSegLib.evaluation.html.viewer import CaseViewer
from DSCBrainSegLib.evaluation.mask_effects import CaseEffects
from DSCBrainSegLib.evaluation.measure import VolumeFigures, measure_slices, measure_volume
from DSCBrainSegLib.evaluation.plots.pictures import CasePictures, plan_pictures
from DSCBrainSegLib.evaluation.references import describe_references, describe_scope
from DSCBrainSegLib.evaluation.result import EFFECT_NAMES, OUTPUT_NAMES, Evaluation
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress

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
    bolus: bool = True,
) -> Evaluation:
    """Evaluate methods on a cohort and write all results into a folder, or nothing.

    Parameters
    ----------
    folder : path
        One sub-folder for each subject; see `find_cases`.
    methods : sequence of str
        Names of registered methods or of external tools.
    output : path
        Gets the files of `OUTPUT_NAMES`, and of `EFFECT_NAMES` where a case has a series with a
        bolus.
    overwrite : bool
        Replace results that are in `output` already.
    part : {"train", "validation", "test"}, optional
        Of the cohort's split; the whole cohort by default.
    weights : sequence of NetworkWeights
        More networks to evaluate, or other weights for the network.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.
    bolus : bool
        Give methods that want it the whole series where a case has one, as `segment` does by
        default; False: the one time point alone.

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
    >>> from DSCBrainSegLib import evaluate
    >>> found = evaluate("cohort", ["otsu", "aabl"], "figures")
    >>> [row.failure for row in found.volumes if row.method == "otsu"]
    ['', '']
    """
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.evaluation.write import write_evaluation
    from DSCBrainSegLib.files import output_folder, refuse_existing

    chosen = find_methods(methods, weights)
    weights_facts = describe_weights(chosen)
    cases = find_cases(folder, part)
    require_matplotlib()
    refuse_existing(Path(output), [*OUTPUT_NAMES, *EFFECT_NAMES], overwrite)
    with output_folder(Path(output), overwrite) as work:
        evaluation = evaluate(cases, chosen, progress=progress, cancelled=cancelled, bolus=bolus)
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
    bolus: bool = True,
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
    bolus : bool
        Give methods that want it the whole series where a case has one, as `segment` does by
        default; False: the one time point alone.

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

    def jobs() -> Iterator[Job]:
        for index, case in enumerate(cases):
            try:
                loaded = load_case(case, whole_series=bolus)
                axial = AxialCase(loaded)
                shown = CasePictures(axial, [level for row, level in plan if row == index])
                viewer = CaseViewer(axial)
                effects = CaseEffects(loaded)
            except Exception as error:  # whatever a file provokes must not cost the other cases
                for method in methods:
                    files = [each for each in (case.image, case.reference, case.series) if each]
                    unread = Job(case.name, files, method)
                    evaluation.volumes.append(_failed(Outcome(unread, error=error)))
                continue
            evaluation.pictures += shown.rows
            evaluation.viewers.append(viewer.case)
            evaluation.effects += effects.rows
            context = (loaded, axial, shown, viewer, effects)
            source = replace(loaded.series, source=case.image)
            for method in methods:
                yield Job(case.name, source, method, loaded.frame, bolus=bolus, context=context)

    used: dict[str, list[bool]] = {}
    total = len(cases) * len(methods)
    for outcome in segment_many(jobs(), total, True, False, progress, cancelled):
        if outcome.result is None:
            evaluation.volumes.append(_failed(outcome))
            continue
        loaded, axial, shown, viewer, effects = outcome.job.context
        mask, name = outcome.result.mask, outcome.method.name
        used.setdefault(name, []).append(outcome.result.bolus_used)
        planes = len(axial.image)
        evaluation.volumes.append(measure_volume(mask, loaded, name, planes, outcome.seconds))
        evaluation.slices += measure_slices(mask, loaded, name)
        on_planes = axial.mask(mask)
        shown.add(name, on_planes)
        viewer.add(name, on_planes)
        evaluation.effects += effects.add(name, mask)
    evaluation.inputs = [
        f"{name} used the bolus in {sum(flags)} of {len(flags)} volumes, one time point alone in "
        "the others."
        for name, flags in used.items()
        if any(flags)
    ]
    return evaluation


def _failed(outcome: Outcome) -> VolumeFigures:
    return VolumeFigures(outcome.job.name, outcome.method.name, failure=outcome.failure)
