"""The figures of a segmentation as plain JSON types, without patient identity."""

from __future__ import annotations

import importlib.metadata
import platform

import numpy as np

import DSCBrainSegLib
from DSCBrainSegLib.pipeline import SegmentationResult

REPORTED_PACKAGES = ("numpy", "scipy", "pydicom", "nibabel", "pynrrd", "onnxruntime")
BACKEND_PACKAGES = {
    "tensorflow": ("tensorflow", "tensorflow-cpu"),
    "torch": ("torch",),
    "jax": ("jax",),
}


def collect_facts(result: SegmentationResult) -> dict:
    """Return what segment.json holds.

    Paths of the input are left out: folders are often named after the patient.
    """
    series = result.series
    per_slice = np.count_nonzero(result.mask, axis=(1, 2))
    occupied = np.flatnonzero(per_slice)
    return {
        "volume_ml": round(result.volume_ml, 2),
        "method": result.method.name,
        "frame": {
            "number": int(series.frame_indices[0]) + 1,
            "count": int(series.frame_count),
            "time_s": round(float(series.times[0]), 4),
            "reason": result.frame.reason,
        },
        "mask": {
            "voxels": int(per_slice.sum()),
            "voxels_per_slice": per_slice.tolist(),
            "first_slice": int(occupied[0]) + 1,
            "last_slice": int(occupied[-1]) + 1,
        },
        "geometry": {
            "shape_kji": list(map(int, series.volume_shape)),
            "spacing_kji_mm": [round(step, 5) for step in series.spacing],
            "affine_ijk_to_lps_mm": series.affine.tolist(),
            "resampled_to_axial": result.resampled,
        },
        "series": {
            "description": series.description,
            "echo_time_s": series.echo_time,
            "repetition_time_s": series.repetition_time,
            **series.header,
        },
        "quality": None if result.quality is None else result.quality.to_dict(),
        "weights": result.weights,
        "bolus_used": result.bolus_used,
        "timings_s": {name: round(seconds, 4) for name, seconds in result.timings.items()},
        "warnings": list(result.warnings),
        "versions": collect_versions(),
    }


def collect_versions() -> dict[str, str]:
    """Return versions of this software, of what it runs on and of the packages it uses."""
    import sys

    versions = {
        "DSCBrainSegLib": DSCBrainSegLib.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    packages: tuple[str, ...] = REPORTED_PACKAGES
    if "keras" in sys.modules:
        backend = sys.modules["keras"].backend.backend()
        packages += ("keras", *BACKEND_PACKAGES.get(backend, ()))
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    if "keras" in sys.modules:
        versions["keras backend"] = backend
    return versions
