"""What a segmentation leaves on disk: mask, overlay picture, figures, report."""
