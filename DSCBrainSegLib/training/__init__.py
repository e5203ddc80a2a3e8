"""Training: slices made on the fly by the simulator, and the fit itself."""
