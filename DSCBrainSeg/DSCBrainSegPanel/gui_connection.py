"""The panel's widgets on the parameter node, and off it again without a trace."""


class GuiConnection:
    """Connects all widgets that name a parameter.

    Slicer 5.10 adds an observer that `disconnectGui` leaves behind. Once Python's garbage collector
    has emptied it, the node's next change calls what is gone and Slicer crashes. So the observer is
    remembered here and removed. In 5.12 it is gone already, which does no harm.

    Parameters
    ----------
    parameters : Parameters
    widgets : iterable of QWidget
        Those without the property SlicerParameterName are left alone.
    """

    def __init__(self, parameters, widgets):
        self._parameters, self._observers = parameters, []
        named = {each.property("SlicerParameterName"): each for each in widgets}
        named.pop(None, None)
        observe = parameters.AddObserver

        def remember(*arguments):
            self._observers.append(observe(*arguments))
            return self._observers[-1]

        parameters.AddObserver = remember
        try:
            self._tag = parameters.connectParametersToGui(named)
        finally:
            del parameters.AddObserver

    def cut(self):
        """Disconnect the widgets."""
        self._parameters.disconnectGui(self._tag)
        for observer in self._observers:
            self._parameters.RemoveObserver(observer)
