"""Whole slices, volumes and series: drawn once into a record, then applied."""
