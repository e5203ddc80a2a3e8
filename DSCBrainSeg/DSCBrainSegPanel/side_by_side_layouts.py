"""Layouts of 1 to 8 slice views side by side, as Slicer is told of them."""

MOST_VIEWS = 8
FIRST_LAYOUT = 38100
"""ID of the layout with one view; the next ones follow. Slicer's own are below 1000."""

VIEW_GROUP = 381
"""Views are linked with those of their group only."""

_TAG = "DSCBrainSegCompare"
_COLOR = "#8C8C8C"


def layoutFor(viewCount):
    """Return the ID of the layout with so many views, 1 to `MOST_VIEWS`."""
    if not 1 <= viewCount <= MOST_VIEWS:
        raise ValueError(viewCount)
    return FIRST_LAYOUT + viewCount - 1


def isSideBySide(layout):
    """Say whether a layout is one of these."""
    return FIRST_LAYOUT <= layout < FIRST_LAYOUT + MOST_VIEWS


def registerLayouts(layoutNode):
    """Add the layouts to `slicer.app.layoutManager().layoutLogic().GetLayoutNode()`, once."""
    for count in range(1, MOST_VIEWS + 1):
        layout = layoutFor(count)
        if not layoutNode.IsLayoutDescription(layout):
            layoutNode.AddLayoutDescription(layout, _description(count))


def viewNames(viewCount):
    """Return the names of the views of a layout, from left to right."""
    return [f"{_TAG}{number}" for number in range(1, viewCount + 1)]


def _description(viewCount):
    columns = viewCount if viewCount <= 3 else (viewCount + 1) // 2
    names = viewNames(viewCount)
    rows = [names[start : start + columns] for start in range(0, viewCount, columns)]
    inside = "".join(
        f'<item><layout type="horizontal">{"".join(map(_view, row))}</layout></item>'
        for row in rows
    )
    return f'<layout type="vertical">{inside}</layout>'


def _view(name):
    return (
        f'<item><view class="vtkMRMLSliceNode" singletontag="{name}">'
        '<property name="orientation" action="default">Axial</property>'
        f'<property name="viewlabel" action="default">{name.removeprefix(_TAG)}</property>'
        f'<property name="viewcolor" action="default">{_COLOR}</property>'
        f'<property name="viewgroup" action="default">{VIEW_GROUP}</property>'
        "</view></item>"
    )
