"""Cohorts on disk: subjects with a reference frame, ground truth and where they came from."""

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase, find_cases, load_case
from DSCBrainSegLib.cohort.check import Problem, check_cohort
from DSCBrainSegLib.cohort.export import export_cohort
from DSCBrainSegLib.cohort.ground_truth import GroundTruth
from DSCBrainSegLib.cohort.layout import Cohort, Subject
from DSCBrainSegLib.cohort.save import confirm_ground_truth, save_ground_truth
from DSCBrainSegLib.cohort.split import Split, draw_split

__all__ = [
    "Cohort",
    "GroundTruth",
    "LoadedCase",
    "Problem",
    "ReferenceCase",
    "Split",
    "Subject",
    "add_subject",
    "check_cohort",
    "confirm_ground_truth",
    "draw_split",
    "export_cohort",
    "find_cases",
    "load_case",
    "save_ground_truth",
]
