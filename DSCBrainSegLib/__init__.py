"""Brain masks for T2*-weighted (DSC) perfusion MRI.

Importing this package is cheap: nothing heavy is loaded before it is used.
"""

__version__ = "0.1.0"
