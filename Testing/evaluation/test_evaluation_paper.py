"""A run stands beside the paper's Table 1; what is said of both is computed, not typed."""

import numpy as np
import pytest

from DSCBrainSegLib.evaluation.measure import VolumeFigures
from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.paper import PAPER_ROWS, Printed, Row, check_row, paper_row
from DSCBrainSegLib.evaluation.tables.paper_pattern import consistency_statement
from DSCBrainSegLib.evaluation.tables.paper_tables import paper_tables
from DSCBrainSegLib.metrics.overlap import Overlap

BY_METHOD = {row.method: row for row in PAPER_ROWS}


def printed_row(counts: Overlap, digits=4):
    """The row that a paper would print of these pixels."""
    figures = {
        key: Printed(f"{getattr(counts, key):.{digits}f}")
        for key in ("dice", "sensitivity", "specificity", "accuracy")
    }
    return Row("some", **figures)


@pytest.mark.parametrize("seed", range(5))
def test_rows_of_real_pixels_agree_with_themselves(seed):
    random = np.random.default_rng(seed)
    for _ in range(50):
        brain, rest = random.integers(1000, 10000, 2)
        found, wrong = random.integers(brain // 2, brain), random.integers(0, rest // 3)
        result = check_row(printed_row(Overlap(found, wrong, brain - found, rest - wrong)))
        if result.agrees is None:  # sensitivity and specificity print alike
            continue
        assert result.agrees
        fraction = brain / (brain + rest)
        assert result.fraction[0] - 1e-9 <= fraction <= result.fraction[1] + 1e-9
        low, high = result.fraction_from_dice
        assert low - 1e-9 <= fraction <= high + 1e-9


def test_a_row_with_another_dice_does_not():
    row = printed_row(Overlap(900, 100, 100, 2900))
    assert check_row(row).agrees
    assert check_row(Row("some", Printed("0.9100"), *list(vars(row).values())[2:])).agrees is False


def test_the_paper_s_network_agrees_and_aabl_and_cusum_do_not():
    network = check_row(BY_METHOD["network"])
    assert network.agrees and network.fraction[0] < 0.254 < network.fraction[1]
    aabl = check_row(BY_METHOD["aabl"])
    assert aabl.agrees is False
    assert aabl.fraction == pytest.approx((0.188, 0.188), abs=0.003)
    assert aabl.dice == pytest.approx((0.923, 0.923), abs=0.001)
    assert aabl.fraction_from_dice == pytest.approx((0.52, 0.52), abs=0.005)
    cusum = check_row(BY_METHOD["cusum"])
    assert cusum.agrees is False and cusum.dice is None and cusum.fraction[0] > 1
    assert check_row(BY_METHOD["otsu"]).agrees is None  # its accuracy is not known
    said = consistency_statement()
    assert "aabl and cusum are not self-consistent" in said
    assert "0.9781 does not lie between" in said and "0.9508" in said


def test_a_figure_that_is_not_known_proves_nothing():
    assert check_row(Row("x", Printed("0.9"))).agrees is None
    alike = Row("x", Printed("0.9000"), Printed("0.9500"), Printed("0.9500"), Printed("0.9500"))
    assert check_row(alike).agrees is None


def test_networks_with_other_weights_are_networks():
    assert paper_row("network:post").method == "network"
    assert paper_row("otsu-post") is None and paper_row("networks") is None


def volume(case, method, dice, sensitivity=0.9, specificity=0.95, accuracy=0.92):
    figures = {"sensitivity": sensitivity, "specificity": specificity, "accuracy": accuracy}
    return VolumeFigures(case, method, dice=dice, **figures)


def lines(table):
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


def test_order_and_pattern_are_those_of_the_run():
    rows = [
        volume("1", "network", 0.97, 0.96, 0.99, 0.98),
        volume("1", "otsu", 0.93, 0.91, 0.96, 0.95),
        volume("1", "cusum", 0.95, 0.94, 0.97, 0.96),
        volume("1", "aabl", 0.92, 0.97, 0.94, 0.95),
        volume("1", "otsu-post", 0.99, 0.99, 0.99, 0.99),
    ]
    methods = ["otsu", "otsu-post", "network", "cusum", "aabl"]
    beside, pattern, consistency = paper_tables(Evaluation(methods, rows))
    found = lines(pattern)
    assert found["Order by Dice"] == [
        "network > cusum > aabl > otsu",
        "network > cusum > otsu > aabl",
        "no: 5 of 6 pairs",
    ]
    assert found["Highest Dice"] == ["network", "network", "yes"]
    assert found["Highest sensitivity"] == ["cusum", "aabl", "no"]
    assert found["Highest specificity"] == ["network", "network", "yes"]
    assert found["Highest accuracy among aabl, cusum, network"] == ["network", "network", "yes"]
    assert found["aabl: higher of the two"] == ["specificity", "sensitivity", "no"]
    assert found["cusum: higher of the two"] == ["sensitivity", "specificity", "no"]
    assert [(row[0].text, row[1].text) for row in beside.rows] == [
        ("otsu", "this run"),
        ("otsu", "paper"),
        ("aabl", "this run"),
        ("aabl", "paper"),
        ("cusum", "this run"),
        ("cusum", "paper"),
        ("network", "this run"),
        ("network", "paper"),
    ]
    best = [(row[0].text, row[1].text) for row in beside.rows if row[2].best]
    assert best == [("network", "this run"), ("network", "paper")]
    assert beside.rows[1][5].text == "–"  # Otsu's accuracy in the paper
    assert len(consistency.rows) == 8


def test_equal_means_share_a_place():
    rows = [volume("1", "otsu", 0.95), volume("1", "aabl", 0.95), volume("1", "cusum", 0.90)]
    found = lines(paper_tables(Evaluation(["otsu", "aabl", "cusum"], rows))[1])
    assert found["Order by Dice"][1] == "otsu = aabl > cusum"
    assert found["Order by Dice"][2] == "no: 0 of 3 pairs"
    assert found["Highest Dice"][1] == "otsu, aabl"


def test_methods_are_compared_on_the_volumes_all_of_them_segmented():
    rows = [
        volume("easy", "otsu", 0.90),
        volume("hard", "otsu", 0.50),
        volume("easy", "network", 0.80),
        VolumeFigures("hard", "network", failure="no brain"),
        VolumeFigures("easy", "cusum", failure="broken"),
        VolumeFigures("hard", "cusum", failure="broken"),
    ]
    beside, pattern, _ = paper_tables(Evaluation(["otsu", "network", "cusum"], rows))
    assert "over the 1 volumes" in beside.note
    assert lines(pattern)["Order by Dice"][1] == "otsu > network"  # not by means 0.7 and 0.8
    assert not any("cusum" in name for name in lines(pattern))


def test_a_run_without_a_method_of_the_paper_is_not_compared():
    assert paper_tables(Evaluation(["otsu-post"], [volume("1", "otsu-post", 0.9)])) == []
    failed = [VolumeFigures("1", "otsu", failure="x")]
    assert paper_tables(Evaluation(["otsu"], failed)) == []


def test_one_method_alone_has_no_order():
    beside, pattern, _ = paper_tables(Evaluation(["otsu"], [volume("1", "otsu", 0.9)]))
    assert list(lines(pattern)) == ["otsu: higher of the two"]
    assert not any(cell.best for row in beside.rows[:1] for cell in row)
