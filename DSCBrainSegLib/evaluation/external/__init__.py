"""Our methods measured beside tools of other projects, on the same images."""
