"""The baselines on simulated slices: sane masks, and the scalp costs plain Otsu the most."""

from dataclasses import replace

import numpy as np
import pytest
from synthetic_head import make_maps

from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.simulation.acquisition.artefacts import Artefacts
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue
from DSCBrainSegLib.simulation.series import slices

FIELD_OF_VIEW_MM = 180.0
SPACING = (5.0, FIELD_OF_VIEW_MM / 128, FIELD_OF_VIEW_MM / 128)

NO_ARTEFACTS = Artefacts(
    bright_object=(0.1, 0.1, 0.1, 0.1, 0.0),
    wrap=0.0,
    bar=(0, 0.0, 0.02, 0.0),
    border=0.0,
    zeroed_background=0.0,
    fat_gain=None,
)


@pytest.fixture(scope="module")
def fat_bright():
    """Images and masks (K, 128, 128) of a head whose scalp is brighter than its brain."""
    maps = make_maps()
    images, masks = [], []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        case = slices.draw_case(rng, maps)
        acquisition = replace(
            case.acquisition,
            fat_signal=1.0,
            phase_bandwidth_hz=200.0,  # fat shifts by two pixels, not across the head
            shading=1.3,
            field_scale=0.3,
            field_of_view_mm=FIELD_OF_VIEW_MM,
            matrix=128,
            snr=30.0,
            reconstructed=None,
            readout_decay_s=0.0,
        )
        signals = np.full_like(case.signals, 1.0)
        signals[[Tissue.AIR, Tissue.CORTICAL_BONE]] = 0.0
        signals[[Tissue.SKIN, Tissue.MUSCLE, Tissue.FAT]] = 1.5
        signals[Tissue.CSF] = 0.2
        case = replace(
            case,
            acquisition=acquisition,
            signals=signals,
            lesions=[],
            shading=slices.coil_shading(rng, 1.3),
            shading_along_z=0.0,
            scalp=replace(case.scalp, stretch=1.0),
            texture=0.02,
            artefacts=NO_ARTEFACTS,
            gamma=1.0,
        )
        positions = np.linspace(-15.0, 15.0, 4)
        image, mask = slices.simulate_slices(maps, case, positions, 128)
        images.append(image)
        masks.append(mask)
    return np.concatenate(images), np.concatenate(masks)


def test_every_baseline_is_better_than_plain_otsu_on_a_fat_bright_scalp(fat_bright):
    images, masks = fat_bright
    dice = {
        name: overlap(get_method(name).segment(images, SPACING), masks).dice
        for name in ("otsu", "otsu-post", "aabl", "cusum")
    }
    assert min(dice["otsu-post"], dice["aabl"], dice["cusum"]) > dice["otsu"] + 0.05
    # Both stop at the cortex; the true mask reaches 2 mm into the fluid beyond it. In tilted slices
    # CUSUM keeps pieces of the bright ring.
    assert dice["aabl"] > 0.93 and dice["cusum"] > 0.90


@pytest.mark.parametrize("name", ["otsu", "otsu-post", "aabl", "cusum"])
def test_a_registered_baseline_returns_a_bool_mask_of_the_volume(fat_bright, name):
    images, _ = fat_bright
    integers = (images * 4000).astype(np.int16)
    mask = get_method(name).segment(integers, SPACING)
    assert mask.shape == images.shape and mask.dtype == bool
    assert 0.1 < mask.mean() < 0.5
    nothing = get_method(name).segment(np.zeros((2, 16, 16), np.uint16), SPACING)
    assert nothing.shape == (2, 16, 16) and not nothing.any()
