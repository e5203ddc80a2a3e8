"""The contrast agent's passage against closed formulas and published ranges."""

from dataclasses import replace
from math import e, gamma

import numpy as np
import pytest

from DSCBrainSegLib.simulation.anatomy.tissue import TISSUE_COUNT, Tissue
from DSCBrainSegLib.simulation.perfusion import bolus as module
from DSCBrainSegLib.simulation.perfusion.bolus import (
    Bolus,
    arterial_concentration,
    blood_delta_r2star,
    delta_r2star,
    draw_bolus,
)

PLAIN = Bolus(
    arrival_s=20.0,
    alpha=3.0,
    beta_s=1.5,
    arterial_peak_mm=5.0,
    recirculation_delay_s=10.0,
    recirculation_spread_s=30.0,
    recirculation=0.0,
    perfusion_factors=np.ones((TISSUE_COUNT, 2)),
)
TIMES = np.arange(0, 90, 1.5)
FLUIDS = (Tissue.CSF, Tissue.VENTRICLE, Tissue.EYE, Tissue.CAVITY, Tissue.AIR)


def signal(bolus, echo_time_s=0.03, field_strength_t=3.0):
    return np.exp(-echo_time_s * delta_r2star(bolus, TIMES, field_strength_t))


def test_artery_peaks_alpha_beta_after_arrival():
    times = np.arange(0, 60, 0.1)
    artery = arterial_concentration(PLAIN, times)
    assert times[artery.argmax()] == pytest.approx(20.0 + 3.0 * 1.5, abs=0.1)
    assert artery.max() == pytest.approx(5.0, rel=1e-3)
    assert (artery[times <= 20] == 0).all()


def test_recirculation_keeps_agent_in_the_artery():
    times = np.arange(0, 90, 0.1)
    once = arterial_concentration(PLAIN, times)
    twice = arterial_concentration(replace(PLAIN, recirculation=0.8), times)
    assert once[-1] < 1e-3
    assert 0.02 < twice[-1] / twice.max() < 0.25
    np.testing.assert_allclose(twice[times < 30], once[times < 30])


def test_area_under_tissue_curve_is_blood_volume_times_area_under_artery():
    times = np.arange(0, 200, 0.5)
    curve = delta_r2star(PLAIN, times, 3.0)[Tissue.DEEP_GREY]
    peak_time = PLAIN.alpha * PLAIN.beta_s
    # Integral of (t/T)^a exp(a (1 - t/T)) from 0 to infinity.
    area = 5.0 * peak_time * e**3.0 * gamma(4.0) / 3.0**4.0
    per_ml = 29.0 * 3.0 * 1.04 * 0.75 / 0.55
    volume = module.PERFUSION[Tissue.DEEP_GREY].cbv / 100
    assert np.sum(curve) * 0.5 == pytest.approx(per_ml * volume * area, rel=0.01)


def test_grey_and_white_matter_lose_the_signal_that_scans_show():
    for seed in range(20):
        lowest = signal(draw_bolus(np.random.default_rng(seed), 26.0)).min(axis=1)
        assert 0.45 < lowest[Tissue.CORTEX] < 0.72, seed
        assert 0.75 < lowest[Tissue.WHITE_MATTER] < 0.92, seed
        assert lowest[Tissue.ARTERY] < 0.4
        assert lowest[Tissue.ENHANCING_TUMOUR] < lowest[Tissue.WHITE_MATTER]


def test_fluid_bone_and_scalp_hardly_change():
    change = signal(draw_bolus(np.random.default_rng(3), 26.0))
    assert (change[list(FLUIDS)] == 1).all()
    for tissue in (Tissue.FAT, Tissue.MARROW, Tissue.MUSCLE, Tissue.SKIN, Tissue.NECROSIS):
        assert abs(change[tissue] - 1).max() < 0.05


def test_nothing_happens_before_arrival():
    change = delta_r2star(PLAIN, TIMES, 3.0)
    assert (change[:, TIMES <= 20] == 0).all()


def test_leaky_tumour_ends_above_its_baseline_and_intact_brain_does_not():
    change = delta_r2star(draw_bolus(np.random.default_rng(0), 26.0), TIMES, 3.0)
    assert change[Tissue.ENHANCING_TUMOUR, -1] < 0
    assert change[Tissue.CORTEX, -1] > 0


def test_white_matter_and_veins_follow_the_arteries():
    change = delta_r2star(PLAIN, np.arange(0, 60, 0.2), 3.0)
    artery, grey, white, vein = (
        change[tissue].argmax()
        for tissue in (Tissue.ARTERY, Tissue.CORTEX, Tissue.WHITE_MATTER, Tissue.VEIN)
    )
    assert artery < grey < white < vein


def test_blood_follows_the_published_quadratic():
    assert blood_delta_r2star(5.0, 1.5) == pytest.approx(7.62 * 5 + 0.574 * 25)
    assert blood_delta_r2star(5.0, 3.0) == pytest.approx(0.493 * 5 + 2.62 * 25)


def test_tissue_effect_doubles_with_the_field():
    low, high = (delta_r2star(PLAIN, TIMES, field)[Tissue.CORTEX].max() for field in (1.5, 3.0))
    assert high == pytest.approx(2 * low)


def test_a_single_frame_is_before_the_bolus():
    assert (delta_r2star(PLAIN, np.zeros(1), 3.0) == 0).all()
