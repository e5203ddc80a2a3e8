"""What tests of "Compare" do in the panel."""

from slicer_module_panel import BRAIN, paint


def tick(panel, *names):
    """Tick these methods and no other."""
    import qt

    for row in range(panel.ui.methodsList.count):
        item = panel.ui.methodsList.item(row)
        wanted = item.text().split(" ")[0] in names
        item.setCheckState(qt.Qt.Checked if wanted else qt.Qt.Unchecked)


def compare(panel, host):
    """Press the button and wait; return the longest time the interface was blocked."""
    panel.ui.compareButton.click()
    return host.wait_until(lambda: not panel.compareSection.busy, 60)


def draw_truth(panel):
    """Draw the upper half of the ellipsoid."""
    panel.ui.startDrawingButton.click()
    truth = BRAIN.copy()
    truth[:6] = False
    paint(panel, truth)
    panel.refresh()
    return truth


def figures(panel):
    """Return the table as {method: {figure: value}}."""
    import slicer

    table = panel.parameters.figuresTable
    names = [table.GetColumnName(column) for column in range(table.GetNumberOfColumns())]
    assert names[0] == "Method"
    methods = [table.GetTable().GetColumn(0).GetValue(n) for n in range(table.GetNumberOfRows())]
    arrays = {name: slicer.util.arrayFromTableColumn(table, name) for name in names[1:]}
    return {
        method: {name: float(values[row]) for name, values in arrays.items()}
        for row, method in enumerate(methods)
    }
