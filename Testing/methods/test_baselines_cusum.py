"""CUSUM: the tracker closes around known discs, retries, and says when it falls back."""

import time

import numpy as np
import pytest
from disc_phantom import BRAIN_SIGNAL, DiscHead, draw_disc_head

from DSCBrainSegLib.methods.baselines import aabl, cusum
from DSCBrainSegLib.methods.baselines.cusum_tracker import Sampler, StepParameters
from DSCBrainSegLib.methods.baselines.polygon import fill_polygon
from DSCBrainSegLib.metrics.overlap import overlap

SPACING = (5.0, 1.8, 1.8)
NEVER_CROSSES = StepParameters(1.8, 0.25, 0.15, crossing_sum=1e9, reflection_rad=0.2)


@pytest.mark.parametrize("scalp", [0.5, 0.9, 1.8], ids=["dark", "like-brain", "fat-bright"])
def test_the_first_set_closes_around_a_disc_of_known_area(scalp):
    head = DiscHead(scalp=scalp)
    image, brain, _ = draw_disc_head(head, snr=25)
    mask, found = cusum.segment_with_diagnostics(image[None], SPACING)
    track = found.slices[0]
    assert track.parameter_set == 0 and not track.fell_back
    assert np.count_nonzero(mask) * 1.8 * 1.8 == pytest.approx(np.pi * 65.0**2, rel=0.03)
    assert overlap(mask[0], brain).dice > 0.98
    assert track.levels.inside == pytest.approx(BRAIN_SIGNAL, rel=0.03)


def test_change_points_lie_on_the_boundary_and_the_path_weaves_across_it():
    image, _, _ = draw_disc_head(DiscHead(), snr=25)
    _, found = cusum.segment_with_diagnostics(image[None], SPACING)
    track = found.slices[0]
    centre = (np.array(image.shape) - 1) / 2
    points_mm, path_mm = (
        np.hypot(*(positions - centre).T) * 1.8 for positions in (track.change_points, track.path)
    )
    assert np.median(np.abs(points_mm - 65.0)) < 1.8
    assert path_mm.min() < 64.0 and path_mm.max() > 66.0
    assert len(track.change_points) > 30


@pytest.mark.parametrize("pixel_mm", [(0.9, 0.9), (3.6, 3.6), (1.2, 2.4)])
def test_the_area_does_not_depend_on_the_pixel_size(pixel_mm):
    image, brain, _ = draw_disc_head(DiscHead(scalp=1.2), pixel_mm, snr=30)
    mask, found = cusum.segment_with_diagnostics(image[None], (5.0, *pixel_mm))
    assert not found.fallback_slices
    area_mm2 = np.count_nonzero(mask) * pixel_mm[0] * pixel_mm[1]
    assert area_mm2 == pytest.approx(np.pi * 65.0**2, rel=0.05)
    assert overlap(mask[0], brain).dice > 0.96


@pytest.mark.parametrize("signal", [0.75, 1.6], ids=["darker", "brighter"])
def test_a_lesion_at_the_border_stays_in_the_mask(signal):
    head = DiscHead(lesion_centre_mm=(-55.0, 0.0), lesion_mm=14.0, lesion=signal)
    image, brain, lesion = draw_disc_head(head, snr=25)
    mask, found = cusum.segment_with_diagnostics(image[None], SPACING)
    assert not found.fallback_slices
    assert mask[0][lesion].mean() > 0.9
    assert overlap(mask[0], brain).dice > 0.97


def test_the_next_set_is_tried_when_one_does_not_close():
    image, brain, _ = draw_disc_head(DiscHead(), snr=25)
    parameters = cusum.CusumParameters(cascade=(NEVER_CROSSES, NEVER_CROSSES, *cusum.CASCADE))
    mask, found = cusum.segment_with_diagnostics(image[None], SPACING, parameters)
    assert found.slices[0].parameter_set == 2
    assert overlap(mask[0], brain).dice > 0.98


def test_hard_slices_need_the_retries():
    # Little contrast between brain, skull and scalp, and noise: about where set 1 begins to fail.
    head = DiscHead(skull=0.45, scalp=1.0)
    slices = [draw_disc_head(head, snr=5, seed=seed)[0] for seed in range(20)]
    _, found = cusum.segment_with_diagnostics(np.stack(slices), SPACING)
    used = [track.parameter_set for track in found.slices]
    assert 0 in used
    assert any(index not in (0, None) for index in used)


def test_a_slice_where_no_set_closes_shows_the_aabl_mask_and_says_so():
    image, _, _ = draw_disc_head(DiscHead(), snr=25)
    volume = np.stack([image, np.zeros_like(image)])
    parameters = cusum.CusumParameters(cascade=(NEVER_CROSSES,))
    mask, found = cusum.segment_with_diagnostics(volume, SPACING, parameters)
    assert found.fallback_slices == (0,)
    assert found.slices[0].parameter_set is None
    np.testing.assert_array_equal(mask, aabl.segment(volume, SPACING))


def test_the_start_ray_passes_a_dark_ventricle():
    head = DiscHead(lesion_mm=15.0, lesion=0.1)
    image, brain, _ = draw_disc_head(head, snr=25)
    mask, found = cusum.segment_with_diagnostics(image[None], SPACING)
    assert found.slices[0].parameter_set == 0
    assert overlap(mask[0], brain).dice > 0.98


def test_slices_without_a_head_are_empty_and_not_a_fall_back():
    rng = np.random.default_rng(5)
    image, brain, _ = draw_disc_head(DiscHead(), snr=25)
    noise = np.hypot(*rng.normal(0, 40, (2, *image.shape)))
    volume = np.stack([np.zeros_like(image), noise, image, np.full_like(image, 9.0)])
    mask, found = cusum.segment_with_diagnostics(volume, SPACING)
    assert not mask[[0, 1, 3]].any() and not found.fallback_slices
    assert found.slices[1].path.shape == (0, 2)
    assert overlap(mask[2], brain).dice > 0.98


@pytest.mark.parametrize(
    "volume",
    [
        np.ones((1, 1, 1)),
        np.eye(3)[None],
        np.tile(np.linspace(0, 1, 40), (2, 40, 1)),
        np.pad(np.ones((1, 4, 4)), ((0, 0), (30, 30), (30, 30))),
        1 - np.pad(np.ones((1, 4, 4)), ((0, 0), (30, 30), (30, 30))),
    ],
    ids=["one-pixel", "tiny", "ramp", "dot", "all-but-a-dot"],
)
def test_odd_images_do_not_crash(volume):
    mask, found = cusum.segment_with_diagnostics(volume, SPACING)
    assert mask.shape == volume.shape and mask.dtype == bool
    assert len(found.slices) == len(volume)


def test_a_head_cut_by_the_image_edge_is_followed():
    image, brain, _ = draw_disc_head(DiscHead(), snr=25)
    image, brain = image[34:], brain[34:]
    mask, found = cusum.segment_with_diagnostics(image[None], SPACING)
    assert not found.fallback_slices
    assert overlap(mask[0], brain).dice > 0.95


def test_the_sampler_interpolates_linearly_and_fades_at_the_edge():
    image = np.array([[0.0, 10.0], [20.0, 40.0]])
    sample = Sampler(image, (3.0, 2.0), ceiling=30.0)
    assert sample(0.0, 0.0) == 0.0
    assert sample(2.0, 0.0) == 10.0
    assert sample(1.0, 1.5) == pytest.approx((0 + 10 + 20 + 30) / 4)
    assert sample(2.0, 3.0) == 30.0  # 40 was cut
    assert sample(2.0, 4.5) == pytest.approx(15.0)
    assert sample(2.0, 6.1) == sample(-50.0, 1.0) == 0.0


def test_a_filled_polygon_holds_the_pixels_whose_centre_it_encloses():
    square = np.array([(1.5, 0.5), (1.5, 4.5), (3.5, 4.5), (3.5, 0.5)])
    expected = np.zeros((6, 7), bool)
    expected[2:4, 1:5] = True
    np.testing.assert_array_equal(fill_polygon(square, (6, 7)), expected)
    np.testing.assert_array_equal(fill_polygon(square[::-1], (6, 7)), expected)
    # Beyond the image, and twice around: the even-odd rule leaves the overlap out.
    assert fill_polygon(square * 100 - 150, (6, 7)).all()
    assert not fill_polygon(np.concatenate([square, square]), (6, 7)).any()


def test_a_polygon_agrees_with_matplotlib():
    path = pytest.importorskip("matplotlib.path")
    rng = np.random.default_rng(9)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 60))
    radius = rng.uniform(8, 19, 60)
    corners = np.stack([20 + radius * np.sin(angle), 22 + radius * np.cos(angle)], axis=1)
    pixels = np.argwhere(np.ones((40, 45)))
    expected = path.Path(corners).contains_points(pixels).reshape(40, 45)
    np.testing.assert_array_equal(fill_polygon(corners, (40, 45)), expected)


def test_twenty_slices_take_under_two_seconds():
    head = DiscHead(skull=0.45, scalp=1.0)
    volume = np.stack([draw_disc_head(head, snr=8, seed=seed)[0] for seed in range(20)])
    # The processor's time: other programs on the machine do not count.
    start = time.process_time()
    cusum.segment(volume, SPACING)
    assert time.process_time() - start < 2.0
