"""The worker's loop: take a request, answer it, stay warm for the next."""

from __future__ import annotations

import faulthandler
import os
import time
import traceback
from collections.abc import Callable

from DSCBrainSegLib.errors import ConfigurationError, DSCBrainSegError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled
from DSCBrainSegLib.worker.protocol import PROTOCOL, error_event, error_kind
from DSCBrainSegLib.worker.streams import Answers, Inbox, Request


def serve(requests: int, answers: int) -> None:
    """Answer requests until one says ``shutdown`` or the input ends.

    Parameters
    ----------
    requests, answers : int
        File descriptors, see `streams.take_over_streams`.
    """
    # A crash while a library loads leaves its trace in the log even where the library is silenced.
    faulthandler.enable(os.dup(2))
    answer = Answers(answers)
    inbox = Inbox(requests, answer)
    inbox.start()
    worker = Worker(answer)
    while True:
        request = inbox.next()
        answer(worker.answer(request))
        inbox.done(request)
        if request.command == "shutdown":
            return


class Worker:
    """Carries out requests, one at a time.

    Parameters
    ----------
    report : callable
        Takes progress events.
    """

    def __init__(self, report: Callable[[dict], None]):
        self._report = report
        self._seconds_per_slice: float | None = None
        self._device: str | None = None
        self._commands = {
            "hello": self._hello,
            "warm": self._warm,
            "segment": self._segment,
            "measure": self._measure,
            "motion": self._motion,
            "list": self._list,
            "simulate": self._simulate,
            "export_seg": self._export_seg,
            "shutdown": self._shutdown,
        }

    def answer(self, request: Request) -> dict:
        """Carry out a request and return its last event, a result or an error."""

        def progress(done: int, total: int, message: str) -> None:
            event = {"event": "progress", "id": request.id}
            self._report({**event, "done": done, "total": total, "message": message})

        verbose = bool(request.fields.pop("verbose", False))
        try:
            command = self._commands.get(request.command)
            if command is None:
                raise ConfigurationError(
                    f"There is no command {request.command!r}; use cancel, "
                    f"{', '.join(self._commands)}."
                )
            facts = command(request.fields, progress, request.cancel.is_set)
            return {"event": "result", "id": request.id, **facts}
        except Exception as error:
            event = error_event(request.id, error_kind(error), _sentence(error))
            if verbose:
                event["traceback"] = traceback.format_exc()
            return event

    def _hello(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
        from DSCBrainSegLib.methods import list_methods
        from DSCBrainSegLib.network.engines.load import require_engine
        from DSCBrainSegLib.results.facts import collect_versions

        check_fields(fields, {})
        backend, problem = None, None
        try:
            backend = require_engine()
        except DSCBrainSegError as error:
            problem = str(error)
        return {
            "protocol": PROTOCOL,
            "versions": collect_versions(),
            "methods": [
                {"name": item.name, "label": item.label, "uses_weights": item.uses_weights}
                for item in list_methods()
            ],
            "backend": backend,
            "network_problem": problem,
            **self._speed(),
        }

    def _warm(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
        from DSCBrainSegLib.network.device import measure_speed
        from DSCBrainSegLib.network.predict import prepare_network
        from DSCBrainSegLib.network.weights import default_weights, describe

        check_fields(fields, {"weights": (str, type(None))})
        weights = fields.get("weights") or default_weights()
        facts = describe(weights)
        start = time.perf_counter()
        check_cancelled(cancelled)
        progress(0, 2, "Loading the network")
        self._device = prepare_network(weights).device
        check_cancelled(cancelled)
        progress(1, 2, "Measuring the speed")
        self._seconds_per_slice = measure_speed(weights)
        seconds = round(time.perf_counter() - start, 4)
        return {"weights": facts, "seconds": seconds, **self._speed()}

    def _segment(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
        from DSCBrainSegLib.worker.commands.segment import FIELDS, segment_case

        check_fields(fields, FIELDS)
        return segment_case(fields, progress, cancelled)

    def _measure(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
        from DSCBrainSegLib.worker.commands.measure import FIELDS, measure_masks

        check_fields(fields, FIELDS)
        return measure_masks(fields, progress, cancelled)

    def _list(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
        from DSCBrainSegLib.worker.commands.list_series import FIELDS, list_input

        check_fields(fields, FIELDS)
        return list_input(fields, progress, cancelled)

    def _simulate(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback):
        from DSCBrainSegLib.worker.commands.simulate import FIELDS, simulate_case

        check_fields(fields, FIELDS)
        return simulate_case(fields, progress, cancelled)

    def _motion(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback):
        from DSCBrainSegLib.worker.commands.motion import FIELDS, correct_case

        check_fields(fields, FIELDS)
        return correct_case(fields, progress, cancelled)

    def _export_seg(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback):
        from DSCBrainSegLib.worker.commands.export_seg import FIELDS, export_seg

        check_fields(fields, FIELDS)
        return export_seg(fields, progress, cancelled)

    def _shutdown(self, fields: dict, progress: ProgressCallback, cancelled: CancelCallback):
        check_fields(fields, {})
        return {}

    def _speed(self) -> dict:
        from DSCBrainSegLib.network.device import estimate_speed, name_device

        measured = self._seconds_per_slice
        return {
            "device": name_device(self._device),
            "seconds_per_slice": round(measured or estimate_speed(), 5),
            "seconds_per_slice_is_measured": measured is not None,
        }


def _sentence(error: Exception) -> str:
    if isinstance(error, DSCBrainSegError):
        return str(error)
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"Unexpected problem ({what}); please report it."


def check_fields(fields: dict, known: dict[str, tuple[type, ...]]) -> None:
    """Raise `ConfigurationError` if a field of a request is unknown or of the wrong type."""
    for name, value in fields.items():
        if name not in known:
            raise ConfigurationError(
                f"The request has an unknown field {name!r}; "
                f"known are {', '.join([*known, 'verbose'])}."
            )
        if not isinstance(value, known[name]):
            raise ConfigurationError(f"The field {name!r} of the request cannot be {value!r}.")
