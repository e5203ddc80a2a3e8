"""Whole series behind a mask, curves, tables and charts in the scene hold the right numbers."""

import math

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames

from DSCBrainSegLib.cohort import LoadedCase, ReferenceCase
from DSCBrainSegLib.display import METHOD_COLOURS
from DSCBrainSegLib.errors import Cancelled, SeriesError
from DSCBrainSegLib.evaluation.measure import measure_slices, measure_volume
from DSCBrainSegLib.series import DSCSeries
from DSCBrainSegLib.series.signal_curves import signal_curves

pytest_plugins = "slicer_core_scene"

SHAPE = (5, 12, 10)


@pytest.fixture
def series():
    header = {"series_instance_uid": "1.2.3"}
    uids = [[f"1.{t}"] for t in range(4)]
    return DSCSeries(
        make_frames((4, *SHAPE)),
        np.array([0, 1.4, 2.9, 4.3]),
        make_affine("oblique"),
        echo_time=0.03,
        sop_instance_uids=uids,
        header=header,
    )


@pytest.fixture
def mask():
    return np.random.default_rng(2).random(SHAPE) > 0.6


@pytest.fixture
def compared(mask):
    """Figures of two methods; the first misses slice 2, the second is the reference itself."""
    missing = mask.copy()
    missing[2] = False
    reference = mask.copy()
    reference[4] = False
    case = ReferenceCase("P1", "frame", "mask")
    loaded = LoadedCase(case, np.zeros(SHAPE), reference, make_affine("axial"), slice(0, 5))
    masks = {"network": missing, "otsu": reference}
    return (
        [measure_volume(found, loaded, method, 5, 1.5) for method, found in masks.items()],
        [row for method, found in masks.items() for row in measure_slices(found, loaded, method)],
    )


def column(table, title):
    from vtk.util.numpy_support import vtk_to_numpy

    return vtk_to_numpy(table.GetTable().GetColumnByName(title))


def test_a_masked_series_is_zero_outside_and_unchanged_inside(
    mrml, series, mask, add_transform, slicer
):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    nodes.volume.SetAndObserveTransformNodeID(add_transform(np.diag([-1.0, -1, 1, 1])).GetID())
    masked = mrml.masked_series.addMaskedSeries(nodes.sequence, nodes.volume, mask)
    found = mrml.sequence_to_series.openNode(masked.sequence).read()
    assert np.array_equal(found.frames, np.where(mask, series.frames, 0))
    assert np.array_equal(found.times, series.times)
    assert found.sop_instance_uids == []
    assert np.allclose(mrml.geometry.ijkToLps(masked.volume), series.affine, rtol=0, atol=1e-9)
    assert masked.volume.GetTransformNodeID() == nodes.volume.GetTransformNodeID()
    # The original stays what it was, and keeps its place in the tree.
    original = [
        slicer.util.arrayFromVolume(nodes.sequence.GetNthDataNode(index)) for index in range(4)
    ]
    assert np.array_equal(original, series.frames)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert hierarchy.GetItemByUID("DICOM", "1.2.3") == hierarchy.GetItemByDataNode(nodes.volume)


def test_cancelling_the_masked_series_leaves_the_scene_as_it_was(mrml, slicer, series, mask):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    before = slicer.mrmlScene.GetNumberOfNodes()
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        mrml.masked_series.addMaskedSeries(
            nodes.sequence, nodes.volume, mask, cancelled=lambda: next(asked)
        )
    with pytest.raises(SeriesError, match="segment this volume again"):
        mrml.masked_series.addMaskedSeries(nodes.sequence, nodes.volume, mask[1:])
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_the_region_for_dsc_analysis_is_a_label_map_of_ones(mrml, slicer, series, mask):
    nodes = mrml.series_to_sequence.addSeries(series, "Perfusion")
    region = mrml.masked_series.addRegionVolume(nodes.volume, mask)
    assert region.IsA("vtkMRMLLabelMapVolumeNode")
    assert np.array_equal(slicer.util.arrayFromVolume(region), mask.astype(np.uint8))
    assert np.allclose(mrml.geometry.ijkToLps(region), series.affine, rtol=0, atol=1e-9)


def test_curves_are_means_inside_and_outside(mrml, series, mask):
    curves = signal_curves(series, mask)
    table = mrml.tables.curvesTable(curves, "Curves")
    assert column(table, "Time (s)").tolist() == [0, 1.4, 2.9, 4.3]
    for title, chosen in (("Brain", mask), ("Outside", ~mask)):
        expected = [np.sum(frame, where=chosen, dtype=float) for frame in series.frames]
        assert np.allclose(column(table, title), np.array(expected) / chosen.sum(), rtol=1e-12)
    assert np.isnan(signal_curves(series, np.ones(SHAPE, bool)).outside).all()
    with pytest.raises(ValueError, match="shape"):
        signal_curves(series, mask[1:])


def test_the_table_of_figures_has_a_row_for_each_method(mrml, compared):
    table = mrml.tables.figuresTable(compared[0], "Comparison")
    titles = [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
    assert titles[:5] == ["Method", "Dice", "Sensitivity", "Specificity", "Accuracy"]
    assert [table.GetCellText(row, 0) for row in range(2)] == ["network", "otsu"]
    assert column(table, "Dice").tolist() == [row.dice for row in compared[0]]
    assert column(table, "Dice")[1] == 1.0
    assert column(table, "HD95 (mm)").tolist() == [row.hd95_mm for row in compared[0]]
    assert table.GetLocked()


def test_dice_on_each_slice_counts_slices_from_one(mrml, compared, mask):
    table = mrml.tables.sliceDiceTable(compared[1], "Dice")
    assert column(table, "Slice").tolist() == [1, 2, 3, 4, 5]
    assert column(table, "network").tolist() == [1, 1, 0, 1, 0]
    # Slice 5 is empty in the reference and in the second mask.
    dice = column(table, "otsu").tolist()
    assert dice[:4] == [1, 1, 1, 1]
    assert math.isnan(dice[4])


def test_charts_show_methods_in_their_colours(mrml, slicer, compared):
    table = mrml.tables.sliceDiceTable(compared[1], "Dice")
    colours = {method: METHOD_COLOURS[method] for method in ("network", "otsu")}
    chart = mrml.plots.addChart(table, "Slice", colours, "Dice on each slice", "Dice")
    for index, method in enumerate(colours):
        line = chart.GetNthPlotSeriesNode(index)
        assert line.GetTableNode() is table
        assert (line.GetXColumnName(), line.GetYColumnName()) == ("Slice", method)
        assert np.allclose(np.array(line.GetColor()) * 255, METHOD_COLOURS[method])
    assert (chart.GetXAxisTitle(), chart.GetYAxisTitle()) == ("Slice", "Dice")


def test_comparing_again_refreshes_table_and_chart(mrml, slicer, compared, save_and_reopen):
    volumes, slices = compared
    table = mrml.tables.sliceDiceTable(slices, "Dice")
    colours = {method: METHOD_COLOURS[method] for method in ("network", "otsu")}
    chart = mrml.plots.addChart(table, "Slice", colours, "Dice", "Dice")
    only = [row for row in slices if row.method == "otsu"]
    assert mrml.tables.sliceDiceTable(only, "Dice", table) is table
    assert mrml.plots.addChart(table, "Slice", {"otsu": (1, 2, 3)}, "Dice", "Dice", chart) is chart
    assert chart.GetNumberOfPlotSeriesNodes() == 1
    assert len(slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")) == 1
    mrml.tables.figuresTable(volumes, "Figures")
    save_and_reopen()
    figures = slicer.mrmlScene.GetFirstNode("Figures", "vtkMRMLTableNode")
    assert column(figures, "Dice").tolist() == pytest.approx([row.dice for row in volumes])
    (line,) = slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")
    assert line.GetYColumnName() == "otsu"
    assert line.GetTableNode().GetNumberOfColumns() == 2
