"""The list of methods: the network, the classical baselines, tools of other projects."""

from DSCBrainSegLib.methods.registry import (
    SegmentationMethod,
    get_method,
    list_methods,
    register_method,
    unregister_method,
)

__all__ = [
    "SegmentationMethod",
    "get_method",
    "list_methods",
    "register_method",
    "unregister_method",
]
