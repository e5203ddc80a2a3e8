"""Cohorts on disk: subjects with a reference frame, ground truth and where they came from."""

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase, find_cases, load_case
from DSCBrainSegLib.cohort.ground_truth import GroundTruth
from DSCBrainSegLib.cohort.layout import Cohort, Subject
from DSCBrainSegLib.cohort.split import Split, draw_split

__all__ = [
    "Cohort",
    "GroundTruth",
    "LoadedCase",
    "ReferenceCase",
    "Split",
    "Subject",
    "add_subject",
    "draw_split",
    "find_cases",
    "load_case",
]
