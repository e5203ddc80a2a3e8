"""Observers of MRML objects that end with the widget they call."""

from __future__ import annotations

import weakref

import shiboken6
import vtk


def observe(owner, source, event, method: str, with_node: bool = False) -> int:
    """Call ``owner.method()`` at an event of `source` as long as `owner` lives; return the tag.

    `with_node` gives the method the source, the event's name and the node of a scene's event.
    """
    reference = weakref.ref(owner)

    def call(caller, name, node=None):
        widget = reference()
        if widget is None or not shiboken6.isValid(widget):
            if caller is not None:  # it is not being destroyed itself
                caller.RemoveObserver(tag)
        elif with_node:
            getattr(widget, method)(caller, name, node)
        else:
            getattr(widget, method)()

    if with_node:
        call.CallDataType = vtk.VTK_OBJECT
    tag = source.AddObserver(event, call)
    return tag
