"""Whole simulated volumes: the lesion's mask lies where the image shows the lesion."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_head import make_maps

from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.simulation.series import slices, volumes
from DSCBrainSegLib.simulation.series.phantom_frames import LESION_CORE
from DSCBrainSegLib.simulation.series.volumes import SimulatedVolume, abnormal_seeds, lesion_mask


@pytest.fixture(scope="module")
def maps():
    return make_maps()


def test_seeds_of_abnormal_volumes_are_those_whose_draws_have_a_lesion(maps, monkeypatch):
    kinds = {}

    def draw(rng, _maps):
        kinds[len(kinds)] = case = slices.draw_case(rng, maps)
        return case

    monkeypatch.setattr(volumes, "draw_case", draw)
    seeds = abnormal_seeds(maps, 40)
    found = [next(seeds) for _ in range(3)]
    with_lesion = [40 + number for number, case in kinds.items() if case.lesions]
    assert found == with_lesion[:3]


def test_lesion_mask_is_where_the_image_changes_with_the_lesions_signal(maps):
    """The same slices are acquired again with another signal in the lesion."""
    case = next(
        drawn
        for seed in range(50)
        for drawn in [slices.draw_case(np.random.default_rng(seed), maps)]
        if [lesion.kind for lesion in drawn.lesions] == ["solid"]
    )
    acquisition = replace(case.acquisition, snr=1e6)
    case = replace(case, acquisition=acquisition, texture=0.0)
    spacing = acquisition.slice_spacing_mm
    positions = np.linspace(-2, 2, 5) * spacing
    other = case.signals.copy()
    other[list(LESION_CORE)] += 1.0
    image, _, changed = slices.acquire(maps, case, positions, other)
    difference = np.abs(changed - image)
    volume = SimulatedVolume(
        image, np.ones(image.shape, bool), volumes.axial_affine(acquisition, positions), case
    )
    lesion = lesion_mask(volume, maps)
    assert lesion.sum() > 50
    seen = difference > 0.5 * np.percentile(difference[lesion], 90)
    assert overlap(lesion, seen).dice > 0.8
