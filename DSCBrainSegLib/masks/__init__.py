"""Masks of other programs, brought onto a series' own grid: one reader for all who need one."""

from DSCBrainSegLib.masks.read import read_mask, read_own_mask
from DSCBrainSegLib.masks.values import brain_values

__all__ = ["brain_values", "read_mask", "read_own_mask"]
