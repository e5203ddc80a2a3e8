"""One small simulated DSC series with exact perfusion, made once per test session."""

from functools import cache

from mni_head_once import mni_maps


@cache
def perfusion_phantom():
    """Glioblastoma, 64 x 64 x 6 voxels, 40 time points, a bolus after 18 s."""
    from DSCBrainSegLib.simulation.series.phantom import simulate_phantom

    return simulate_phantom(3, matrix=64, slices=6, frames=40, gap_mm=12.0, maps=mni_maps())
