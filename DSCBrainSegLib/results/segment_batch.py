"""Many series into a folder of results that can be gone on with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from DSCBrainSegLib.case_loop import Job, describe_failure, segment_many
from DSCBrainSegLib.cohort.layout import FRAME_NAME
from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.methods import SegmentationMethod, get_method
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, never_cancelled, no_progress
from DSCBrainSegLib.results.batch import WAITING, Batch, BatchItem
from DSCBrainSegLib.results.sources import BatchSource
from DSCBrainSegLib.results.write import output_names, write_results


def segment_batch(
    sources: Iterable[BatchSource],
    output: str | Path,
    method: str | SegmentationMethod = "network",
    frame: int | str | None = None,
    weights: str | Path | None = None,
    bolus: bool = True,
    mask_formats: tuple[str, ...] = ("nii.gz",),
    retry: bool = True,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Iterator[BatchItem]:
    """Segment series into a folder; who calls it again with the same folder goes on.

    Each series gets a folder named by its code, with what `segment` writes: mask, overlay.png,
    segment.json and report.html. ``batch.json`` and ``summary.csv`` are up to date after each.

    Parameters
    ----------
    sources : iterable of BatchSource
        See `results.sources.find_sources`.
    output : path
        Made if it does not exist; empty, or a batch with the same settings.
    method, frame, weights, bolus
        See `pipeline.segment_series`.
    mask_formats : tuple of str
        See `results.write.write_results`; ``"nii.gz"`` must be among them.
    retry : bool
        Try again what failed in an earlier run.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Yields
    ------
    BatchItem
        Each series once it is done or has failed; those done in earlier runs first.

    Raises
    ------
    ConfigurationError
        Unknown method, or `output` holds other files or a batch with other settings.
    WeightsError
        The weights are missing or damaged.
    OutputError
        The folder cannot be written; what is done stays.
    Cancelled
        `cancelled` returned True; what is done stays.

    Examples
    --------
    >>> from DSCBrainSegLib import find_sources, segment_batch
    >>> for item in segment_batch(find_sources("scans"), "batch", method="otsu"):
    ...     print(item.code, item.state, item.facts["time_point"])
    series-001 done 4
    series-002 done 4
    """
    output_names(mask_formats)
    chosen = get_method(method) if isinstance(method, str) else method
    if weights is not None:
        chosen = chosen.with_weights(weights)
    sha256 = (chosen.facts or {})["sha256"] if weights is not None else ""
    batch = Batch(output, chosen.name, frame, sha256, bolus)
    batch.add(sources)
    if retry:
        batch.retry_failed()
    batch.save()
    yield from (item for item in batch.items if item.state != WAITING)

    def jobs() -> Iterator[Job]:
        while (item := batch.next_item()) is not None:
            batch.begin(item)
            files = batch.source(item).files
            single = isinstance(files, str) and Path(files).name == FRAME_NAME
            at = None if single else frame
            yield Job(item.code, files, chosen, at, bolus=bolus, context=item)

    waiting = sum(item.state == WAITING for item in batch.items)
    for outcome in segment_many(jobs(), waiting, progress=progress, cancelled=cancelled):
        item = outcome.job.context
        if outcome.result is None:
            batch.fail(item, outcome.failure)
        else:
            folder = batch.output / item.code
            try:
                facts = write_results(outcome.result, folder, mask_formats, overwrite=True)
                batch.note(item, facts)
            except (ConfigurationError, SeriesError) as error:  # it cannot have such a file
                batch.fail(item, describe_failure(error, outcome.job))
        yield item
