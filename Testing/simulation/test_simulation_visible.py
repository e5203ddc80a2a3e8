"""Which part of the brain the truth counts: what a reader can see, lesions included."""

import numpy as np
import pytest
from synthetic_head import make_maps

from DSCBrainSegLib.simulation.acquisition.signal import settling
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue
from DSCBrainSegLib.simulation.pathology.lesions import Lesion
from DSCBrainSegLib.simulation.series.phantom import simulate_phantom

SMALL = {
    "matrix": 64,
    "slices": 6,
    "frames": 8,
    "slice_thickness_mm": 9.0,
    "gap_mm": 5.0,
    "repetition_time": 2.0,
    "field_of_view_mm": 192.0,
    "tumour": None,
}


@pytest.fixture(scope="module")
def maps():
    """A small head with an air space beneath the front of the brain."""
    return make_maps()


def volume_ml(phantom):
    return phantom.mask.sum() * phantom.series.voxel_volume_ml


def test_a_longer_echo_takes_the_void_above_the_sinus_out_of_the_truth(maps):
    short, long = (
        simulate_phantom(5, maps=maps, **SMALL, echo_time=echo_time) for echo_time in (0.004, 0.05)
    )
    assert volume_ml(short) == pytest.approx(maps.mask.sum() / 1000, rel=0.08)
    lost = short.mask & ~long.mask
    assert lost.sum() * short.series.voxel_volume_ml > 5
    rows = np.argwhere(lost)[:, 1]
    assert np.median(rows) < 32, "the sinus lies at the front"
    still = long.series.frames[3]
    assert np.median(still[lost]) < 0.5 * np.median(still[long.mask])


def test_what_blood_darkens_at_the_surface_stays_in_the_truth(maps, monkeypatch):
    """A haemorrhage that takes all signal at the back of the head, far from the sinus."""
    from dataclasses import replace

    from DSCBrainSegLib.simulation.series import phantom as module

    middle = np.array(maps.labels.shape) / 2
    blood = Lesion(
        kind="haemorrhage",
        centre=(middle[0], middle[1] + 38, middle[2]),
        radius_mm=12.0,
        axes=np.eye(3),
        waves=np.zeros((0, 5)),
        rim=0.3,
        oedema_mm=0.0,
        bloom_per_s=300.0,
    )
    arguments = {**SMALL, "echo_time": 0.03}
    plain = simulate_phantom(5, maps=maps, **arguments)
    simulate_frames = module.simulate_frames
    monkeypatch.setattr(
        module,
        "simulate_frames",
        lambda maps, model, *rest, **named: simulate_frames(
            maps, replace(model, lesions=[blood]), *rest, **named
        ),
    )
    bleeding = simulate_phantom(5, maps=maps, **arguments)
    dark = plain.mask & (bleeding.series.frames[3] < 0.3 * plain.series.frames[3])
    assert dark.sum() > 30, "the blood takes signal that was there"
    np.testing.assert_array_equal(bleeding.mask, plain.mask)


def test_fluid_falls_from_an_early_frame_to_the_steady_state_and_fat_does_not():
    """The factor is that of the spoiled gradient echo between excitation 2 and the steady state."""
    from dataclasses import replace

    from DSCBrainSegLib.simulation.acquisition.protocol import draw_acquisition

    drawn = draw_acquisition(np.random.default_rng(0))
    early = replace(
        drawn, field_strength_t=3.0, repetition_time_s=1.5, flip_angle_deg=60.0, pulse=2
    )
    factors = settling(early)
    e1 = np.exp(-1500 / 4250)
    steady = (1 - e1) / (1 - np.cos(np.pi / 3) * e1)
    assert factors[Tissue.CSF] == pytest.approx(
        steady / (steady + (1 - steady) * np.cos(np.pi / 3) * e1), rel=1e-3
    )
    assert factors[Tissue.FAT] > 0.97
    assert (settling(replace(early, pulse=None)) == 1).all()
