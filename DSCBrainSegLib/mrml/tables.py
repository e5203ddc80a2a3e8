"""Figures of the comparison and curves as table nodes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from DSCBrainSegLib.evaluation.measure import SliceFigures, VolumeFigures
from DSCBrainSegLib.evaluation.tables.table import VOLUME_COLUMNS
from DSCBrainSegLib.series.signal_curves import SignalCurves

TIME_COLUMN = "Time (s)"
SLICE_COLUMN = "Slice"
INSIDE_COLUMN, OUTSIDE_COLUMN = "Brain", "Outside"


def figuresTable(figures: Sequence[VolumeFigures], name: str, tableNode=None):
    """Show the agreement of methods with a reference, a row for each.

    Parameters
    ----------
    figures : sequence of VolumeFigures
        From `evaluation.measure.measure_volume`.
    name : str
        Of a new node.
    tableNode : vtkMRMLTableNode, optional
        One whose content is replaced.

    Returns
    -------
    vtkMRMLTableNode
        Method, then the columns of `evaluation.tables.table.VOLUME_COLUMNS` that any row has; NaN
        where a figure is undefined.
    """
    columns: dict[str, Sequence] = {"Method": [row.method for row in figures]}
    for column in VOLUME_COLUMNS:
        values = [float(getattr(row, column.key)) for row in figures]
        if not all(map(math.isnan, values)):
            columns[column.title] = values
    return fillTable(columns, name, tableNode)


def sliceDiceTable(figures: Sequence[SliceFigures], name: str, tableNode=None):
    """Show Dice on each slice, a column for each method.

    Parameters
    ----------
    figures : sequence of SliceFigures
        Of one case, from `evaluation.measure.measure_slices`, methods one after the other.
    name, tableNode
        See `figuresTable`.

    Returns
    -------
    vtkMRMLTableNode
        Slice counts from 1; NaN where neither mask nor reference has brain.
    """
    slices = sorted({row.slice_k for row in figures})
    columns: dict[str, Sequence] = {SLICE_COLUMN: np.array(slices, dtype=np.int32) + 1}
    for method in dict.fromkeys(row.method for row in figures):
        dice = {row.slice_k: row.dice for row in figures if row.method == method}
        columns[method] = [dice.get(k, math.nan) for k in slices]
    return fillTable(columns, name, tableNode)


def curvesTable(curves: SignalCurves, name: str, tableNode=None):
    """Show mean signal over time inside and outside a mask; `name`, `tableNode` as above."""
    columns = {TIME_COLUMN: curves.times, INSIDE_COLUMN: curves.inside}
    return fillTable({**columns, OUTSIDE_COLUMN: curves.outside}, name, tableNode)


def fillTable(columns: Mapping[str, Sequence], name: str, tableNode=None):
    """Put columns of texts or numbers into a table node, a new one by default."""
    if tableNode is None:
        tableNode = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLTableNode", slicer.mrmlScene.GenerateUniqueName(name)
        )
    wasModifying = tableNode.StartModify()
    tableNode.RemoveAllColumns()
    for title, values in columns.items():
        column = _column(values)
        column.SetName(title)
        tableNode.AddColumn(column)
    tableNode.SetLocked(True)
    tableNode.SetUseColumnTitleAsColumnHeader(True)
    tableNode.EndModify(wasModifying)
    return tableNode


def _column(values: Sequence):
    if len(values) and isinstance(values[0], str):
        column = vtk.vtkStringArray()
        for value in values:
            column.InsertNextValue(value)
        return column
    numbers = np.asarray(values)
    return numpy_to_vtk(numbers if numbers.dtype == np.int32 else numbers.astype(float), deep=True)
