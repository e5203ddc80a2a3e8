"""Lesions, surgery, and how they push and paint."""
