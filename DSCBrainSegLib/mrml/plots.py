"""Columns of a table node as a chart."""

from __future__ import annotations

from collections.abc import Mapping

import slicer

from DSCBrainSegLib.display import Colour, as_fractions


def addChart(
    tableNode,
    xColumn: str,
    colours: Mapping[str, Colour],
    title: str,
    yTitle: str,
    chartNode=None,
):
    """Draw columns of a table as lines.

    Parameters
    ----------
    tableNode : vtkMRMLTableNode
    xColumn : str
        Title of the column along the horizontal axis.
    colours : mapping of str to tuple of 3 int
        RGB from 0 to 255 of each column to draw, by its title.
    title, yTitle : str
    chartNode : vtkMRMLPlotChartNode, optional
        One whose lines are replaced.

    Returns
    -------
    vtkMRMLPlotChartNode
    """
    if chartNode is None:
        chartNode = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLPlotChartNode", slicer.mrmlScene.GenerateUniqueName(title)
        )
    _removeLines(chartNode)
    for column, colour in colours.items():
        line = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", column)
        line.SetAndObserveTableNodeID(tableNode.GetID())
        line.SetXColumnName(xColumn)
        line.SetYColumnName(column)
        line.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        line.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        line.SetColor(*as_fractions(colour))
        chartNode.AddAndObservePlotSeriesNodeID(line.GetID())
    chartNode.SetTitle(title)
    chartNode.SetXAxisTitle(xColumn)
    chartNode.SetYAxisTitle(yTitle)
    return chartNode


def _removeLines(chartNode) -> None:
    lines = [
        chartNode.GetNthPlotSeriesNode(index)
        for index in range(chartNode.GetNumberOfPlotSeriesNodes())
    ]
    chartNode.RemoveAllPlotSeriesNodeIDs()
    for line in lines:
        slicer.mrmlScene.RemoveNode(line)
