"""The MNI152 head of one seed, built once per test session: it takes some seconds."""

from functools import cache

import pytest

SEED = 0


@cache
def mni_head():
    """Head of `SEED`; skips the test where nilearn is missing."""
    pytest.importorskip("nilearn")
    from DSCBrainSegLib.simulation.anatomy.mni_head import build_mni_head

    return build_mni_head(SEED)


@cache
def mni_maps():
    """Its maps."""
    from DSCBrainSegLib.simulation.anatomy.maps import head_maps

    return head_maps(mni_head())
