"""Head motion in the phantom: it goes where its record says, and a still phantom is as before."""

import json
from dataclasses import replace

import numpy as np
import pytest
from synthetic_head import make_maps

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.geometry import volume_centre
from DSCBrainSegLib.simulation.series.motion import (
    MOTIONS,
    HeadMotion,
    draw_motion,
    frame_poses,
)
from DSCBrainSegLib.simulation.series.phantom import simulate_phantom
from DSCBrainSegLib.simulation.series.phantom_draws import draw_phantom, series_affine
from DSCBrainSegLib.simulation.series.phantom_files import write_phantom
from DSCBrainSegLib.simulation.series.phantom_frames import simulate_frames

SMALL = {
    "matrix": 64,
    "slices": 6,
    "frames": 8,
    "slice_thickness_mm": 9.0,
    "gap_mm": 5.0,
    "repetition_time": 2.0,
    "field_of_view_mm": 192.0,
}
TIMES = np.arange(40) * 1.5
MOVING = [kind for kind in MOTIONS if kind != "none"]


@pytest.fixture(scope="module")
def maps():
    return make_maps()


def drawn(kind, seed=0, times=TIMES):
    return draw_motion(np.random.default_rng(seed), kind, times, 15.0)


@pytest.mark.parametrize("kind", MOVING)
def test_every_kind_moves_and_lies_still_in_the_reference(kind):
    motion = drawn(kind)
    assert motion.parameters.shape == (40, 6)
    np.testing.assert_array_equal(motion.parameters[3], 0)
    largest = np.abs(motion.parameters).max()
    assert 0.5 < largest < 12
    np.testing.assert_array_equal(drawn(kind).parameters, motion.parameters)
    assert (drawn(kind, 1).parameters != motion.parameters).any()


def test_kinds_move_as_they_are_called():
    steps = np.abs(np.diff(drawn("jerk").parameters, axis=0)).sum(axis=1)
    assert 1 <= np.count_nonzero(steps) <= 3
    # One jump falls within 12 s after the bolus' arrival at 15 s.
    assert steps[(TIMES[1:] >= 15) & (TIMES[1:] <= 28.5)].any()
    drift = drawn("drift").parameters
    assert (np.abs(np.diff(np.sign(np.diff(drift, axis=0)), axis=0)) == 0).all()
    nod = drawn("nod").parameters
    np.testing.assert_array_equal(nod[:, [0, 4, 5]], 0)
    assert np.abs(nod[:, 3]).max() >= 1.5


@pytest.mark.parametrize("frames", [1, 2])
@pytest.mark.parametrize("kind", list(MOTIONS))
def test_short_series_can_move(kind, frames):
    motion = drawn(kind, times=np.arange(frames) * 2.0)
    np.testing.assert_array_equal(motion.parameters[-1], 0)


def volume_of(maps, parameters):
    """One frame of a head moved by `parameters`, on axial slices, and the slices' affine."""
    arguments = {
        **{name: SMALL[name] for name in SMALL if name != "frames"},
        "frames": 1,
        "echo_time": 0.02,
        "field_strength": 3.0,
        "flip_angle": 60.0,
        "tumour": None,
    }
    model = draw_phantom(np.random.default_rng(0), maps, arguments).model
    calm = replace(
        model.acquisition, field_scale=0.0, fat_signal=0.0, ghost=0.0, snr=1e4, partial_fourier=1.0
    )
    model = replace(
        model,
        acquisition=calm,
        shading=np.ones_like(model.shading),
        shading_along_z=0.0,
        texture=0.0,
    )
    positions = np.arange(-49.0, 50.0, 14.0)
    affine = series_affine(model, maps, positions)
    centre = volume_centre(affine, (len(positions), 64, 64))
    motion = HeadMotion("test", np.array([parameters], float))
    poses = frame_poses(model.pose, motion, centre, maps.labels.shape)
    made = simulate_frames(maps, model, positions, np.zeros(1), poses)
    return made.frames[0], affine


def moments(volume, affine):
    """Centre of mass (3,) and second moments (3, 3) of the image in LPS mm."""
    index = np.indices(volume.shape)[::-1].reshape(3, -1)
    points = affine[:3, :3] @ index + affine[:3, 3:]
    weight = (volume / volume.sum()).ravel()
    centre = points @ weight
    return centre, ((points - centre[:, None]) * weight) @ (points - centre[:, None]).T


def test_the_image_moves_with_the_head(maps):
    still, affine = volume_of(maps, [0] * 6)
    for parameters in ([6.0, 0, 0, 0, 0, 0], [0, -5.0, 0, 0, 0, 0]):
        moved, _ = volume_of(maps, parameters)
        shift = moments(moved, affine)[0] - moments(still, affine)[0]
        np.testing.assert_allclose(shift, parameters[:3], atol=0.3)


def test_the_image_turns_with_the_head(maps):
    def direction(volume):
        # Longest axis of the head, which runs from front to back, in the axial plane.
        values, vectors = np.linalg.eigh(moments(volume, affine)[1][:2, :2])
        long = vectors[:, np.argmax(values)]
        return np.rad2deg(np.arctan(-long[0] / long[1]))

    still, affine = volume_of(maps, [0] * 6)
    turned, _ = volume_of(maps, [0, 0, 0, 0, 0, 10.0])
    # Counter-clockwise about the axis to the top: front to left means y to -x.
    assert direction(turned) - direction(still) == pytest.approx(10.0, abs=1.5)


def test_frames_in_one_pose_share_it(maps):
    motion = drawn("jerk")
    pose = draw_phantom(
        np.random.default_rng(0),
        maps,
        {**SMALL, "echo_time": 0.03, "field_strength": 3.0, "flip_angle": 60.0, "tumour": None},
    ).model.pose
    poses = frame_poses(pose, motion, np.zeros(3), maps.labels.shape)
    assert poses[3] is pose
    assert len({id(one) for one in poses}) <= 4


def test_a_moving_phantom_differs_only_in_its_motion(maps):
    still = simulate_phantom(5, maps=maps, **SMALL)
    moving = simulate_phantom(5, maps=maps, motion="jerk", **SMALL)
    assert "motion" not in still.parameters and "motion" not in still.parameters["arguments"]
    np.testing.assert_array_equal(moving.mask, still.mask)
    np.testing.assert_array_equal(moving.lesion, still.lesion)
    np.testing.assert_array_equal(moving.series.affine, still.series.affine)
    rows = np.array(moving.parameters["motion"]["parameters"])
    assert rows.shape == (8, 6)
    rest = ~rows.any(axis=1)
    assert rest[3] and not rest.all()
    difference = (moving.series.frames.astype(float) - still.series.frames).std(axis=(1, 2, 3))
    assert difference[~rest].min() > 2 * difference[rest].max()
    again = simulate_phantom(**moving.parameters["arguments"], maps=maps)
    np.testing.assert_array_equal(again.series.frames, moving.series.frames)
    assert json.loads(json.dumps(moving.parameters)) == again.parameters


def test_unknown_motion_is_named(maps):
    with pytest.raises(ConfigurationError, match="restless, got dance"):
        simulate_phantom(maps=maps, motion="dance", **SMALL)


def test_a_written_phantom_keeps_the_truth(maps, tmp_path):
    phantom = simulate_phantom(5, maps=maps, motion="nod", **SMALL)
    write_phantom(phantom, tmp_path)
    facts = json.loads((tmp_path / "parameters.json").read_text(encoding="utf-8"))["motion"]
    assert facts["reference_frame"] == 4
    assert facts["columns"] == ["x_mm", "y_mm", "z_mm", "rx_deg", "ry_deg", "rz_deg"]
    centre = volume_centre(phantom.series.affine, phantom.series.volume_shape)
    np.testing.assert_allclose(facts["centre_lps_mm"], centre)


def test_the_command_knows_every_kind():
    from DSCBrainSegLib.cli.simulate import MOTIONS as OFFERED

    assert tuple(MOTIONS) == OFFERED
