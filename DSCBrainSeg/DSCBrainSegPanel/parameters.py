"""What the panel remembers in the scene."""

import enum
from typing import Annotated

from slicer import vtkMRMLPlotChartNode, vtkMRMLStorableNode, vtkMRMLTableNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

from DSCBrainSegLib.methods import get_method, list_methods


class _KnownNames(enum.EnumMeta):
    """An enum that takes its first value for a name of another version, as scenes may hold it."""

    def __getitem__(cls, name):
        return cls.__members__.get(name) or next(iter(cls))


class _Listed(enum.Enum, metaclass=_KnownNames):
    def label(self):
        """Return the line of the combo box."""
        return f"{self.value} ({get_method(self.value).label})"


def _constant(method):
    return method.name.upper().replace("-", "_")


Method = _Listed("Method", {_constant(method): method.name for method in list_methods()})
"""The segmentation methods of the library; stored in the scene by name."""


class FrameChoice(enum.Enum, metaclass=_KnownNames):
    """Which time point is segmented."""

    FOURTH = "fourth"
    NUMBER = "number"
    AUTO = "auto"

    def label(self):
        """Return the line of the combo box."""
        return {
            FrameChoice.FOURTH: _("4th time point"),
            FrameChoice.NUMBER: _("Time point number"),
            FrameChoice.AUTO: _("Chosen by the signal"),
        }[self]


@parameterNodeWrapper
class Parameters:
    """Fields of the module's parameter node."""

    inputNode: vtkMRMLStorableNode
    method: Method
    frameChoice: FrameChoice
    frameNumber: Annotated[int, WithinRange(1, 10000)] = 4
    reader: str
    secondReader: str
    figuresTable: vtkMRMLTableNode
    slicesTable: vtkMRMLTableNode
    chart: vtkMRMLPlotChartNode
    curvesTable: vtkMRMLTableNode
    curvesChart: vtkMRMLPlotChartNode
