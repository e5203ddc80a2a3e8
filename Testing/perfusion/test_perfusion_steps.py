"""Every step of the perfusion maps against a formula."""

import numpy as np
import pytest

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.perfusion.aif import choose_arterial_input, highest_peaks
from DSCBrainSegLib.perfusion.cbv import blood_volume, integrate
from DSCBrainSegLib.perfusion.gamma_variate import fit_areas
from DSCBrainSegLib.perfusion.leakage import correct_leakage
from DSCBrainSegLib.perfusion.passage import Passage, find_passage
from DSCBrainSegLib.perfusion.relaxation import delta_r2star
from DSCBrainSegLib.perfusion.residue import CUT_OFFS, LARGEST_OSCILLATION, deconvolve
from DSCBrainSegLib.perfusion.time_to_peak import time_to_peak

TIMES = np.arange(60) * 1.5
PASSAGE = Passage(first=3, arrival=20, peak=24, end=36)


def gamma(times, onset=30.0, alpha=3.0, beta=1.5, height=1.0):
    """Gamma variate of area height * beta^(alpha + 1) * Gamma(alpha + 1)."""
    since = np.clip(times - onset, 0, None)
    return height * since**alpha * np.exp(-since / beta)


def tissue(artery_of, flow, transit, delay=0.0):
    """Artery convolved with flow * exp(-t / transit), on a fine grid."""
    step = 0.01
    fine = np.arange(0, TIMES[-1] + step, step)
    residue = flow * np.exp(-fine / transit)
    curve = np.convolve(artery_of(fine - delay), residue)[: fine.size] * step
    return np.interp(TIMES, fine, curve)


def test_change_of_r2star_undoes_the_signal_equation():
    change = np.array([0, 0, 0, 5.0, 20.0, -2.0])
    signal = 400 * np.exp(-0.03 * change)
    found = delta_r2star(signal[None], slice(0, 3), 0.03)
    np.testing.assert_allclose(found[0], change, atol=1e-3)


def test_a_voxel_without_signal_has_no_change_instead_of_no_number():
    found = delta_r2star(np.zeros((1, 6)), slice(0, 3), 0.03)
    np.testing.assert_array_equal(found, 0)


def test_time_points_before_the_steady_state_are_not_baseline():
    change = 4 * gamma(TIMES) / gamma(TIMES).max()
    signal = 500 * np.exp(-0.03 * change)
    signal[:3] *= [1.5, 1.2, 1.05]
    passage = find_passage(signal)
    assert passage.first in (2, 3)
    assert 17 <= passage.arrival <= 21
    assert abs(TIMES[passage.peak] - 34.5) <= 1.5
    assert passage.peak + 4 < passage.end < 40


def test_a_series_without_bolus_is_refused_in_a_sentence():
    with pytest.raises(SeriesError, match="no passage"):
        find_passage(500 + np.random.default_rng(0).normal(0, 1, 60))


def test_blood_volume_is_the_ratio_of_areas():
    # Blood volume v in mL/g of density 1.04, plasma factor 0.73: CBV = 100 * 0.73 / 1.04 * v.
    artery = gamma(TIMES)
    area = integrate(np.stack([0.04 * artery]), TIMES, 0, 60)
    found = blood_volume(area, float(integrate(artery, TIMES, 0, 60)))
    np.testing.assert_allclose(found, 100 * 0.73 / 1.04 * 0.04, rtol=1e-6)


@pytest.mark.parametrize("alpha, beta", [(2.0, 2.5), (3.0, 1.5), (4.0, 2.0)])
def test_gamma_variate_has_the_area_of_its_formula(alpha, beta):
    from math import gamma as factorial

    curve = gamma(TIMES, 31.0, alpha, beta)
    exact = beta ** (alpha + 1) * factorial(alpha + 1)
    peak = int(curve.argmax())
    passage = Passage(3, 20, peak, 50)
    np.testing.assert_allclose(fit_areas(curve[None], TIMES, passage), exact, rtol=0.05)


def test_gamma_variate_leaves_the_second_passage_out():
    first = gamma(TIMES)
    curve = (
        first
        + 0.15 * gamma(TIMES, 42.0, 3.0, 4.0) * first.max() / gamma(TIMES, 42.0, 3.0, 4.0).max()
    )
    found = fit_areas(np.stack([first, curve]), TIMES, PASSAGE)
    assert found[1] == pytest.approx(found[0], rel=0.12)


def test_noise_is_no_gamma_variate_of_any_size():
    noise = np.random.default_rng(1).normal(0, 1, (200, 60))
    found = fit_areas(noise, TIMES, PASSAGE)
    points = np.maximum(noise[:, 19:36], 0).sum(axis=1) * 1.5
    assert np.nanmax(found / points) < 4


@pytest.mark.parametrize("flow, transit", [(0.01, 4.0), (0.005, 6.0), (0.02, 3.0)])
def test_flow_comes_back_from_a_convolution(flow, transit):
    curve = tissue(gamma, flow, transit)
    found = deconvolve(curve[None].astype(np.float32), gamma(TIMES), 1.5)
    # Truncation lowers the sharp peak of an exponential: Wu et al. 2003 find the same.
    assert 0.5 * flow < found.flow[0] < 1.15 * flow


@pytest.mark.parametrize("delay", [-3.0, 0.0, 3.0, 6.0])
def test_a_delay_moves_tmax_and_leaves_flow_alone(delay):
    curves = np.stack([tissue(gamma, 0.01, 4.0), tissue(gamma, 0.01, 4.0, delay)])
    found = deconvolve(curves.astype(np.float32), gamma(TIMES), 1.5)
    assert found.delay_s[1] - found.delay_s[0] == pytest.approx(delay, abs=0.3)
    assert found.flow[1] == pytest.approx(found.flow[0], rel=0.15)


def test_fourier_transform_gives_what_the_block_circulant_svd_gives():
    """Wu et al. 2003 with numpy's SVD, voxel by voxel."""
    from scipy.fft import next_fast_len

    rng = np.random.default_rng(2)
    artery = gamma(TIMES)
    clean = np.stack([tissue(gamma, f, t) for f, t in [(0.01, 4), (0.004, 6), (0.02, 3)]])
    noisy = clean + rng.normal(0, 0.02 * clean.max(), clean.shape)
    length = next_fast_len(120, real=True)
    padded = np.zeros(length)
    padded[:60] = artery
    matrix = 1.5 * np.stack([np.roll(padded, shift) for shift in range(length)], axis=1)
    u, s, vt = np.linalg.svd(matrix)
    for curve, flow in zip(noisy, deconvolve(noisy, artery, 1.5).flow, strict=True):
        right = u.T @ np.pad(curve, (0, length - 60))
        for cut in CUT_OFFS:
            kept = s >= cut * s[0] * (1 - 1e-9)
            residue = vt.T @ np.where(kept, right / s, 0)
            bends = np.abs(np.diff(residue, n=2)).sum() / (length * residue.max())
            if bends <= LARGEST_OSCILLATION:
                break
        assert flow == pytest.approx(residue.max(), rel=1e-3)


@pytest.mark.parametrize("k2", [0.02, -0.015, 0.0])
def test_leakage_of_either_sign_is_taken_out_and_the_vessels_stay(k2):
    reference = gamma(TIMES)
    integral = np.concatenate([[0], np.cumsum((reference[1:] + reference[:-1]) / 2 * 1.5)])
    curve = 3 * reference - k2 * integral
    found = correct_leakage(curve[None], reference, TIMES)
    np.testing.assert_allclose(found.k2, k2, atol=1e-9)
    np.testing.assert_allclose(found.k1, 3, rtol=1e-9)
    np.testing.assert_allclose(found.corrected[0], 3 * reference, atol=1e-9)


def test_arterial_input_is_early_and_high_rather_than_noisy():
    rng = np.random.default_rng(3)
    grey = np.stack([tissue(gamma, 0.012, 4.0, 1.0)] * 900)
    vein = np.stack([2 * tissue(gamma, 0.012, 4.0, 6.0)] * 60)
    artery = np.stack([0.2 * gamma(TIMES)] * 30)
    wild = rng.normal(0, 0.15, (10, 60))
    curves = np.concatenate([grey, vein, artery, wild]) + rng.normal(0, 0.002, (1000, 60))
    chosen = choose_arterial_input(curves, TIMES, PASSAGE).voxels
    assert len(chosen) == 20
    assert ((chosen >= 960) & (chosen < 990)).mean() > 0.9
    assert highest_peaks(curves, TIMES, PASSAGE).voxels.size == 5


def test_time_to_peak_falls_between_time_points():
    curves = np.stack([gamma(TIMES, onset) for onset in (30.0, 30.5, 31.0)])
    found = time_to_peak(curves, TIMES, PASSAGE)
    # The peak of the gamma variate is alpha * beta = 4.5 s after its onset.
    np.testing.assert_allclose(found, np.array([34.5, 35.0, 35.5]) - TIMES[20], atol=0.25)
