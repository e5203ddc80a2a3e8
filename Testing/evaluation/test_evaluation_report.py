"""The report is one file: right slices, right outlines, and names that stay text."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.cohort.cases import ReferenceCase, load_case
from DSCBrainSegLib.evaluation.axial_case import AxialCase
from DSCBrainSegLib.evaluation.html.viewer import CaseViewer, encode_runs
from DSCBrainSegLib.evaluation.measure import measure_slices
from DSCBrainSegLib.evaluation.run import evaluate
from DSCBrainSegLib.evaluation.write import write_evaluation
from DSCBrainSegLib.methods import SegmentationMethod
from DSCBrainSegLib.series import write_nifti

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")

UPRIGHT = np.diag([3.0, 3.0, 5.0, 1.0])
TOP_DOWN_MIRRORED = np.diag([-3.0, 3.0, -5.0, 1.0])
ODD_NAME = "</script><script>alert(1)</script> & \"'{{ 7*7 }} <img src=x onerror=alert(1)>"


def make_case(folder, affine=UPRIGHT, name="case", slices=None, mask=None):
    mask = ball() if mask is None else mask
    image = np.where(mask, 900.0, 100.0) + np.arange(mask.shape[2])  # brighter to the right
    paths = folder / "frame.nii.gz", folder / "reference-mask.nii.gz"
    write_nifti(paths[0], image.astype(np.float32), affine)
    write_nifti(paths[1], mask, affine)
    return ReferenceCase(name, *paths, slices)


def decode_runs(runs, shape):
    """What the report's script makes of the runs."""
    flat, at, inside = np.zeros(np.prod(shape), bool), 0, False
    for run in runs.split(",") if runs else []:
        length = int(run, 36)
        flat[at : at + length] = inside
        at, inside = at + length, not inside
    return flat.reshape(shape)


@pytest.mark.parametrize("density", [0.0, 0.02, 0.5, 1.0])
def test_runs_give_the_mask_back(density):
    mask = np.random.default_rng(3).random((40, 37)) < density
    np.testing.assert_array_equal(decode_runs(encode_runs(mask), mask.shape), mask)
    assert encode_runs(np.zeros((4, 4), bool)) == ""


@pytest.mark.parametrize("affine", [UPRIGHT, TOP_DOWN_MIRRORED], ids=["upright", "turned"])
def test_image_and_outline_of_every_slice_belong_together(tmp_path, affine):
    loaded = load_case(make_case(tmp_path, affine))
    case = CaseViewer(AxialCase(loaded)).case
    truth, numbers = ball(), list(range(1, 11))
    if affine is TOP_DOWN_MIRRORED:  # shown from below, the patient's left on the right
        truth, numbers = truth[::-1, :, ::-1], numbers[::-1]
    assert case.numbers == numbers
    sprite = np.asarray(Image.open(io.BytesIO(case.sprite)), float)
    height, width = case.tile
    assert case.size_mm == pytest.approx((120.0, 108.0))
    for index, plane in enumerate(truth):
        np.testing.assert_array_equal(decode_runs(case.reference.runs[index], case.shape), plane)
        row, column = divmod(index, case.columns)
        tile = sprite[row * height : (row + 1) * height, column * width : (column + 1) * width]
        assert ((tile > 128) != plane).mean() < 0.02  # JPEG blurs the edge a little


def test_large_images_are_stored_smaller_and_masks_are_not(tmp_path):
    mask = np.zeros((3, 400, 300), bool)
    mask[:, 100:300, 50:250] = True
    case = CaseViewer(AxialCase(load_case(make_case(tmp_path, mask=mask)))).case
    assert case.shape == (400, 300) and case.tile == (192, 144)
    assert decode_runs(case.reference.runs[0], case.shape).sum() == mask[0].sum()


def test_only_compared_slices_are_shown_with_the_dice_of_the_tables(tmp_path):
    loaded = load_case(make_case(tmp_path, TOP_DOWN_MIRRORED, slices=(2, 6)))
    mask = np.roll(ball(), 3, axis=2)
    mask[4] = False
    axial = AxialCase(loaded)
    viewer = CaseViewer(axial)
    viewer.add("moved", axial.mask(mask))
    assert viewer.case.numbers == [7, 6, 5, 4, 3]
    expected = {row.slice_k + 1: row.dice for row in measure_slices(mask, loaded, "moved")}
    shown = dict(zip(viewer.case.numbers, viewer.case.masks["moved"].dice, strict=True))
    assert shown == pytest.approx(expected, abs=1e-4)
    assert shown[5] == 0.0


def test_slices_without_brain_in_both_have_no_dice(tmp_path):
    axial = AxialCase(load_case(make_case(tmp_path)))
    viewer = CaseViewer(axial)
    viewer.add("none", np.zeros(ball().shape, bool))
    empty = ~ball().any(axis=(1, 2))
    assert [dice is None for dice in viewer.case.masks["none"].dice] == empty.tolist()


class Page(HTMLParser):
    """Tags, links and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.sources, self.handlers, self.texts, self.scripts = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href"):
                self.sources.append(value)
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_data(self, data):
        if self.tags and self.lasttag == "script":
            self.scripts.append(data)
        self.texts.append(data.strip())


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Report of two methods, one of which fails, on two cases, one oddly named."""
    folder = tmp_path_factory.mktemp("report")
    cases = []
    for name in ("plain", ODD_NAME):
        (folder / str(len(cases))).mkdir()
        cases.append(make_case(folder / str(len(cases)), name=name))

    def broken(volume, spacing):
        raise ValueError("<b>broken</b>")

    methods = [
        SegmentationMethod("otsu", "", lambda volume, spacing: volume > 500),
        SegmentationMethod("broken", "", broken),
        SegmentationMethod("nothing", "", lambda volume, spacing: volume < 0),
    ]
    evaluation = evaluate(cases, methods)
    evaluation.weights = {"network": {"name": "lean", "sha256": "abc"}}
    (folder / "out").mkdir()
    write_evaluation(evaluation, folder / "out")
    return (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_the_report_needs_no_other_file(report):
    page = Page(report)
    assert page.sources and "img" in page.tags and "canvas" in page.tags
    assert all(source.startswith(("data:", "#")) for source in page.sources)
    assert "link" not in page.tags and "@import" not in report and "url(" not in report
    assert "default-src 'none'" in report
    for source in page.sources:
        if source.startswith("data:image/png"):
            Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))).verify()


def test_odd_names_stay_text(report):
    page = Page(report)
    assert page.tags.count("script") == 2  # data and code
    assert not page.handlers and "alert(1)</script>" not in report
    assert ODD_NAME in page.texts
    assert any("<b>broken</b>" in text for text in page.texts) and "b" not in page.tags


def test_the_viewer_has_every_slice_and_every_mask(report):
    data = json.loads(next(text for text in Page(report).scripts if text.startswith("{")))
    assert [case["name"] for case in data["cases"]] == ["plain", ODD_NAME]
    assert [method["name"] for method in data["methods"]] == ["otsu", "broken", "nothing"]
    case = data["cases"][0]
    assert set(case["masks"]) == {"otsu", "nothing"}
    assert case["volumeDice"] == {"otsu": 1.0, "broken": None, "nothing": 0.0}
    for index, plane in enumerate(ball()):
        found = decode_runs(case["masks"]["otsu"]["runs"][index], case["shape"])
        np.testing.assert_array_equal(found, plane)
    picture = Image.open(io.BytesIO(base64.b64decode(case["sprite"].split(",")[1])))
    assert picture.size[1] >= case["tile"][0] * 10 / case["columns"]


def test_the_report_says_what_it_must(report):
    text = re.sub(r"\s+", " ", " ".join(Page(report).texts))
    for words in (
        "References of all 2 cases: of unknown origin",
        "aabl and cusum are not self-consistent",
        "Beside the source paper",
        "Order of the methods and pattern of errors",
        "Over slices",
        "Differences in Dice between methods",
        "Every volume: HD95 (mm)",
        "Empty masks: Dice is 1 if mask and reference are both empty",
        "Time (s per 20 slices)",
        "lean, SHA-256 abc",
        "not a medical device",
    ):
        assert words in text, words


def test_a_report_of_32_cases_can_be_mailed(tmp_path):
    """20 slices of 128 x 128 with noise and six ragged masks, times 32: under 15 MB."""
    random = np.random.default_rng(0)
    shape, spacing = (20, 128, 128), (6.0, 1.8, 1.8)
    truth = ball(shape, spacing, 75.0)
    image = np.where(truth, 900, 300) + random.normal(0, 60, shape)
    paths = tmp_path / "frame.nii.gz", tmp_path / "reference-mask.nii.gz"
    write_nifti(paths[0], image.astype(np.float32), np.diag([1.8, 1.8, 6.0, 1.0]))
    write_nifti(paths[1], truth, np.diag([1.8, 1.8, 6.0, 1.0]))
    axial = AxialCase(load_case(ReferenceCase("case", *paths)))
    viewer = CaseViewer(axial)
    for number in range(6):
        viewer.add(str(number), axial.image > 500 + 20 * number)
    masks = sum(len(run) + 3 for mask in viewer.case.masks.values() for run in mask.runs)
    assert 32 * (len(viewer.case.sprite) * 4 / 3 + masks) < 12e6  # the rest is for the figures


def test_no_case_and_no_slice_still_make_a_report(tmp_path):
    missing = ReferenceCase("missing", tmp_path / "a.nii.gz", tmp_path / "b.nii.gz")
    evaluation = evaluate([missing], [SegmentationMethod("otsu", "", lambda *_: None)])
    write_evaluation(evaluation, tmp_path)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No case could be read." in report and str(tmp_path) not in report
