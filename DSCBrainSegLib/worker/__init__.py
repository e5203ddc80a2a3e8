"""The process that segments for 3D Slicer and the browser, and how to talk to it.

The protocol is described in docs/worker.md.
"""
