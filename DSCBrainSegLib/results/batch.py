"""Many series, one after the other: what is to be done and what became of it, on disk.

A folder for results holds ``batch.json``, ``summary.csv`` and a folder for each series with its
mask and segment.json. Whoever begins again with the same folder goes on where the batch stopped.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from DSCBrainSegLib.case_loop import hide_names, names_of
from DSCBrainSegLib.cohort.layout import FRAME_NAME
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.files import read_json, write_json, write_text
from DSCBrainSegLib.results.sources import BatchSource

WAITING, RUNNING, DONE, FAILED = STATES = ("waiting", "running", "done", "failed")

BATCH_NAME, SUMMARY_NAME = "batch.json", "summary.csv"
MASK_NAME, FACTS_NAME = "mask.nii.gz", "segment.json"
FORMAT = {"format": "dscbrainseg-batch", "version": 1}


@dataclass
class BatchItem:
    """What became of one series.

    Parameters
    ----------
    code, key : str
        See `BatchSource`.
    state : str
        One of `STATES`.
    failure : str
        Why there is no mask.
    facts : dict
        Of a mask: ``volume_ml``, ``time_point``, ``confidence``, ``slices_to_check``, ``warnings``.
    """

    code: str
    key: str
    state: str = WAITING
    failure: str = ""
    facts: dict = field(default_factory=dict)


class Batch:
    """A folder of results and the series that belong to it.

    Parameters
    ----------
    output : path
        Made if it does not exist.
    method : str
    frame : int, "auto" or None
        See `preprocessing.reference_frame.choose_reference_frame`.
    weights : str
        SHA-256 of weights other than the shipped ones.
    bolus : bool
        False: one time point alone.

    Attributes
    ----------
    items : list of BatchItem
        In the order of `add`; those of earlier runs that were not added again are not listed.

    Raises
    ------
    OutputError
        The folder cannot be written.
    ConfigurationError
        It holds results of another method, time point or weights.
    SeriesError
        Its batch.json is damaged.
    """

    def __init__(
        self,
        output: str | Path,
        method: str,
        frame: int | str | None = None,
        weights: str = "",
        bolus: bool = True,
    ):
        self.output, self.method, self.frame = Path(output).absolute(), method, frame
        self._settings = {"method": method, "frame": frame, "weights": weights, "bolus": bolus}
        self.items: list[BatchItem] = []
        self._sources: dict[str, BatchSource] = {}
        self._stored = self._read()

    def add(self, sources: Iterable[BatchSource]) -> None:
        """Add series; one that is there already stays as it is."""
        for source in sources:
            if source.key in self._sources:
                continue
            item = self._stored.get(source.key)
            if item is None:
                item = BatchItem(self._code(source), source.key)
                self._stored[source.key] = item
            if item.state == DONE and not self._has_mask(item):
                item.state = WAITING
            self._sources[source.key] = source
            self.items.append(item)

    def source(self, item: BatchItem) -> BatchSource:
        """Return what an item is made of."""
        return self._sources[item.key]

    def next_item(self) -> BatchItem | None:
        """Return the first that waits; None if all are done or have failed."""
        return next((item for item in self.items if item.state == WAITING), None)

    def retry_failed(self) -> None:
        """Let those that failed wait again."""
        for item in self.items:
            if item.state == FAILED:
                item.state, item.failure = WAITING, ""

    def request(self, item: BatchItem) -> dict:
        """Return the worker's request for an item."""
        files = self.source(item).files
        single = isinstance(files, str) and Path(files).name == FRAME_NAME
        return {
            "command": "segment",
            "input": files if isinstance(files, str) else list(files),
            "output": str(self.output / item.code),
            "method": self.method,
            "frame": None if single else self.frame,
            "format": "nii.gz",
            "overwrite": True,
        }

    def begin(self, item: BatchItem) -> None:
        """Note that an item runs; on disk it waits until it is done."""
        item.state, item.failure, item.facts = RUNNING, "", {}

    def put_back(self, item: BatchItem) -> None:
        """Note that an item was stopped and waits again."""
        item.state = WAITING

    def finish(self, item: BatchItem, answer: dict) -> None:
        """Keep the figures of a mask that the worker has written.

        Raises
        ------
        OutputError
            The folder cannot be written.
        """
        told = {key: value for key, value in answer.items() if key not in ("event", "id")}
        told["mask_file"] = Path(told["mask_file"]).name
        try:
            write_json(self.output / item.code / FACTS_NAME, told)
        except OSError as error:
            raise self._cannot_write(error) from error
        self.note(item, answer)

    def note(self, item: BatchItem, facts: dict) -> None:
        """Keep the figures of a mask that is in its folder with its segment.json.

        Raises
        ------
        OutputError
            The folder cannot be written.
        """
        quality = facts.get("quality") or {}
        item.state = DONE
        item.facts = {
            "volume_ml": facts["volume_ml"],
            "time_point": facts["frame"]["number"],
            "confidence": quality.get("confidence"),
            "slices_to_check": [each["slice"] + 1 for each in quality.get("slices_to_check", [])],
            "warnings": list(facts["warnings"]),
        }
        self.save()

    def fail(self, item: BatchItem, sentence: str) -> None:
        """Keep why an item has no mask, without names of files, which may name the patient."""
        names = names_of(self.source(item).files)
        item.state, item.failure = FAILED, hide_names(sentence, names, item.code)
        self.save()

    def summary(self) -> str:
        """Say in one line how many are done, failed and waiting, and their volumes."""
        counts = [(sum(i.state == state for i in self.items), state) for state in STATES]
        text = ", ".join(f"{count} {state}" for count, state in counts if count)
        volumes = [item.facts["volume_ml"] for item in self.items if item.state == DONE]
        if volumes:
            text += f"; brain volumes {min(volumes):.0f} to {max(volumes):.0f} mL"
        doubtful = sum(bool(item.facts.get("slices_to_check")) for item in self.items)
        return text + (f"; {doubtful} with slices to check" if doubtful else "")

    def save(self) -> None:
        """Write batch.json and summary.csv, each the old or the new one.

        Raises
        ------
        OutputError
            The folder cannot be written.
        """
        facts = {
            **FORMAT,
            **self._settings,
            "items": [asdict(item) for item in self._stored.values()],
        }
        try:
            self.output.mkdir(parents=True, exist_ok=True)
            write_json(self.output / BATCH_NAME, facts)
            write_text(self.output / SUMMARY_NAME, self._table())
        except OSError as error:
            raise self._cannot_write(error) from error

    def _read(self) -> dict[str, BatchItem]:
        path = self.output / BATCH_NAME
        if not path.exists():
            self._refuse_other_files()
            return {}
        facts = read_json(path)
        if {key: facts.get(key) for key in FORMAT} != FORMAT:
            raise SeriesError(f"{path} is not of this program or version; choose another folder.")
        # Batches of earlier versions say nothing of weights and bolus.
        earlier = {"frame": None, "weights": "", "bolus": True, **facts}
        if any(earlier.get(key) != value for key, value in self._settings.items()):
            raise ConfigurationError(
                f"{self.output} holds results of the method {facts.get('method')} with other "
                "settings; choose another folder."
            )
        try:
            items = [BatchItem(**values) for values in facts["items"]]
        except (KeyError, TypeError) as error:
            raise SeriesError(f"{path} is damaged; choose another folder.") from error
        return {item.key: item for item in items}

    def _refuse_other_files(self) -> None:
        """Masks are replaced in a batch's own folder only: this one may be a cohort."""
        try:
            used = self.output.exists() and any(self.output.iterdir())
        except OSError as error:
            raise self._cannot_write(error) from error
        if used:
            raise ConfigurationError(
                f"{self.output} holds other files; choose an empty folder for the results."
            )

    def _code(self, source: BatchSource) -> str:
        used = {item.code for item in self._stored.values()}
        if source.code and source.code not in used:
            return source.code
        number = 1
        while f"series-{number:03d}" in used:
            number += 1
        return f"series-{number:03d}"

    def _has_mask(self, item: BatchItem) -> bool:
        folder = self.output / item.code
        return all((folder / name).is_file() for name in (MASK_NAME, FACTS_NAME))

    def _table(self) -> str:
        text = io.StringIO()
        columns = [
            "code",
            "state",
            "volume_ml",
            "time_point",
            "confidence",
            "slices_to_check",
            "warnings",
            "failure",
        ]
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for item in self._stored.values():
            row = {"code": item.code, "state": item.state, "failure": item.failure, **item.facts}
            for name, separator in (("slices_to_check", " "), ("warnings", " ")):
                row[name] = separator.join(map(str, row.get(name, [])))
            writer.writerow(row)
        return text.getvalue()

    def _cannot_write(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.output} cannot be written: {error.strerror or error}; choose another folder."
        )


def describe_item(item: BatchItem) -> str:
    """Say in few words what is to know of an item beside its state."""
    if item.state != DONE:
        return item.failure
    slices = item.facts["slices_to_check"]
    parts = [f"look at slice {', '.join(map(str, slices))}"] if slices else []
    return "; ".join([*parts, *item.facts["warnings"]])
