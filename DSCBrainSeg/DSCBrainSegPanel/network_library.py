"""Whether the library that a network needs is there, before anything is started."""

from slicer.i18n import tr as _

from DSCBrainSegLib.errors import MissingPackageError
from DSCBrainSegLib.installation.runtime import runtime_state
from DSCBrainSegLib.methods import get_method


def refuseWithoutNetwork(method):
    """Raise `MissingPackageError` if a method needs what is not installed.

    Its advice is the panel's button: pip would change Slicer's Python.
    """
    if get_method(method).uses_weights and not runtime_state().usable:
        raise MissingPackageError(
            _(
                "The network library is not installed: choose the network in the module DSC Brain "
                "Segmentation and click Segment, which installs it into a folder of its own."
            )
        )
