"""The list of methods: the network, the classical baselines, tools of other projects."""

from DSCBrainSegLib.methods.method import SegmentationMethod
from DSCBrainSegLib.methods.network import NetworkMethod
from DSCBrainSegLib.methods.registry import (
    get_method,
    list_methods,
    register_method,
    unregister_method,
)

__all__ = [
    "NetworkMethod",
    "SegmentationMethod",
    "get_method",
    "list_methods",
    "register_method",
    "unregister_method",
]
