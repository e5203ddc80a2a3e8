"""Signal over time: steady state, leakage, drift and territories against closed formulas."""

from dataclasses import replace

import numpy as np
import pytest

from DSCBrainSegLib.simulation.acquisition.protocol import Acquisition
from DSCBrainSegLib.simulation.acquisition.signal import spoiled_gre
from DSCBrainSegLib.simulation.anatomy.tissue import TISSUE_COUNT, Tissue
from DSCBrainSegLib.simulation.perfusion.bolus import Bolus, arterial_concentration
from DSCBrainSegLib.simulation.perfusion.constants import MEAN_SUPPLY, PERFUSION, Supply
from DSCBrainSegLib.simulation.perfusion.leakage import (
    ARTERIAL_PLASMA,
    Leakage,
    draw_leakage,
    leaked_concentration,
)
from DSCBrainSegLib.simulation.perfusion.time_course import (
    Drift,
    Kinetics,
    draw_drift,
    drift_gain,
    magnetisation,
    tissue_signals,
)

ACQUISITION = Acquisition(
    field_strength_t=3.0,
    repetition_time_s=1.5,
    echo_time_s=0.03,
    flip_angle_deg=60.0,
    matrix=64,
    field_of_view_mm=220.0,
    slice_thickness_mm=5.0,
    slice_spacing_mm=6.0,
    phase_axis=0,
    phase_polarity=1,
    phase_bandwidth_hz=25.0,
    fat_signal=0.1,
    field_scale=1.0,
    partial_fourier=1.0,
    apodisation=0.0,
    ghost=0.0,
    shading=1.0,
    snr=50.0,
)
BOLUS = Bolus(
    arrival_s=20.0,
    alpha=3.0,
    beta_s=1.5,
    arterial_peak_mm=5.0,
    recirculation_delay_s=10.0,
    recirculation_spread_s=30.0,
    recirculation=0.8,
    perfusion_factors=np.ones((TISSUE_COUNT, 2)),
)
TIMES = np.arange(0, 120, 1.5)
TIGHT = Leakage(np.zeros(TISSUE_COUNT), 4.0, 20.0)
LEAKY = Leakage(np.ones(TISSUE_COUNT), 4.0, 0.0)


def kinetics(**changes):
    plain = Kinetics(
        steady=np.ones(TISSUE_COUNT),
        t1_ms=np.full(TISSUE_COUNT, 1200.0),
        bolus=BOLUS,
        leakage=TIGHT,
        supplies=(MEAN_SUPPLY, Supply(delay_s=2.0)),
        drift=Drift(),
    )
    return replace(plain, **changes)


def test_recursion_is_the_closed_form_of_every_excitation():
    t1 = np.array([300.0, 1000.0, 4000.0])
    found = magnetisation(t1, np.zeros((3, 6)), ACQUISITION)
    for n in range(6):
        pulse = replace(ACQUISITION, pulse=n + 1)
        closed = spoiled_gre(t1, np.inf, 1.0, pulse) / np.sin(np.deg2rad(60.0))
        np.testing.assert_allclose(found[:, n], closed, rtol=1e-9)


def test_agent_that_stays_moves_the_magnetisation_to_the_steady_state_of_the_shorter_t1():
    rates = np.zeros((1, 40))
    rates[:, 20:] = 0.5
    found = magnetisation(np.array([1500.0]), rates, ACQUISITION)[0]
    shorter = 1000 / (1000 / 1500.0 + 0.5)
    expected = spoiled_gre(shorter, np.inf, 1.0, ACQUISITION) / np.sin(np.deg2rad(60.0))
    assert found[-1] == pytest.approx(expected, rel=1e-6)
    assert found[-1] > 1.1 * found[19]


def test_leaked_agent_is_ktrans_times_plasma_at_first_and_the_interstitium_s_share_at_last():
    times = np.arange(0, 400, 0.5)
    leaked = leaked_concentration(LEAKY, BOLUS, times)
    tumour = PERFUSION[Tissue.ENHANCING_TUMOUR]
    plasma = arterial_concentration(BOLUS, times) / ARTERIAL_PLASMA
    early = times < 35
    expected = tumour.ktrans_per_min / 60 * np.cumsum(plasma)[early][-1] * 0.5
    # Back flux and the later arrival (1.4 s) take a little.
    assert 0.75 * expected < leaked[Tissue.ENHANCING_TUMOUR, early][-1] < expected
    assert not leaked[Tissue.CORTEX].any() and not leaked[Tissue.CSF].any()
    assert leaked[Tissue.ENHANCING_TUMOUR].max() < tumour.interstitium * plasma.max()


def test_leaky_tumour_shines_through_or_stays_dark_by_its_relaxivities():
    tight, shining, dark = (
        tissue_signals(kinetics(leakage=one), ACQUISITION, TIMES)[0, :, Tissue.ENHANCING_TUMOUR]
        for one in (TIGHT, LEAKY, replace(LEAKY, t1_relaxivity=0.0, t2star_relaxivity=40.0))
    )
    assert shining[-1] > 1.05 > tight[-1] > dark[-1]
    assert tight[-1] < 1.0


def test_series_starts_at_full_magnetisation_and_settles_at_the_steady_signal():
    signals = tissue_signals(kinetics(), ACQUISITION, TIMES)[0, :, Tissue.WHITE_MATTER]
    full = 1 / (spoiled_gre(1200.0, np.inf, 1.0, ACQUISITION) / np.sin(np.deg2rad(60.0)))
    assert signals[0] == pytest.approx(full, rel=1e-5)
    assert signals[10] == pytest.approx(1.0, abs=1e-3)


def test_late_supply_arrives_later():
    early, late = tissue_signals(kinetics(), ACQUISITION, TIMES)[:, :, Tissue.CORTEX]
    assert TIMES[late.argmin()] - TIMES[early.argmin()] == pytest.approx(2.0, abs=1.5)
    fluid = tissue_signals(kinetics(), ACQUISITION, TIMES)[:, :, Tissue.CSF]
    np.testing.assert_array_equal(*fluid)


def test_spin_echo_sees_a_third_of_the_bolus():
    gradient = tissue_signals(kinetics(), ACQUISITION, TIMES)[0, 10:, Tissue.CORTEX]
    spin = replace(ACQUISITION, spin_echo=True)
    refocused = tissue_signals(kinetics(), spin, TIMES)[0, 10:, Tissue.CORTEX]
    np.testing.assert_allclose(np.log(refocused.min()), np.log(gradient.min()) / 3, rtol=0.01)


def test_drift_is_linear_with_a_slow_wave_and_small():
    gain = drift_gain(Drift(linear=0.04), TIMES)
    np.testing.assert_allclose(gain, 1 + 0.04 * TIMES / TIMES[-1])
    wave = drift_gain(Drift(amplitude=0.005, period_s=60.0), TIMES)
    assert np.abs(wave - 1).max() == pytest.approx(0.005, rel=0.02)
    for seed in range(30):
        drawn = drift_gain(draw_drift(np.random.default_rng(seed)), TIMES)
        assert drawn.min() > 0.9 and drawn.max() < 1.1


def test_leakage_is_drawn_around_the_tissues_means():
    factors = [draw_leakage(np.random.default_rng(seed)).ktrans_factors for seed in range(50)]
    assert np.median(factors) == pytest.approx(1.0, abs=0.05)
    assert np.min(factors) > 0
