"""The bolus in the tissue over time, leakage, supply, and the true maps."""
