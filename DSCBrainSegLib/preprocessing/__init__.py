"""From a series' own voxels to what a segmentation method sees, and back."""
