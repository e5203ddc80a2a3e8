"""The parts of the panel, in the order in which they are refreshed."""

from .batch_section import BatchSection
from .compare_section import CompareSection
from .edit_section import EditSection
from .ground_truth_section import GroundTruthSection
from .load_section import LoadSection
from .options_section import OptionsSection
from .segment_section import SegmentSection
from .series_section import SeriesSection


def makeSections(widget):
    """Make all sections of a DSCBrainSegWidget, set those that others ask as its attributes."""
    widget.loadSection = LoadSection(widget)
    widget.editSection = EditSection(widget)
    widget.optionsSection = OptionsSection(widget)
    widget.segmentSection = SegmentSection(widget)
    widget.groundTruthSection = GroundTruthSection(widget)
    widget.compareSection = CompareSection(widget)
    widget.batchSection = BatchSection(widget)
    return (
        widget.loadSection,
        widget.segmentSection,
        widget.optionsSection,
        widget.editSection,
        widget.groundTruthSection,
        widget.compareSection,
        SeriesSection(widget),
        widget.batchSection,
    )
