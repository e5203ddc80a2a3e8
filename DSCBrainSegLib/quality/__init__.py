"""How far a mask can be trusted: confidence, plausibility, slices a person should look at."""
