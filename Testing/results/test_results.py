"""The picture and the report show the right slices, the right way up, and say what matters."""

import io

import numpy as np
import pytest
from bright_ball import ball
from PIL import Image

from DSCBrainSegLib.errors import ConfigurationError, OutputError
from DSCBrainSegLib.pipeline import segment_series
from DSCBrainSegLib.results.facts import collect_facts
from DSCBrainSegLib.results.html import render_report
from DSCBrainSegLib.results.overlay import (
    CHECK_COLOUR,
    GAP_PX,
    OUTLINE_COLOUR,
    TILE_PX,
    draw_overlay,
)
from DSCBrainSegLib.results.write import output_names, write_results

MARK_LPS_MM = {"left": (40, 0, 0), "front": (0, -60, 0), "top": (0, 0, 50)}


def head(directions, shape=(32, 64, 64), spacing=(3.5, 3.0, 3.0)):
    """Dim ball with bright spots left, in front and on top, sampled on any orientation.

    `directions`: rows are the LPS directions in which i, j and k run.
    """
    affine = np.eye(4)
    affine[:3, :3] = np.array(directions, float).T * np.array(spacing)[::-1]
    centre = (np.array(shape[::-1]) - 1) / 2
    affine[:3, 3] = -affine[:3, :3] @ centre
    k, j, i = np.indices(shape)
    where = np.stack([i, j, k, np.ones(shape)], axis=-1) @ affine.T
    image = np.where(np.linalg.norm(where[..., :3], axis=-1) < 75, 300.0, 0.0)
    for position in MARK_LPS_MM.values():
        image[np.linalg.norm(where[..., :3] - position, axis=-1) < 16] = 1000.0
    return image, affine


def tiles(png, count):
    """Grey tiles of the picture, and a bool picture of the outline."""
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    step = TILE_PX + GAP_PX
    columns = (picture.shape[1] - GAP_PX) // step
    found = []
    for index in range(count):
        top, left = (GAP_PX + step * n for n in divmod(index, columns))
        found.append(picture[top : top + TILE_PX, left : left + TILE_PX])
    return found


def brightest(tile):
    """Centre (x, y) in [0, 1] of what is brightest in a tile, text aside."""
    grey = np.where(np.ptp(tile, axis=-1) == 0, tile[..., 0], 0)
    y, x = np.nonzero(grey > 240)
    return x.mean() / TILE_PX, y.mean() / TILE_PX


AXIAL = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]
NIFTI_RAS = [(-1, 0, 0), (0, -1, 0), (0, 0, 1)]
TRANSPOSED = [(0, 1, 0), (-1, 0, 0), (0, 0, -1)]
SAGITTAL = [(0, 1, 0), (0, 0, -1), (-1, 0, 0)]
CORONAL = [(-1, 0, 0), (0, 0, 1), (0, 1, 0)]


@pytest.mark.parametrize("directions", [AXIAL, NIFTI_RAS, TRANSPOSED])
def test_axial_slices_show_the_front_up_and_the_patient_s_left_on_the_right(directions):
    image, affine = head(directions)
    picture = tiles(draw_overlay(image, np.zeros(image.shape, bool), affine), len(image))
    x, y = brightest(picture[len(image) // 2])  # both marks: left (right of centre) and front (up)
    assert x > 0.52 and y < 0.45


def test_sagittal_slices_show_the_top_up_and_the_front_on_the_left():
    image, affine = head(SAGITTAL)
    picture = tiles(draw_overlay(image, np.zeros(image.shape, bool), affine), len(image))
    x, y = brightest(picture[len(image) // 2])
    assert x < 0.45 and y < 0.45


def test_coronal_slices_show_the_top_up_and_the_patient_s_left_on_the_right():
    image, affine = head(CORONAL)
    picture = tiles(draw_overlay(image, np.zeros(image.shape, bool), affine), len(image))
    x, y = brightest(picture[len(image) // 2])
    assert x > 0.52 and y < 0.45


def test_the_outline_runs_along_the_mask_s_edge_in_every_slice_that_has_one():
    image, affine = head(AXIAL)
    mask = np.zeros(image.shape, bool)
    mask[10:20, 16:48, 8:40] = True
    for index, tile in enumerate(tiles(draw_overlay(image, mask, affine), len(image))):
        y, x = np.nonzero((tile == OUTLINE_COLOUR).all(axis=-1))
        assert (x.size > 0) == (10 <= index < 20)
        if x.size:
            scale = TILE_PX / 64
            box = (x.min() / scale, (x.max() + 1) / scale, y.min() / scale, (y.max() + 1) / scale)
            assert box == pytest.approx((8, 40, 16, 48), abs=0.5)
            assert x.size == pytest.approx(4 * 32 * scale, rel=0.05), "one pixel thin"


def test_pixels_that_are_not_square_are_shown_in_proportion():
    image = np.random.default_rng(0).random((1, 40, 80))
    picture = Image.open(io.BytesIO(draw_overlay(image, image > 2, np.diag([1.0, 3.0, 5.0, 1.0]))))
    # 80 mm wide, 120 mm high.
    assert picture.size == (round(TILE_PX * 80 / 120) + 2 * GAP_PX, TILE_PX + 2 * GAP_PX)


@pytest.fixture
def result(series_file, threshold_method):
    return segment_series(series_file, threshold_method)


def test_the_figures_name_no_path_and_no_patient(result):
    facts = collect_facts(result)
    assert "Größe" not in str(facts) and "perfusion.nii" not in str(facts)
    assert facts["mask"]["voxels_per_slice"] == ball().sum(axis=(1, 2)).tolist()
    assert facts["geometry"]["spacing_kji_mm"] == [5.0, 3.0, 3.0]
    assert facts["versions"]["DSCBrainSegLib"]


def test_the_report_shows_warnings_and_takes_text_as_text(result):
    result.warnings.append("2 files < 3 & more")
    result.series.description = "<script>alert(1)</script>"
    page = render_report(collect_facts(result), b"png")
    assert "2 files &lt; 3 &amp; more" in page
    assert "<script>" not in page
    assert f"{result.volume_ml:.0f} mL" in page


def test_results_in_the_folder_are_not_replaced_unasked(result, tmp_path):
    out = tmp_path / "out"
    write_results(result, out)
    before = {path: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(OutputError, match="already holds"):
        write_results(result, out)
    assert {path: path.read_bytes() for path in out.iterdir()} == before
    write_results(result, out, overwrite=True)
    assert {path.name for path in out.iterdir()} == set(output_names("nii.gz"))


def test_an_unknown_mask_format_is_named():
    with pytest.raises(ConfigurationError, match="not as 'png'"):
        output_names("png")


def test_slices_to_look_at_are_framed_in_the_picture_and_listed_from_1(result):
    from dataclasses import replace

    from DSCBrainSegLib.quality.types import SliceToCheck

    found = SliceToCheck(3, 0.42, ("The network is unsure of the outline.", "Odd < strange."))
    result.quality = replace(result.quality, confidence=0.87, slices_to_check=(found,))
    page = render_report(collect_facts(result), b"png")
    assert "<td>4</td>" in page and "<td>42 %</td>" in page
    assert "unsure of the outline. Odd &lt; strange." in page
    assert "87 %" in page
    count = len(result.image)
    picture = np.asarray(
        Image.open(io.BytesIO(draw_overlay(result.image, result.mask, result.series.affine, {3})))
    )
    plain = np.asarray(
        Image.open(io.BytesIO(draw_overlay(result.image, result.mask, result.series.affine)))
    )
    framed = (picture == CHECK_COLOUR).all(axis=-1) & ~(plain == CHECK_COLOUR).all(axis=-1)
    y, x = np.nonzero(framed)
    height, width = (n * 3.0 * TILE_PX / 120 for n in result.image.shape[1:])
    columns = (picture.shape[1] - GAP_PX) // (round(width) + GAP_PX)
    row, column = divmod(3, columns)
    assert count > columns > 1
    left = GAP_PX + column * (round(width) + GAP_PX)
    top = GAP_PX + row * (round(height) + GAP_PX)
    assert (x.min(), y.min()) == (left - 2, top - 2)
    assert (x.max(), y.max()) == (left + round(width) + 1, top + round(height) + 1)


def test_a_result_without_a_judgement_is_reported_without_one(result):
    result.quality = None
    facts = collect_facts(result)
    assert facts["quality"] is None
    assert "Slices to look at" not in render_report(facts, b"png")
