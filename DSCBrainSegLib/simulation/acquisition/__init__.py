"""The scanner: contrast, EPI readout, coils, artefacts, pose, sampling."""
