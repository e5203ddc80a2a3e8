"""pytest fixtures: the panels that the tests in the test host begin with."""

import pytest


@pytest.fixture
def panel(clean_scene):
    """The module's widget in the test host, entered, in an empty scene."""
    from slicer_module_panel import open_panel

    return open_panel(clean_scene)


@pytest.fixture
def sample(clean_scene, tmp_path):
    """The widget of the test host's sample module, entered."""
    from slicer_host_module import open_sample

    return open_sample(clean_scene, tmp_path)
