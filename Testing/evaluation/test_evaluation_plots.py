"""Box plots and Bland-Altman plots show every volume, and say which they cannot show."""

import io

import numpy as np
import pytest

from DSCBrainSegLib.display import METHOD_COLOURS
from DSCBrainSegLib.evaluation.measure import VolumeFigures
from DSCBrainSegLib.evaluation.plots.bland_altman import draw_bland_altman, limits_of_agreement
from DSCBrainSegLib.evaluation.plots.box_plots import draw_box_plots

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")


def volume(case, method, dice=0.9, hd95_mm=3.0, mask_ml=1000.0, reference_ml=1000.0):
    figures = {"mask_ml": mask_ml, "reference_ml": reference_ml}
    error = mask_ml - reference_ml
    return VolumeFigures(case, method, dice=dice, hd95_mm=hd95_mm, volume_error_ml=error, **figures)


def pixels(png, method):
    """Rows and columns of the pixels in a method's colour, as fractions."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), float)
    near = np.abs(picture - METHOD_COLOURS[method]).max(axis=2) < 12
    return np.argwhere(near) / near.shape


def test_limits_of_agreement_by_hand():
    errors = [10.0, -20.0, 40.0, 0.0]
    rows = [volume(str(k), "otsu", mask_ml=1000.0 + error) for k, error in enumerate(errors)]
    rows.append(VolumeFigures("5", "otsu", failure="no brain"))
    found = limits_of_agreement(rows, "otsu")
    sd = np.sqrt(sum((error - 7.5) ** 2 for error in errors) / 3)
    assert found.count == 4 and found.mean == pytest.approx(7.5)
    assert (found.low, found.high) == pytest.approx((7.5 - 1.96 * sd, 7.5 + 1.96 * sd))


def test_one_volume_has_no_limits():
    found = limits_of_agreement([volume("1", "otsu", mask_ml=1030.0)], "otsu")
    assert found.mean == 30.0 and np.isnan(found.low) and np.isnan(found.high)
    assert limits_of_agreement([], "otsu").count == 0


def test_each_method_has_its_own_panel_of_the_bland_altman_plot():
    rows = [
        volume(str(k), method, mask_ml=900.0 + 50 * k, reference_ml=950.0 + 30 * k)
        for k in range(6)
        for method in ("otsu", "cusum")
    ]
    png = draw_bland_altman(rows, ["otsu", "cusum"])
    otsu, cusum = pixels(png, "otsu"), pixels(png, "cusum")
    assert otsu.size and cusum.size
    assert otsu[:, 1].max() < 0.56 < cusum[:, 1].min()


def test_boxes_stand_in_the_order_of_the_methods_and_at_the_height_of_the_figures():
    rows = [volume(str(k), "otsu", 0.70 + 0.01 * k, 20.0 + k) for k in range(6)]
    rows += [volume(str(k), "cusum", 0.90 + 0.01 * k, 3.0 + k) for k in range(6)]
    png = draw_box_plots(rows, ["otsu", "cusum"])
    otsu, cusum = pixels(png, "otsu"), pixels(png, "cusum")
    left = {name: found[found[:, 1] < 0.5] for name, found in (("otsu", otsu), ("cusum", cusum))}
    right = {name: found[found[:, 1] > 0.5] for name, found in (("otsu", otsu), ("cusum", cusum))}
    for panel in (left, right):
        assert panel["otsu"][:, 1].max() < panel["cusum"][:, 1].min()
    assert left["cusum"][:, 0].max() < left["otsu"][:, 0].min()  # higher Dice
    assert right["cusum"][:, 0].min() > right["otsu"][:, 0].max()  # shorter distance


def test_a_volume_beyond_the_whiskers_is_a_point():
    values = [0.80, 0.90, 0.90, 0.90, 0.95]
    rows = [volume(str(k), "otsu", value) for k, value in enumerate(values)]
    rows.append(volume("6", "otsu", 0.30))
    dice = pixels(draw_box_plots(rows, ["otsu"]), "otsu")
    dice = dice[dice[:, 1] < 0.5]
    heights = np.unique(dice[:, 0])
    assert np.diff(heights).max() > 0.2  # nothing between the box and the point at the bottom


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [VolumeFigures("1", "otsu", failure="no brain")],
        [volume("1", "otsu", hd95_mm=np.inf, mask_ml=0.0)],
        [volume("1", "otsu")],
    ],
    ids=["none", "failed", "empty mask", "one"],
)
def test_plots_are_drawn_of_whatever_there_is(rows):
    for draw in (draw_box_plots, draw_bland_altman):
        png = draw(rows, ["otsu", "network:post", "aabl", "cusum", "otsu-post"])
        assert Image.open(io.BytesIO(png)).size[0] > 500


def test_labels_say_how_many_volumes_are_missing():
    from DSCBrainSegLib.evaluation.plots.box_plots import _label

    assert _label("otsu", 3, 3) == "otsu"
    assert _label("otsu", 2, 3) == "otsu\n(2 of 3)"
