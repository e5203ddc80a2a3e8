"""Simulated T2*-weighted heads: anatomy, pathology, contrast, EPI effects, bolus."""
