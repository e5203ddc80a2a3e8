"""The Qt side of the module DSCBrainSeg: what its panel is made of."""
