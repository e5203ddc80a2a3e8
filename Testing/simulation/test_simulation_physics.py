"""The simulator's physics against closed formulas."""

import numpy as np
import pytest
from synthetic_head import ellipsoid, make_maps

from DSCBrainSegLib.simulation.acquisition import epi, readout, signal
from DSCBrainSegLib.simulation.acquisition.protocol import (
    Acquisition,
    draw_acquisition,
)
from DSCBrainSegLib.simulation.acquisition.sampling import SampledSlice
from DSCBrainSegLib.simulation.anatomy.field import AIR_TISSUE_PPM, field_map_ppm, shim
from DSCBrainSegLib.simulation.anatomy.tissue import Tissue, tissue_prior
from DSCBrainSegLib.simulation.pathology.surgery import metal_field_ppm
from DSCBrainSegLib.simulation.upsampling import FINE_SIZE, upsample

PLAIN = Acquisition(
    field_strength_t=3.0,
    repetition_time_s=1.5,
    echo_time_s=0.03,
    flip_angle_deg=60.0,
    matrix=128,
    field_of_view_mm=192.0,
    slice_thickness_mm=4.0,
    slice_spacing_mm=4.0,
    phase_axis=0,
    phase_polarity=1,
    phase_bandwidth_hz=20.0,
    fat_signal=1.0,
    field_scale=1.0,
    partial_fourier=1.0,
    apodisation=0.0,
    ghost=0.0,
    shading=1.0,
    snr=100.0,
)


def changed(**values):
    return Acquisition(**{**vars(PLAIN), **values})


@pytest.fixture(scope="module")
def maps():
    return make_maps()


def sampled_square(tissue=Tissue.WHITE_MATTER, field_ppm=0.0, gradient=(0.0, 0.0, 0.0)):
    """A square of tissue in the middle of an empty slice."""
    labels = np.zeros((2, FINE_SIZE, FINE_SIZE), np.uint8)
    labels[:, 80:112, 80:112] = tissue
    flat = np.ones((3, FINE_SIZE, FINE_SIZE), np.float32)
    return SampledSlice(
        labels=labels,
        brain=labels > 0,
        field_ppm=np.full(labels.shape, field_ppm, np.float32),
        gradient_ppm_mm=flat * np.asarray(gradient, np.float32)[:, None, None],
    )


def image_of(sampled, acquisition):
    signals = np.ones(len(Tissue), np.float32)
    signals[Tissue.AIR] = 0
    return epi.clean_image(sampled, epi.displace(sampled, acquisition), signals, acquisition)


def centre_of_mass(image):
    rows, columns = np.indices(image.shape)
    return np.array([(image * rows).sum(), (image * columns).sum()]) / image.sum()


def test_ernst_angle_gives_the_largest_signal():
    t1 = 1000.0
    ernst = np.rad2deg(np.arccos(np.exp(-1500.0 / t1)))
    signals = {
        angle: signal.spoiled_gre(t1, 50.0, 1.0, changed(flip_angle_deg=angle))
        for angle in (ernst - 10, ernst, ernst + 10)
    }
    assert max(signals, key=signals.get) == ernst


def test_signal_decays_with_t2star():
    short, long = (signal.spoiled_gre(1000, 50, 1, changed(echo_time_s=te)) for te in (0.02, 0.04))
    assert long / short == pytest.approx(np.exp(-20 / 50))


def test_priors_lie_between_the_two_fields():
    low, middle, high = (tissue_prior(Tissue.CORTEX, b0) for b0 in (1.5, 2.0, 3.0))
    assert low.t1_ms < middle.t1_ms < high.t1_ms
    assert low.t2star_ms > middle.t2star_ms > high.t2star_ms


@pytest.mark.parametrize("axis", [0, 1])
def test_off_resonance_shifts_along_phase_encoding_by_field_over_bandwidth(axis):
    ppm = 1.0
    sampled = sampled_square(field_ppm=ppm)
    acquisition = changed(phase_axis=axis)
    shift = centre_of_mass(image_of(sampled, acquisition)) - 95.5
    acquired_pixels = ppm * 42.577 * 3.0 / 20.0
    expected = np.zeros(2)
    expected[axis] = acquired_pixels * FINE_SIZE / 128
    np.testing.assert_allclose(shift, expected, atol=0.01)


def test_fat_moves_by_its_chemical_shift_and_water_stays():
    water = centre_of_mass(image_of(sampled_square(), PLAIN))
    fat = centre_of_mass(image_of(sampled_square(Tissue.FAT), PLAIN))
    expected = -3.45 * 42.577 * 3.0 / 20.0 * FINE_SIZE / 128
    np.testing.assert_allclose(water, [95.5, 95.5], atol=0.01)
    np.testing.assert_allclose(fat - water, [expected, 0], atol=0.01)


def test_distortion_keeps_the_total_signal():
    sampled = sampled_square()
    sampled.field_ppm += np.random.default_rng(0).normal(0, 0.5, sampled.field_ppm.shape)
    assert image_of(sampled, PLAIN).sum() == pytest.approx(32 * 32, rel=1e-4)


def test_through_slice_gradient_dephases_as_a_sinc():
    cycles = 0.6
    gradient = cycles / (42.577 * 3.0 * PLAIN.slice_thickness_mm * PLAIN.echo_time_s)
    dark = image_of(sampled_square(gradient=(gradient, 0, 0)), PLAIN)
    plain = image_of(sampled_square(), PLAIN)
    assert dark.sum() / plain.sum() == pytest.approx(np.sinc(cycles), rel=1e-3)


def test_the_mask_moves_with_the_brain_and_ignores_shifted_fat():
    sampled = sampled_square(field_ppm=1.0)
    sampled.labels[:, 130:150, 80:112] = Tissue.FAT
    sampled.brain[:, 130:150, 80:112] = False
    fraction = epi.project_mask(sampled, epi.displace(sampled, PLAIN), PLAIN)
    shift = 42.577 * 3.0 / 20.0 * FINE_SIZE / 128
    mask = fraction > 0.5
    assert mask.sum() == pytest.approx(32 * 32, rel=0.03)
    np.testing.assert_allclose(centre_of_mass(mask), [95.5 + shift, 95.5], atol=0.5)


def test_read_out_keeps_a_smooth_image_and_adds_rician_noise():
    image = ellipsoid((96, 96), (60, 50), (FINE_SIZE, FINE_SIZE)).astype(np.float32)
    rng = np.random.default_rng(0)
    quiet = readout.read_out(image, PLAIN, 0.0, rng)
    assert quiet.shape == (128, 128)
    assert quiet[64, 64] == pytest.approx(1.0, abs=0.02)
    noisy = readout.read_out(np.zeros_like(image), PLAIN, 0.1, rng)
    # A Rayleigh distribution's mean.
    assert noisy.mean() == pytest.approx(0.1 * np.sqrt(np.pi / 2), rel=0.03)


@pytest.mark.parametrize("matrix", [64, 96, 128, 192])
def test_the_acquired_image_lies_where_the_fine_one_does(matrix):
    rows, columns = np.indices((FINE_SIZE, FINE_SIZE))
    image = np.exp(-((rows - 70.0) ** 2 + (columns - 110.0) ** 2) / (2 * 10.0**2))
    acquired = readout.read_out(
        image.astype(np.float32), changed(matrix=matrix), 0.0, np.random.default_rng(0)
    )
    found = (centre_of_mass(acquired) + 0.5) / matrix
    np.testing.assert_allclose(found, (np.array([70.0, 110.0]) + 0.5) / FINE_SIZE, atol=5e-4)


def test_the_ghost_appears_half_a_field_of_view_away():
    image = np.zeros((FINE_SIZE, FINE_SIZE), np.float32)
    image[40:50, 90:100] = 1
    ghosted = readout.read_out(image, changed(ghost=0.1), 0.0, np.random.default_rng(0))
    row = round(45 * 128 / FINE_SIZE)
    column = round(95 * 128 / FINE_SIZE)
    assert ghosted[(row + 64) % 128, column] == pytest.approx(0.1, abs=0.02)


def test_a_sphere_of_air_has_the_dipole_field_outside():
    labels = np.full((80, 80, 80), Tissue.WHITE_MATTER, np.uint8)
    radius = 10
    labels[ellipsoid((40, 40, 40), (radius,) * 3, labels.shape)] = Tissue.AIR
    field = field_map_ppm(labels, np.ones(labels.shape, bool))
    along, across = field[20 + 9, 20, 20], field[20, 20 + 9, 20]
    # Analytic: chi/3 (a/r)^3 (3 cos^2 - 1), 2 against -1; the shim takes a little off both.
    assert along > 0 > across
    expected = AIR_TISSUE_PPM / 3 * (radius / 18) ** 3
    assert along - across == pytest.approx(3 * expected, rel=0.2)


def test_the_shim_removes_a_quadratic_field():
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, 9),) * 3, indexing="ij")
    field = 2 + 3 * x - y + 0.5 * z * z + x * y
    assert np.abs(shim(field, np.ones(field.shape, bool))).max() < 1e-4


def test_the_field_is_strongest_near_the_sinus(maps):
    gradient = np.linalg.norm(np.gradient(maps.field.astype(float)), axis=0)
    near = gradient[18:26, 5:12, 24:31].mean()
    far = gradient[25:30, 40:50, 24:31].mean()
    assert near > 5 * far


def test_drawn_acquisitions_lie_within_clinical_ranges():
    rng = np.random.default_rng(5)
    drawn = [draw_acquisition(rng) for _ in range(400)]
    gradient_echo = [a for a in drawn if not a.spin_echo]
    assert 0.05 < 1 - len(gradient_echo) / len(drawn) < 0.25
    for name, low, high in (
        ("echo_time_s", 0.014, 0.055),
        ("repetition_time_s", 1, 3),
        ("flip_angle_deg", 30, 90),
        ("field_of_view_mm", 190, 260),
        ("slice_thickness_mm", 2.5, 12),
        ("fat_signal", 0, 1),
    ):
        values = np.array([getattr(a, name) for a in gradient_echo])
        assert low <= values.min() and values.max() <= high, name
        assert values.std() > 0, name
    pixels = np.array([a.field_of_view_mm / a.matrix for a in drawn])
    assert pixels.min() >= 1.5 - 1e-6 and pixels.max() <= 3.75 + 1e-6
    assert {a.image_matrix for a in drawn} >= {64, 128, 256}


def test_early_frames_are_brighter_by_the_published_factors():
    # CSF at TR 1.5 s, flip angle 60 degrees, 3 T (docs/methods.md, steady state).
    t1 = 4250.0
    steady = signal.spoiled_gre(t1, 350, 1, PLAIN)
    early = [signal.spoiled_gre(t1, 350, 1, changed(pulse=n)) / steady for n in (1, 2, 3, 4)]
    np.testing.assert_allclose(early, [2.17, 1.41, 1.14, 1.05], atol=0.02)


def test_a_spin_echo_does_not_dephase():
    sampled = sampled_square(gradient=(0.05, 0, 0))
    gradient_echo = image_of(sampled, PLAIN).sum()
    spin_echo = image_of(sampled, changed(spin_echo=True)).sum()
    assert spin_echo == pytest.approx(32 * 32, rel=1e-3)
    assert gradient_echo < 0.8 * spin_echo


def test_zero_filling_keeps_place_and_level_and_correlates_the_noise():
    rows, columns = np.indices((FINE_SIZE, FINE_SIZE))
    image = np.exp(-((rows - 70.0) ** 2 + (columns - 110.0) ** 2) / (2 * 10.0**2))
    acquisition = changed(matrix=96, reconstructed=256)
    shown = readout.read_out(image.astype(np.float32), acquisition, 0.0, np.random.default_rng(0))
    assert shown.shape == (256, 256)
    assert shown.max() == pytest.approx(1.0, abs=0.01)
    found = (centre_of_mass(shown) + 0.5) / 256
    np.testing.assert_allclose(found, (np.array([70.0, 110.0]) + 0.5) / FINE_SIZE, atol=5e-4)
    bright = np.ones_like(image, np.float32)
    noisy = readout.read_out(bright, acquisition, 0.05, np.random.default_rng(0))[20:-20, 20:-20]
    assert noisy.std() == pytest.approx(0.05, rel=0.1)
    assert np.corrcoef(noisy[:, :-1].ravel(), noisy[:, 1:].ravel())[0, 1] > 0.6


def test_decay_during_the_readout_blurs_along_phase_encoding_only():
    image = np.zeros((FINE_SIZE, FINE_SIZE), np.float32)
    image[96, 96] = 1
    acquisition = changed(readout_decay_s=0.02, phase_bandwidth_hz=15.0)
    point = readout.read_out(image, acquisition, 0.0, np.random.default_rng(0)) ** 2
    sharp = readout.read_out(image, PLAIN, 0.0, np.random.default_rng(0)) ** 2
    widths = [
        [
            np.sqrt((p.sum(axis=1 - axis) * (np.arange(128) - 64.2) ** 2).sum() / p.sum())
            for axis in (0, 1)
        ]
        for p in (point, sharp)
    ]
    assert widths[0][0] > 1.1 * widths[1][0]
    assert widths[0][1] == pytest.approx(widths[1][1], rel=1e-3)


def test_stretching_leaves_no_comb():
    sampled = sampled_square()
    # 2.5 fine pixels between neighbouring points of the square along phase encoding.
    rows = np.clip(np.arange(FINE_SIZE) - 95.5, -20, 20)
    ppm = 1.5 * rows / (42.577 * 3.0 / 20.0 * FINE_SIZE / 128)
    sampled.field_ppm += ppm[None, :, None].astype(np.float32)
    profile = image_of(sampled, PLAIN)[60:130, 96]
    assert profile.mean() == pytest.approx(1 / 2.5, rel=0.05)
    assert profile.std() < 0.2 * profile.mean()
    fraction = epi.project_mask(sampled, epi.displace(sampled, PLAIN), PLAIN)
    assert fraction[70:120, 96].min() > 0.5


def test_air_folded_onto_the_brain_leaves_it_brain():
    sampled = sampled_square()
    # Everything above the square lands on it.
    sampled.field_ppm[:, :80] = 32 / (42.577 * 3.0 / 20.0 * FINE_SIZE / 128)
    fraction = epi.project_mask(sampled, epi.displace(sampled, PLAIN), PLAIN)
    assert (fraction[84:108, 84:108] > 0.5).all()


def test_metal_has_a_dipole_field_makes_a_void_and_moves_the_mask_by_little():
    metal = np.array([[50.0, 50.0, 50.0, 100.0]])
    points = np.array([[60.0, 50, 50], [50, 60.0, 50]], np.float32).T
    np.testing.assert_allclose(metal_field_ppm(metal, points), [0.2, -0.1], rtol=1e-4)
    sampled = sampled_square()
    sampled.metal_ppm = np.full(sampled.labels.shape, 8.0, np.float32)
    fraction = epi.project_mask(sampled, epi.displace(sampled, PLAIN), PLAIN)
    moved = (centre_of_mass(fraction > 0.5)[0] - 95.5) * PLAIN.field_of_view_mm / FINE_SIZE
    assert moved == pytest.approx(epi.METAL_MASK_MM, abs=0.6)


def test_blood_products_darken_by_their_rate():
    sampled = sampled_square()
    plain = image_of(sampled, PLAIN).sum()
    sampled.decay_per_s = np.full(sampled.labels.shape, 30.0, np.float32)
    assert image_of(sampled, PLAIN).sum() / plain == pytest.approx(np.exp(-30 * 0.03), rel=1e-4)


def test_upsampling_is_linear_between_cell_centres():
    coarse = np.tile(np.arange(24.0), (24, 1))
    fine = upsample(coarse)
    expected = np.clip((np.arange(FINE_SIZE) + 0.5) / 8 - 0.5, 0, 23)
    np.testing.assert_allclose(fine[100], expected, atol=1e-4)
