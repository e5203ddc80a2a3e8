"""A node for the hospital: DSC series in by DICOM, masks back as DICOM SEG (docs/deployment.md)."""
