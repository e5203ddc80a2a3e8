"""The report's page and the viewer in it."""
