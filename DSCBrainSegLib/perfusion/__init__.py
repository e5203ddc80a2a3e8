"""Perfusion inside a mask: a preview for judging masks, not a diagnostic tool."""

from DSCBrainSegLib.perfusion.maps import MAPS, PerfusionMaps, perfusion_maps

__all__ = ["MAPS", "PerfusionMaps", "perfusion_maps"]
