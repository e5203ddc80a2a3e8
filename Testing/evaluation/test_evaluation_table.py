"""Tables say what was measured, mark the best fairly and survive odd names."""

import csv
import re

import numpy as np
import pytest

from DSCBrainSegLib.evaluation.measure import SliceFigures, VolumeFigures
from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.case_tables import case_tables
from DSCBrainSegLib.evaluation.tables.height_table import height_tables, ranges_by_method
from DSCBrainSegLib.evaluation.tables.latex import to_latex
from DSCBrainSegLib.evaluation.tables.markdown import to_markdown
from DSCBrainSegLib.evaluation.tables.table import Cell, Table, build_tables, summarise_volumes
from DSCBrainSegLib.evaluation.write import write_evaluation


def volume(case, method, dice, **others):
    figures = {
        "sensitivity": 0.9,
        "specificity": 0.9,
        "accuracy": 0.9,
        "hd95_mm": 3.0,
        "msd_mm": 1.0,
        "volume_error_ml": 0.0,
        "volume_error_percent": 0.0,
        "seconds_per_20_slices": 1.0,
    }
    return VolumeFigures(case, method, dice=dice, **{**figures, **others})


def column(table, title):
    index = table.header.index(title)
    return {row[0].text: row[index] for row in table.rows}


def test_mean_and_sd_over_volumes_by_hand():
    rows = [volume("1", "a", 0.90), volume("2", "a", 0.94)]
    table = build_tables(Evaluation(["a"], rows))[0]
    assert column(table, "Dice")["a"].text == "0.9200 ± 0.0283"
    assert column(table, "n")["a"].text == "2"
    assert table.title == "Over volumes (2)"


def test_best_is_high_for_dice_and_low_for_distance_and_time():
    rows = [
        volume("1", "a", 0.90, hd95_mm=4.0, volume_error_ml=-30.0, seconds_per_20_slices=1.0),
        volume("1", "b", 0.95, hd95_mm=5.0, volume_error_ml=20.0, seconds_per_20_slices=2.0),
    ]
    table = build_tables(Evaluation(["a", "b"], rows))[0]
    best = {
        title: [name for name, cell in column(table, title).items() if cell.best]
        for title in table.header[2:]
    }
    assert best["Dice"] == ["b"]
    assert best["HD95 (mm)"] == ["a"]
    assert best["Volume error (mL)"] == []  # signed: errors of both signs cancel in the mean
    assert best["Time (s per 20 slices)"] == ["a"]
    assert best["Accuracy"] == ["a", "b"]  # equal
    assert column(table, "Volume error (mL)")["b"].text == "+20.0"


def test_lesion_column_is_there_only_where_a_lesion_is_drawn():
    without, with_lesion = volume("1", "a", 0.9), volume("2", "a", 0.9, lesion_kept=0.8)
    assert "Lesion kept" not in build_tables(Evaluation(["a"], [without]))[0].header
    table = build_tables(Evaluation(["a"], [without, with_lesion]))[0]
    assert column(table, "Lesion kept")["a"].text == "0.8000 (n = 1)"


def test_empty_mask_which_has_no_outward_share_is_not_the_best():
    rows = [
        volume("1", "empty", 0.0, outward_share=float("nan")),
        volume("2", "empty", 0.9, outward_share=0.01),
        volume("1", "full", 0.9, outward_share=0.02),
        volume("2", "full", 0.9, outward_share=0.02),
    ]
    share = column(build_tables(Evaluation(["empty", "full"], rows))[0], "Outward share")
    assert (share["empty"].best, share["full"].best) == (False, True)


def slice_at(below_top_mm, method, dice):
    counts = (1, 0, 0, 1)
    return SliceFigures(
        "1", method, 0, 0.0, True, *counts, dice, 1.0, 1.0, 1.0, below_top_mm=below_top_mm
    )


def test_table_by_height_has_means_of_slices_and_the_best_of_each_range():
    slices = [
        *(slice_at(below, "a", dice) for below, dice in ((0.0, 0.4), (3.0, 0.6), (50.0, 0.9))),
        *(slice_at(below, "b", dice) for below, dice in ((0.0, 0.3), (3.0, 0.5), (50.0, 0.95))),
        slice_at(float("nan"), "a", 0.0),  # of a sagittal series, or without brain
    ]
    (table,) = height_tables(ranges_by_method(slices, ["a", "b"]))
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["0 to 5", "2", "0.500", "0.400"],
        ["40 to 60", "1", "0.900", "0.950"],
    ]
    assert [[cell.best for cell in row[2:]] for row in table.rows] == [[True, False], [False, True]]


def test_method_without_some_of_the_slices_is_not_the_best_of_a_range():
    slices = [slice_at(1.0, "a", 0.5), slice_at(2.0, "a", 0.7), slice_at(1.0, "b", 0.9)]
    ((row,),) = [table.rows for table in height_tables(ranges_by_method(slices, ["a", "b"]))]
    assert [cell.text for cell in row] == ["0 to 5", "2", "0.600", "0.900 (n = 1)"]
    assert [cell.best for cell in row[2:]] == [True, False]


def test_series_that_are_not_axial_have_no_table_by_height():
    assert height_tables(ranges_by_method([slice_at(float("nan"), "a", 0.5)], ["a"])) == []


def test_method_that_failed_on_a_hard_volume_is_not_the_best():
    rows = [
        volume("easy", "a", 0.99),
        VolumeFigures("hard", "a", failure="no brain was found"),
        volume("easy", "b", 0.98),
        volume("hard", "b", 0.90),
    ]
    tables = build_tables(Evaluation(["a", "b"], rows))
    dice = column(tables[0], "Dice")
    assert (dice["a"].best, dice["b"].best) == (False, True)
    assert column(tables[0], "n")["a"].text == "1 (1 failed)"
    assert tables[-1].title == "Failures"
    assert [cell.text for cell in tables[-1].rows[0]] == ["a", "no brain was found", "hard"]


def test_method_with_an_empty_mask_does_not_win_by_leaving_out_its_infinite_distance():
    rows = [
        volume("1", "a", 0.99, hd95_mm=1.0),
        volume("2", "a", 0.0, hd95_mm=np.inf),
        volume("1", "b", 0.98, hd95_mm=2.0),
        volume("2", "b", 0.97, hd95_mm=2.0),
    ]
    distance = column(build_tables(Evaluation(["a", "b"], rows))[0], "HD95 (mm)")
    assert distance["a"].text == "1.00 (n = 1)"
    assert (distance["a"].best, distance["b"].best) == (False, True)


def test_comparison_leaves_out_methods_without_common_volumes():
    rows = [volume(str(k), "a", 0.90 + 0.001 * k) for k in range(8)]
    rows += [volume(str(k), "b", 0.95 + 0.003 * k) for k in range(8)]
    rows += [VolumeFigures(str(k), "c", failure="not installed") for k in range(8)]
    table = next(
        table
        for table in build_tables(Evaluation(["a", "b", "c"], rows))
        if table.title.startswith("Differences")
    )
    assert [[cell.text for cell in row][:4] for row in table.rows] == [
        ["a - b", "8", "0", "-0.0570"]
    ]
    assert table.rows[0][5].text == "0.0078"  # 2 / 2**8: all eight differ in the same direction


def test_slices_are_summarised_apart():
    slices = [
        SliceFigures("1", "a", k, 5.0 * k, True, 1, 1, 0, 1, dice, 1.0, 0.5, 0.7)
        for k, dice in enumerate((0.8, 0.9, 1.0))
    ]
    table = build_tables(Evaluation(["a"], [volume("1", "a", 0.9)], slices))[1]
    assert column(table, "n")["a"].text == "3"
    assert column(table, "Dice")["a"].text == "0.9000 ± 0.1000"


def test_means_that_round_alike_are_both_best():
    rows = [volume("1", "a", 0.98761), volume("1", "b", 0.98764), volume("1", "c", 0.98745)]
    dice = column(build_tables(Evaluation(["a", "b", "c"], rows))[0], "Dice")
    assert [dice[name].text for name in "abc"] == ["0.9876", "0.9876", "0.9875"]
    assert [dice[name].best for name in "abc"] == [True, True, False]


def test_one_volume_has_neither_sd_nor_significance():
    rows = [volume("1", "a", 0.9), volume("1", "b", 0.95)]
    tables = build_tables(Evaluation(["a", "b"], rows))
    assert column(tables[0], "Dice")["a"].text == "0.9000"
    comparison = next(table for table in tables if table.title.startswith("Differences"))
    cells = dict(zip(comparison.header, comparison.rows[0], strict=True))
    assert cells["95 % interval"].text == "–"
    assert cells["p"].text.startswith("1.0000")


def test_each_volume_has_a_row_for_a_person_with_its_best_method_in_bold():
    rows = [
        volume("easy", "a", 0.98, hd95_mm=2.0, volume_error_ml=-30.0),
        volume("easy", "b", 0.97, hd95_mm=2.0, volume_error_ml=20.0),
        VolumeFigures("hard", "a", failure="no brain"),
        volume("hard", "b", 0.0, hd95_mm=np.inf, volume_error_ml=-900.0),
    ]
    dice, distance, error = case_tables(Evaluation(["a", "b"], rows))
    assert dice.header == ["Case", "a", "b"]

    def texts(table):
        return [
            [f"*{cell.text}*" if cell.best else cell.text for cell in row] for row in table.rows
        ]

    assert texts(dice) == [["easy", "*0.9800*", "0.9700"], ["hard", "failed", "*0.0000*"]]
    assert texts(distance) == [["easy", "*2.00*", "*2.00*"], ["hard", "failed", "∞"]]
    assert texts(error) == [["easy", "-30.0", "*+20.0*"], ["hard", "failed", "*-900.0*"]]


def test_markdown_survives_odd_names():
    rows = [VolumeFigures("1 | <b> _x_", "a", failure="two\nlines | *i*")]
    markdown = to_markdown(build_tables(Evaluation(["a"], rows)), ["Said <first>."])
    assert "| a | two lines \\| \\*i\\* | 1 \\| \\<b> \\_x\\_ |" in markdown
    assert markdown.startswith("Said \\<first>.\n")


def test_latex_says_the_same_with_nothing_special_left():
    name = r"50%_of $all$ {a} #1 & \b~c^d|e<f>g"
    table = Table("T (mm)", ["Method", "HD95 (mm)"], [[Cell(name), Cell("1.0 ± 2", True)]], "–")
    latex = to_latex([table])
    row = latex.split("\\hline\n")[2]
    assert r"\textbf{1.0 $\pm$ 2} \\" in row
    printed = row.split(" & \\textbf")[0]
    undone = {
        r"\textbackslash{}": "\\",
        r"\textasciitilde{}": "~",
        r"\textasciicircum{}": "^",
        r"\textbar{}": "|",
        r"\textless{}": "<",
        r"\textgreater{}": ">",
        **{f"\\{character}": character for character in "&%$#_{}"},
    }
    pattern = "|".join(map(re.escape, undone))
    assert re.sub(pattern, lambda match: undone[match[0]], printed) == name
    assert not re.search(r"(?<!\\)[%#_~^&$]", re.sub(pattern, "", printed))
    assert latex.isascii() and "usepackage" not in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 2


def test_csv_holds_full_precision(tmp_path):
    rows = [volume("1", "a", 1 / 3), volume("2", "a", 2 / 3)]
    evaluation = Evaluation(["a"], rows)
    write_evaluation(evaluation, tmp_path)
    with (tmp_path / "table.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["over"] for row in table] == ["volumes", "slices"]
    assert float(table[0]["dice_mean"]) == summarise_volumes(evaluation)[0].figures["dice"].mean
    assert float(table[0]["dice_sd"]) == pytest.approx(1 / 3 / np.sqrt(2))
    assert table[1]["hd95_mm_mean"] == ""  # not measured on slices
