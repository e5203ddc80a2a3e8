"""What an evaluation found, for tables, plots and the page."""

from __future__ import annotations

from dataclasses import dataclass, field

from DSCBrainSegLib.evaluation.html.viewer import ViewerCase
from DSCBrainSegLib.evaluation.measure import SliceFigures, VolumeFigures
from DSCBrainSegLib.evaluation.plots.pictures import PictureRow
from DSCBrainSegLib.perfusion.effect import MaskEffect

OUTPUT_NAMES = [
    "table.md",
    "table.csv",
    "table.tex",
    "per-case.md",
    "per-volume.csv",
    "per-slice.csv",
    "figure.png",
    "box-plots.png",
    "bland-altman.png",
    "dice-by-height.png",
    "report.html",
]

EFFECT_NAMES = ["mask-effect.csv", "mask-effect.png"]
"""Only where a case has a series with a bolus."""


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
    viewers : list of ViewerCase
        Every compared slice with every mask, one for each case that could be read.
    effects : list of MaskEffect
        What the masks do to perfusion, for the cases that have a series with a bolus.
    scope : str
        Sentence that says which part of a cohort was evaluated; empty for a folder without a split.
    references : list of str
        Sentences that say what the references are.
    inputs : list of str
        Sentences that say which methods saw more than one time point.
    weights : dict of str to dict
        Name and SHA-256 of the weights, by method that uses any.
    """

    methods: list[str]
    volumes: list[VolumeFigures] = field(default_factory=list)
    slices: list[SliceFigures] = field(default_factory=list)
    pictures: list[PictureRow] = field(default_factory=list)
    viewers: list[ViewerCase] = field(default_factory=list)
    effects: list[MaskEffect] = field(default_factory=list)
    scope: str = ""
    references: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    weights: dict[str, dict] = field(default_factory=dict)

    @property
    def statements(self) -> list[str]:
        """What a reader must know first: what was evaluated, and against what."""
        return [line for line in (self.scope, *self.references, *self.inputs) if line]
