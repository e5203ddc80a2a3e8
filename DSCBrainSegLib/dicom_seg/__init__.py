"""Masks as DICOM Segmentation (SEG) objects that refer to the images they were drawn on."""
