"""Pictures show every method in its colour, at one scale, also when something is missing."""

import io
import subprocess
import sys

import numpy as np
import pytest

from DSCBrainSegLib.display import METHOD_COLOURS, REFERENCE_COLOUR, method_colours
from DSCBrainSegLib.evaluation.plots.dice_plot import draw_dice_by_height
from DSCBrainSegLib.evaluation.plots.figure import draw_comparison
from DSCBrainSegLib.evaluation.plots.pictures import PictureRow, plan_pictures
from DSCBrainSegLib.metrics.height import dice_by_height

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")


def picture_row(masks, pixel_mm=(2.0, 2.0)):
    image = np.zeros((60, 50))
    image[10:50, 10:40] = 0.5
    return PictureRow("case", 7, image, image > 0, pixel_mm, (0.0, 1.0), masks)


def decode(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)


def columns_with(picture, colour, tolerance=12):
    """Columns of the picture with pixels of a colour, as fractions of its width."""
    near = np.abs(picture - colour).max(axis=2) < tolerance
    return np.flatnonzero(near.any(axis=0)) / picture.shape[1]


def test_each_method_is_in_its_own_column_and_colour():
    mask = np.zeros((60, 50), bool)
    mask[20:40, 20:30] = True
    picture = decode(
        draw_comparison([picture_row({"otsu": mask, "cusum": mask})], ["otsu", "cusum"])
    )
    otsu, cusum, reference = (
        columns_with(picture, colour)
        for colour in (METHOD_COLOURS["otsu"], METHOD_COLOURS["cusum"], REFERENCE_COLOUR)
    )
    assert otsu.size and cusum.size and reference.size
    assert 0.5 < otsu.min() < otsu.max() < 0.78  # third of four panels
    assert cusum.min() > 0.75
    assert 0.25 < reference.min() < 0.55 and reference.max() > 0.75  # also over the methods


@pytest.mark.parametrize(("pixel_mm", "height_mm"), [((2.0, 2.0), 80), ((4.0, 2.0), 160)])
def test_image_and_outline_keep_the_proportions_of_the_pixels(pixel_mm, height_mm):
    picture = decode(draw_comparison([picture_row({}, pixel_mm)], []))
    half = picture.shape[1] // 2
    grey = np.abs(picture[:, :half] - 127.5).max(axis=2) < 6
    line = np.abs(picture[:, half:] - REFERENCE_COLOUR).max(axis=2) < 12
    for found, enough in ((grey, 60), (line, 1)):
        rows, columns = (np.flatnonzero(found.sum(axis=axis) >= enough) for axis in (1, 0))
        assert np.ptp(rows) / np.ptp(columns) == pytest.approx(height_mm / 60, rel=0.1)


def test_failed_method_and_empty_masks_leave_a_panel():
    full = draw_comparison([picture_row({"otsu": np.zeros((60, 50), bool)})], ["otsu", "aabl"])
    one = draw_comparison([picture_row({})], ["otsu"])
    assert decode(full).shape[1] > decode(one).shape[1]


def test_no_pictures_still_make_a_file():
    assert decode(draw_comparison([], ["otsu"])).size


def test_rows_are_spread_over_cases_and_levels_before_any_result_is_known():
    assert [case for case, _ in plan_pictures(10, 4)] == [0, 3, 6, 9]
    assert [case for case, _ in plan_pictures(1, 3)] == [0, 0, 0]
    levels = [level for _, level in plan_pictures(5, 4)]
    assert levels == sorted(levels)
    assert 0.4 < levels[0] < levels[-1] < 0.9


def test_methods_keep_their_colours_and_others_differ():
    colours = method_colours(["mine", "network", "theirs", "otsu"])
    assert colours["network"] == METHOD_COLOURS["network"]
    assert len(set(colours.values())) == 4
    assert REFERENCE_COLOUR not in colours.values()


def test_dice_plot_draws_the_method_and_does_without_slices():
    ranges = dice_by_height([0.0, 5.0, 10.0], [0.8, 0.9, 0.95])
    drawn = decode(draw_dice_by_height({"otsu": ranges}))
    assert columns_with(drawn, METHOD_COLOURS["otsu"]).size > 10
    empty = decode(draw_dice_by_height({"otsu": dice_by_height([], [])}))
    assert not columns_with(empty, METHOD_COLOURS["otsu"]).size


def test_importing_the_evaluation_loads_nothing_heavy():
    heavy = "matplotlib", "scipy", "SimpleITK", "nibabel", "keras", "PIL"
    script = (
        "import sys, DSCBrainSegLib.evaluation.run, DSCBrainSegLib.evaluation.write;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr
