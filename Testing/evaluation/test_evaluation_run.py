"""A cohort is evaluated as a whole: right figures, failures recorded, nothing half written."""

import csv
import time
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.cases import ReferenceCase, find_cases
from DSCBrainSegLib.cohort.ground_truth import draw
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.evaluation.result import OUTPUT_NAMES
from DSCBrainSegLib.evaluation.run import evaluate, evaluate_folder
from DSCBrainSegLib.methods import SegmentationMethod, register_method, unregister_method
from DSCBrainSegLib.series import DSCSeries, write_nifti, write_nrrd

SHAPE = (14, 32, 32)
SPACING = (5.0, 3.0, 3.0)
BRAIN, SCALP = 100.0, 60.0


def head(radius_mm=30.0):
    """Image and brain mask of a ball of brain in a ball of scalp."""
    grid = np.meshgrid(
        *[(np.arange(n) - (n - 1) / 2) * size for n, size in zip(SHAPE, SPACING, strict=True)],
        indexing="ij",
    )
    distance = np.sqrt(sum(x**2 for x in grid))
    image = np.where(distance < radius_mm + 7, SCALP, 0.0)
    image[distance < radius_mm] = BRAIN
    return image, distance < radius_mm


@pytest.fixture
def cases(tmp_path):
    """Two heads; the second file runs from the top down and from left to right."""
    found = []
    for number, (radius, flip) in enumerate(((24.0, False), (30.0, True))):
        image, brain = head(radius)
        affine = np.diag([3.0, 3.0, -5.0 if flip else 5.0, 1.0])
        if flip:
            affine[0, 0] = -3.0
        paths = []
        for name, volume in (("frame", image.astype(np.float32)), ("reference-mask", brain)):
            paths.append(tmp_path / "cohort" / f"subject-{number}" / f"{name}.nii.gz")
            paths[-1].parent.mkdir(parents=True, exist_ok=True)
            write_nifti(paths[-1], volume, affine)
        found.append(ReferenceCase(f"subject-{number}", *paths))
    return found


def perfect(volume, spacing):
    return volume > (BRAIN + SCALP) / 2


def with_scalp(volume, spacing):
    return volume > SCALP / 2


def method(name, segment):
    return SegmentationMethod(name, name, segment)


@pytest.fixture
def registered():
    methods = [method("test-perfect", perfect), method("test-scalp", with_scalp)]
    for each in methods:
        register_method(each)
    yield [each.name for each in methods]
    for each in methods:
        unregister_method(each.name)


def test_perfect_masks_get_perfect_figures(cases):
    rows = evaluate(cases, [method("perfect", perfect)]).volumes
    assert len(rows) == 2
    for row in rows:
        assert row.dice == row.sensitivity == row.specificity == row.accuracy == 1.0
        assert row.hd95_mm == row.msd_mm == row.volume_error_ml == row.volume_error_percent == 0.0
        assert row.failure == ""


def test_overlap_figures_are_those_of_scikit_learn(cases):
    sklearn = pytest.importorskip("sklearn.metrics")
    row = evaluate(cases[:1], [method("scalp", with_scalp)]).volumes[0]
    image, brain = head(24.0)
    truth, found = brain.ravel(), with_scalp(image, SPACING).ravel()
    assert row.dice == pytest.approx(sklearn.f1_score(truth, found))
    assert row.sensitivity == pytest.approx(sklearn.recall_score(truth, found))
    assert row.specificity == pytest.approx(sklearn.recall_score(truth, found, pos_label=False))
    assert row.accuracy == pytest.approx(sklearn.accuracy_score(truth, found))
    assert row.outward_share == pytest.approx(1 - sklearn.precision_score(truth, found))
    assert row.volume_error_ml == pytest.approx((found.sum() - truth.sum()) * 0.045)
    assert 5.0 < row.msd_mm < 8.0  # the scalp is 7 mm thick


def test_only_the_trusted_slices_count(cases):
    whole = cases[0]
    part = ReferenceCase(whole.name, whole.image, whole.reference, slices=(4, 5))
    row = evaluate([part], [method("scalp", with_scalp)]).volumes[0]
    image, brain = (volume[4:6] for volume in head(24.0))
    assert row.slices == 2
    assert row.reference_ml == pytest.approx(brain.sum() * 0.045)
    assert row.false_positive == with_scalp(image, SPACING).sum() - brain.sum()


def test_slices_without_brain_in_both_are_left_out(cases):
    evaluation = evaluate(cases[:1], [method("perfect", perfect), method("scalp", with_scalp)])
    image, brain = head(24.0)
    for name, mask in (("perfect", brain), ("scalp", with_scalp(image, SPACING))):
        slices = [row.slice_k for row in evaluation.slices if row.method == name]
        assert slices == np.flatnonzero((mask | brain).any(axis=(1, 2))).tolist()
    extra = [row for row in evaluation.slices if not row.in_reference]
    assert extra
    assert all(row.method == "scalp" and row.dice == 0.0 for row in extra)


def test_slice_positions_rise_to_the_head_whatever_the_order_of_slices(cases):
    evaluation = evaluate(cases, [method("perfect", perfect)])
    for name, step in (("subject-0", 5.0), ("subject-1", -5.0)):
        positions = [row.position_mm for row in evaluation.slices if row.case == name]
        np.testing.assert_allclose(np.diff(positions), step)


def test_dice_is_told_by_height_below_the_top_whatever_the_order_of_slices(cases):
    evaluation = evaluate(cases, [method("perfect", perfect)])
    for case in ("subject-0", "subject-1"):
        own = [row for row in evaluation.slices if row.case == case]
        top = max(row.position_mm for row in own)  # the brain is whole, its vertex is seen
        assert len(own) > 8
        for row in own:
            assert row.below_top_mm == pytest.approx(top - row.position_mm, abs=1e-3)


def test_mask_without_the_lesion_keeps_none_of_it(cases):
    brain = head(24.0)[1]
    lesion = np.zeros(SHAPE, bool)
    lesion[4, SHAPE[1] // 2, SHAPE[2] // 2] = True
    assert (lesion & brain).any()
    affine = np.diag([3.0, 3.0, 5.0, 1.0])
    write_nifti(cases[0].image.parent / "lesion.nii.gz", lesion, affine)
    found = find_cases(cases[0].image.parent.parent)

    def without(volume, spacing):
        return perfect(volume, spacing) & ~lesion

    evaluation = evaluate(found, [method("perfect", perfect), method("without", without)])
    kept = {(row.case, row.method): row.lesion_kept for row in evaluation.volumes}
    assert kept["subject-0", "perfect"] == 1.0 and kept["subject-0", "without"] == 0.0
    assert np.isnan(kept["subject-1", "perfect"])


def test_failing_method_and_unreadable_case_do_not_stop_the_others(cases, tmp_path):
    def only_small_heads(volume, spacing):
        if np.count_nonzero(volume == BRAIN) > 2000:
            raise ValueError("too large")
        return perfect(volume, spacing)

    missing = ReferenceCase("missing", tmp_path / "no.nii.gz", tmp_path / "no.nii.gz")
    methods = [method("small", only_small_heads), method("perfect", perfect)]
    evaluation = evaluate([cases[0], missing, cases[1]], methods)
    failures = {(row.case, row.method): row.failure for row in evaluation.volumes if row.failure}
    assert set(failures) == {
        ("missing", "small"),
        ("missing", "perfect"),
        ("subject-1", "small"),
    }
    assert failures["subject-1", "small"] == "ValueError: too large"
    assert "does not exist" in failures["missing", "perfect"]
    assert len(evaluation.volumes) == 6
    assert all(np.isnan(row.dice) for row in evaluation.volumes if row.failure)


def test_empty_mask_is_a_result_not_a_failure(cases):
    row = evaluate(cases[:1], [method("none", lambda volume, spacing: volume < 0)]).volumes[0]
    assert (row.failure, row.dice, row.sensitivity, row.hd95_mm) == ("", 0.0, 0.0, np.inf)
    assert row.volume_error_percent == -100.0


def test_loading_a_network_does_not_count_as_time(cases):
    calls = []

    def slow_start(volume, spacing):
        calls.append(len(volume))
        time.sleep(0.05 if len(calls) > 1 else 0.6)
        return perfect(volume, spacing)

    rows = evaluate(cases, [method("slow start", slow_start)]).volumes
    assert len(calls) == 3  # one call for each case and one before
    assert all(0.05 <= row.seconds < 0.5 for row in rows)


def test_time_is_given_for_twenty_slices(cases):
    for row in evaluate(cases, [method("perfect", perfect)]).volumes:
        assert row.planes == SHAPE[0]
        assert row.seconds_per_20_slices == pytest.approx(row.seconds * 20 / SHAPE[0])
    only_a_part = [ReferenceCase("part", cases[0].image, cases[0].reference, slices=(4, 5))]
    row = evaluate(only_a_part, [method("perfect", perfect)]).volumes[0]
    assert (row.slices, row.planes) == (2, SHAPE[0])  # the whole volume was segmented


def test_failures_do_not_say_where_the_cohort_lies(cases, tmp_path):
    cases[0].image.unlink()
    failure = evaluate(cases[:1], [method("perfect", perfect)]).volumes[0].failure
    assert "subject-0" in failure and str(tmp_path) not in failure


def test_rows_of_the_figure_show_the_patient_upright(cases):
    """The right half of the picture is the patient's left in both files."""

    def left_half(volume, spacing):  # methods get columns that run to the patient's left
        mask = perfect(volume, spacing)
        mask[:, :, : SHAPE[2] // 2] = False
        return mask

    evaluation = evaluate(cases, [method("left", left_half)], picture_rows=2)
    assert [row.case for row in evaluation.pictures] == ["subject-0", "subject-1"]
    for row in evaluation.pictures:
        mask = row.masks["left"]
        assert mask[:, SHAPE[2] // 2 :].any()
        assert not mask[:, : SHAPE[2] // 2].any()
        np.testing.assert_array_equal(row.image == BRAIN, row.reference)
    upper = evaluation.pictures[1]  # its file starts at the top: high slices have low numbers
    _, brain = head(30.0)
    np.testing.assert_array_equal(brain[upper.slice_number - 1], upper.reference)
    assert upper.slice_number < SHAPE[0] / 2


def test_folder_gets_all_results(cases, registered, tmp_path):
    steps = []
    evaluation = evaluate_folder(
        tmp_path / "cohort",
        registered,
        tmp_path / "out",
        progress=lambda done, total, message: steps.append((done, total)),
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(OUTPUT_NAMES)
    assert list(dict.fromkeys(steps)) == [(done, 4) for done in range(5)]
    with (tmp_path / "out" / "per-volume.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["method"]) for row in rows] == [
        ("subject-0", "test-perfect"),
        ("subject-0", "test-scalp"),
        ("subject-1", "test-perfect"),
        ("subject-1", "test-scalp"),
    ]
    assert float(rows[1]["dice"]) == evaluation.volumes[1].dice
    with (tmp_path / "out" / "per-slice.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(evaluation.slices)
    markdown = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    assert "| test-perfect | 2 | **1.0000 ± 0.0000** |" in markdown


def test_existing_results_are_kept_unless_told_otherwise(cases, registered, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "table.md").write_text("mine")
    with pytest.raises(OutputError, match="table.md"):
        evaluate_folder(tmp_path / "cohort", registered, out)
    assert (out / "table.md").read_text() == "mine"
    evaluate_folder(tmp_path / "cohort", registered, out, overwrite=True)
    assert (out / "table.md").read_text(encoding="utf-8") != "mine"


def test_cancelling_leaves_nothing_behind(cases, registered, tmp_path):
    done = []
    with pytest.raises(Cancelled):
        evaluate_folder(
            tmp_path / "cohort",
            registered,
            tmp_path / "out",
            progress=lambda *step: done.append(step),
            cancelled=lambda: len(done) >= 2,
        )
    assert len(done) == 2
    assert not (tmp_path / "out").exists()


def test_cancelling_inside_a_method_is_not_a_failure_of_the_method(cases):
    def cancelled_within(volume, spacing):
        raise Cancelled("Cancelled; nothing was written.")

    with pytest.raises(Cancelled):
        evaluate(cases, [method("cancelled", cancelled_within)])


def test_wrong_requests_are_told_before_any_work(cases, registered, tmp_path):
    with pytest.raises(ConfigurationError, match=r"no method 'otzu'.*test-perfect"):
        evaluate_folder(tmp_path / "cohort", ["otzu"], tmp_path / "out")
    with pytest.raises(ConfigurationError, match="No method is given"):
        evaluate_folder(tmp_path / "cohort", [], tmp_path / "out")
    with pytest.raises(SeriesError, match="not a folder"):
        evaluate_folder(tmp_path / "nowhere", registered, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@dataclass(frozen=True)
class Recorder(SegmentationMethod):
    """Wants series of 15 time points or more and notes what it was given."""

    given: list = field(default_factory=list)

    def wants_series(self, frame_count):
        return frame_count >= 15

    def run(self, volume, spacing, drop=None, progress=None, cancelled=None):
        self.given.append(drop)
        return volume > 0.5 * volume.max()


def bolus_cohort(folder):
    """Two subjects: one with a series in which a bolus passes, one with the frame alone."""
    times = 1.5 * np.arange(24)
    fall = 0.5 * np.exp(-0.5 * ((times - 18) / 3) ** 2)
    frames = np.where(MASK, 900.0, 40.0) * np.ones((24, 1, 1, 1))
    part = MASK.copy()
    part[:, :, 18:] = False
    frames -= 900 * fall[:, None, None, None] * part
    series = DSCSeries(frames.astype(np.float32), times, AFFINE, 0.03, 1.5)
    cohort = Cohort.create(folder)
    add_subject(cohort, "series", series, None, MASK, draw("Reader"), keep_series=True)
    add_subject(cohort, "frame", series, None, MASK, draw("Reader"), keep_series=False)
    return cohort


def test_the_default_is_measured_with_the_bolus_where_the_series_is_there(tmp_path):
    cohort = bolus_cohort(tmp_path / "cohort")
    chosen = Recorder("recorder", "for tests", None)
    found = evaluate(find_cases(cohort.folder), [chosen])
    assert [row.failure for row in found.volumes] == ["", ""]
    assert [case.name for case in find_cases(cohort.folder)] == ["frame", "series"]
    first, *timed = chosen.given
    assert first is None and timed[0] is None and timed[1].max() > 0.3
    assert found.statements[-1] == (
        "recorder used the bolus in 1 of 2 volumes, one time point alone in the others."
    )


def test_one_time_point_can_be_measured_instead(tmp_path):
    cohort = bolus_cohort(tmp_path / "cohort")
    chosen = Recorder("recorder", "for tests", None)
    found = evaluate(find_cases(cohort.folder), [chosen], bolus=False)
    assert chosen.given == [None] * 3 and "bolus" not in " ".join(found.statements)


def test_a_series_that_is_not_the_image_s_is_an_error(tmp_path):
    cohort = bolus_cohort(tmp_path / "cohort")
    frames = np.random.default_rng(0).random((3, *MASK.shape))
    write_nrrd(tmp_path / "other.seq.nrrd", frames, AFFINE, np.arange(3))
    case = next(case for case in find_cases(cohort.folder) if case.name == "series")
    wrong = replace(case, series=tmp_path / "other.seq.nrrd")
    found = evaluate([wrong], [Recorder("recorder", "for tests", None)])
    assert "does not hold the time point" in found.volumes[0].failure
    assert str(tmp_path) not in found.volumes[0].failure
