"""pytest fixtures: ``slicer_host`` for the session, ``clean_scene`` around a test."""

import pytest


@pytest.fixture(scope="session")
def slicer_host():
    """The running test host, or a skip that says which package is missing."""
    pytest.importorskip("slicer", reason="needs slicer-core (pip install slicer-core)")
    pytest.importorskip("PySide6", reason="needs PySide6 (pip install PySide6-Essentials)")
    from slicer_host.host import start_host

    return start_host()


@pytest.fixture
def clean_scene(slicer_host):
    """The host with an empty scene and no module.

    Afterwards all is emptied again, and errors in slots and observers fail the test.
    """
    yield slicer_host
    try:
        slicer_host.process_events()
        slicer_host.raise_errors()
    finally:
        slicer_host.clean()
