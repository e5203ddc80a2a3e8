"""The worker's command ``measure``: figures of masks, the report, refusals in a sentence."""

import numpy as np
import pytest
from bright_ball import ball

from DSCBrainSegLib.errors import Cancelled, ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.metrics.overlap import overlap
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.worker.commands.measure import measure_masks

TRUTH = ball()
SHIFTED = np.roll(TRUTH, 2, axis=2)
AFFINE = np.diag([3.0, 3.0, 5.0, 1.0])


@pytest.fixture
def fields(tmp_path):
    """A request: the image, the truth, a shifted mask and the truth again."""
    image = np.where(TRUTH, 900, 40).astype(np.int16)
    paths = {}
    for name, array in (("image", image), ("truth", TRUTH), ("shifted", SHIFTED)):
        paths[name] = str(tmp_path / f"{name}.npy")
        np.save(paths[name], array)
    return {
        "input": paths["image"],
        "affine": AFFINE.tolist(),
        "reference": paths["truth"],
        "masks": {"shifted": paths["shifted"], "same": paths["truth"]},
    }


def measure(fields, progress=no_progress, cancelled=never_cancelled):
    return measure_masks(fields, progress, cancelled)


def test_figures_are_those_of_the_evaluation(fields):
    steps = []
    found = measure(fields, lambda *step: steps.append(step))
    shifted, same = found["volumes"]
    counts = overlap(SHIFTED, TRUTH)
    assert shifted["method"] == "shifted" and same["method"] == "same"
    assert shifted["dice"] == pytest.approx(counts.dice) and same["dice"] == 1.0
    assert shifted["hd95_mm"] == pytest.approx(6.0) and same["hd95_mm"] == 0.0
    assert found["report"] is None
    assert {row["slice_k"] for row in found["slices"]} == set(np.flatnonzero(TRUTH.any((1, 2))))
    assert [step[:2] for step in steps] == [(0, 2), (1, 2)]


def test_the_report_is_written_once_and_names_nobody(fields, tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    folder = tmp_path / "report"
    fields |= {"report": str(folder), "statements": ["The reference was drawn by one reader."]}
    fields["weights"] = {"shifted": {"name": "weights-1", "sha256": "0123abcd"}}
    found = measure(fields)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert found["report"] == str(folder / "report.html")
    assert "shifted" in text and "drawn by one reader" in text and "weights-1" in text
    assert (folder / "per-volume.csv").exists() or list(folder.glob("*.csv"))
    with pytest.raises(OutputError):
        measure(fields)
    measure({**fields, "overwrite": True})


def test_wrong_requests_are_refused_in_a_sentence(fields, tmp_path):
    empty, small = tmp_path / "empty.npy", tmp_path / "small.npy"
    np.save(empty, np.zeros_like(TRUTH))
    np.save(small, TRUTH[1:])
    (tmp_path / "text.npy").write_text("no array")
    for change, error, words in (
        ({"reference": str(empty)}, SeriesError, "reference is empty"),
        ({"masks": {"m": str(small)}}, ConfigurationError, "shape"),
        ({"masks": {}}, ConfigurationError, "lacks the field 'masks'"),
        ({"affine": [[1, 2]]}, ConfigurationError, "4 rows of 4"),
        ({"input": str(tmp_path / "text.npy")}, SeriesError, "not a .npy file"),
        ({"input": str(tmp_path / "gone.npy")}, SeriesError, "missing"),
    ):
        with pytest.raises(error, match=words):
            measure({**fields, **change})


def test_it_can_be_cancelled_between_masks(fields):
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(Cancelled):
        measure(fields, cancelled=cancelled)
