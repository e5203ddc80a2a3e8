"""TensorFlow and other packages in folders of their own, for 3D Slicer."""
