"""Figures that compare a mask with a reference."""
