"""Rigid head motion in a dynamic series: estimated, written down, taken out."""

from DSCBrainSegLib.preprocessing.motion.apply import apply_motion, correct_motion
from DSCBrainSegLib.preprocessing.motion.estimate import estimate_motion
from DSCBrainSegLib.preprocessing.motion.types import (
    MotionEstimate,
    MotionSettings,
    motion_warnings,
)

__all__ = [
    "MotionEstimate",
    "MotionSettings",
    "apply_motion",
    "correct_motion",
    "estimate_motion",
    "motion_warnings",
]
