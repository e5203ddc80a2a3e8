"""NRRD as teem, ITK and 3D Slicer write it: spaces, units, time axes."""

import gzip

import numpy as np
import pytest
import SimpleITK

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import open_series, read_series

FRAMES = np.arange(5 * 4 * 6 * 7, dtype=np.int16).reshape(5, 4, 6, 7)
LPS = np.array([[3.0, 0, 0, -10], [0, 2.5, 0, -20], [0, 0, 5.0, -30], [0, 0, 0, 1]])
IN_LPS = "(3,0,0) (0,2.5,0) (0,0,5)"
IN_TIME = "(3,0,0,0) (0,2.5,0,0) (0,0,5,0) (0,0,0,1.5)"


def write(path, *lines, sizes="7 6 4 5", first=False, packed=False):
    dimension = len(sizes.split())
    data = np.moveaxis(FRAMES, 0, 3) if first else FRAMES
    if dimension == 3:
        data = FRAMES[0]
    fields = ("NRRD0005", "type: short", "endian: little", "encoding: raw")
    text = "\n".join([*fields, f"dimension: {dimension}", f"sizes: {sizes}", *lines])
    content = text.encode() + b"\n\n" + data.astype("<i2").tobytes()
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def check(series, warned=None, step=1.5):
    np.testing.assert_array_equal(series.frames, FRAMES)
    np.testing.assert_allclose(series.affine, LPS, atol=1e-6)
    np.testing.assert_allclose(series.times, step * np.arange(5))
    if warned is None:
        assert series.warnings == []
    else:
        assert any(warned in warning for warning in series.warnings), series.warnings


ORIGIN = "space origin: (-10,-20,-30)"


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        (["space: LPST", f"space directions: {IN_TIME}", "space origin: (-10,-20,-30,0)"], None),
        (
            [
                "space: right-anterior-superior-time",
                "space directions: (-3,0,0,0) (0,-2.5,0,0) (0,0,5,0) (0,0,0,1500)",
                "space origin: (10,20,-30,0)",
                'space units: "mm" "mm" "mm" "ms"',
            ],
            None,
        ),
        (
            [
                "space: RAST",
                "space directions: (-3,0,0,0) (0,-2.5,0,0) (0,0,5,0) (0,0,0,1500)",
                "space origin: (10,20,-30,0)",
            ],
            "cannot be",
        ),
        (
            ["space dimension: 4", f"space directions: {IN_TIME}", "space origin: (-10,-20,-30,0)"],
            "no patient space",
        ),
        (
            [
                "space: left-posterior-superior",
                "space directions: (0.003,0,0) (0,0.0025,0) (0,0,0.005) none",
                "space origin: (-0.01,-0.02,-0.03)",
                'space units: "m" "m" "m"',
                "spacings: nan nan nan 1.5",
            ],
            None,
        ),
        (
            [
                "space: left-posterior-superior",
                "space directions: ( 3 , 0 , 0 ) (0, 2.5, 0)  (0, 0, 5) none",
                "space origin: ( -10, -20, -30 )",
                "spacings: nan nan nan 1,5",
            ],
            None,
        ),
        (
            ["space: left-posterior-superior", f"space directions: {IN_LPS} none", ORIGIN],
            "1 s is assumed",
        ),
        (
            [
                "space: left-posterior-superior",
                f"space directions: {IN_LPS} none",
                ORIGIN,
                "MultiVolume.FrameLabels:=0,0 1500,0 3000,0 4500,0 6000,0",
                "MultiVolume.FrameIdentifyingDICOMTagUnits:=ms",
            ],
            None,
        ),
    ],
)
def test_space_and_time_of_a_header(tmp_path, lines, warned):
    step = 1.0 if warned and "1 s" in warned else 1.5
    check(read_series(write(tmp_path / "a.nrrd", *lines)), warned, step)


def test_time_axis_that_comes_first_and_packing_under_any_name(tmp_path):
    lines = ("space: LPS", f"space directions: none {IN_LPS}", ORIGIN, "spacings: 1.5 nan nan nan")
    check(read_series(write(tmp_path / "a.nrrd", *lines, sizes="5 7 6 4", first=True)))
    path = write(tmp_path / "b.nrrd", *lines, sizes="5 7 6 4", first=True, packed=True)
    check(read_series(path))


def test_series_joined_and_vectors_composed_in_itk(tmp_path):
    volumes = []
    for frame in FRAMES:
        image = SimpleITK.GetImageFromArray(frame)
        image.SetSpacing((3.0, 2.5, 5.0))
        image.SetOrigin((-10.0, -20.0, -30.0))
        volumes.append(image)
    joined = SimpleITK.JoinSeries(volumes, 0.0, 1.5)
    SimpleITK.WriteImage(joined, str(tmp_path / "joined.nrrd"))
    check(read_series(tmp_path / "joined.nrrd"), "no patient space")
    SimpleITK.WriteImage(SimpleITK.Compose(volumes), str(tmp_path / "vector.nrrd"))
    check(read_series(tmp_path / "vector.nrrd"), "1 s is assumed", step=1.0)
    SimpleITK.WriteImage(SimpleITK.Compose(volumes), str(tmp_path / "vector.nii.gz"))
    series = read_series(tmp_path / "vector.nii.gz")
    np.testing.assert_array_equal(series.frames, FRAMES)
    np.testing.assert_allclose(series.affine, LPS, atol=1e-5)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["space directions: (0,0,0) (0,2.5,0) (0,0,5) none"], "span no volume"),
        (["space directions: (1,0"], "damaged"),
        (["data file: LIST"], "many files"),
        (["nonsense"], "damaged"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_sentence(tmp_path, lines, words):
    with pytest.raises(SeriesError, match=words):
        open_series(write(tmp_path / "a.nrrd", *lines))


def test_sizes_that_the_file_cannot_hold_are_refused_before_memory_is_asked_for(tmp_path):
    with pytest.raises(SeriesError, match="cut short"):
        open_series(write(tmp_path / "a.nrrd", sizes="70000 60000 40000 5"))
