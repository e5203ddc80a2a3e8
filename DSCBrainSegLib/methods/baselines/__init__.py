"""Classical methods of the source paper's Table 1: bi-level Otsu, AABL and CUSUM boundary pixels.

All work on each transversal slice alone, on the pixels the volume has, and say lengths in mm.
"""
