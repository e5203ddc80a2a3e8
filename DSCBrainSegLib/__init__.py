"""Brain masks for T2*-weighted (DSC) perfusion MRI.

Importing this package is cheap: nothing is loaded before it is used. The names below are its public
interface; docs/api.md describes them.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from DSCBrainSegLib.case_loop import Job, Outcome, segment_many
    from DSCBrainSegLib.errors import DSCBrainSegError
    from DSCBrainSegLib.evaluation.result import Evaluation
    from DSCBrainSegLib.evaluation.run import evaluate_folder as evaluate
    from DSCBrainSegLib.methods import (
        SegmentationMethod,
        get_method,
        list_methods,
        register_method,
    )
    from DSCBrainSegLib.pipeline import SegmentationResult, segment_series
    from DSCBrainSegLib.results.segment_batch import segment_batch
    from DSCBrainSegLib.results.sources import find_sources
    from DSCBrainSegLib.results.write import write_results
    from DSCBrainSegLib.series import DSCSeries, list_series, read_series, write_mask
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom as simulate

_PUBLIC = {
    "segment_series": "pipeline",
    "SegmentationResult": "pipeline",
    "write_results": "results.write",
    "read_series": "series",
    "list_series": "series",
    "DSCSeries": "series",
    "write_mask": "series",
    "segment_many": "case_loop",
    "Job": "case_loop",
    "Outcome": "case_loop",
    "segment_batch": "results.segment_batch",
    "find_sources": "results.sources",
    "list_methods": "methods",
    "get_method": "methods",
    "register_method": "methods",
    "SegmentationMethod": "methods",
    "evaluate": "evaluation.run:evaluate_folder",
    "Evaluation": "evaluation.result",
    "simulate": "simulation.series.phantom:simulate_phantom",
    "DSCBrainSegError": "errors",
}
"""Module of each public name, and what it is called there if otherwise."""

__all__ = [
    "DSCBrainSegError",
    "DSCSeries",
    "Evaluation",
    "Job",
    "Outcome",
    "SegmentationMethod",
    "SegmentationResult",
    "evaluate",
    "find_sources",
    "get_method",
    "list_methods",
    "list_series",
    "read_series",
    "register_method",
    "segment_batch",
    "segment_many",
    "segment_series",
    "simulate",
    "write_mask",
    "write_results",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, _, inner = _PUBLIC[name].partition(":")
    value = getattr(import_module(f"{__name__}.{module}"), inner or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
