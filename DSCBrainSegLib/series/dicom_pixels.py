"""Voxels of one time point from the DICOM files that hold its planes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import MissingPackageError, SeriesError
from DSCBrainSegLib.series.plain_pixels import plain_image
from DSCBrainSegLib.series.planes import Plane
from DSCBrainSegLib.series.quiet import quiet_libraries


def decode_volume(planes: list[Plane], root: Path) -> np.ndarray:
    """Return the planes of one time point as a float32 volume (K, J, I).

    Every file is opened once, and only the asked frames of a multi-frame file are decoded.

    Parameters
    ----------
    planes : list of Plane
        In order of slice.
    root : Path
        Folder that file names in errors are relative to.

    Raises
    ------
    SeriesError
        A file is cut short, has no pixel data, or has a transfer syntax that cannot be decoded.
    """
    volume = np.empty((len(planes), planes[0].rows, planes[0].columns), dtype=np.float32)
    by_file: dict[Path, list[int]] = {}
    for index, plane in enumerate(planes):
        by_file.setdefault(plane.path, []).append(index)
    for path, indices in by_file.items():
        frames = sorted({planes[index].frame or 0 for index in indices})
        images = decode_images(path, frames, root)
        for index in indices:
            plane = planes[index]
            image = images[plane.frame or 0]
            if plane.tile is not None:
                row, column = plane.tile
                image = image[row : row + plane.rows, column : column + plane.columns]
            if image.shape != volume.shape[1:]:
                raise SeriesError(
                    f"{relative_name(path, root)} holds an image of {image.shape} pixels where "
                    f"{volume.shape[1:]} were expected; export the series again."
                )
            volume[index] = image
            if (plane.slope, plane.intercept) != (1.0, 0.0):
                volume[index] = image * np.float64(plane.slope) + plane.intercept
    return volume


def decode_images(path: Path, frames: list[int], root: Path) -> dict[int, np.ndarray]:
    """Return stored values (rows, columns) of the asked frames of a file."""
    try:
        from pydicom.pixels import iter_pixels
    except ImportError as error:
        raise MissingPackageError(
            "DICOM images are read with pydicom 3 or later, and this Python has an older one; in "
            "Slicer 5.10 install the network library, which brings it, or load the series with "
            "Slicer's own reader."
        ) from error
    try:
        if frames == [0] and (image := plain_image(path)) is not None:
            return {0: image}
        with quiet_libraries():
            images = list(iter_pixels(_source(path), raw=True, indices=frames))
    except Exception as error:  # decoders raise what they like on damaged data
        raise _decoding_error(path, root, error) from error
    if len(images) != len(frames):
        raise SeriesError(f"{relative_name(path, root)} is cut short; copy or export it again.")
    return dict(zip(frames, images, strict=True))


def _source(path: Path):
    """Return what pydicom decodes from: the path, or a dataset where the path does not do.

    Files without meta information do not name their transfer syntax, and deflated files have to be
    unpacked whole.
    """
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

    with open(path, "rb") as file:
        has_meta = file.read(132)[128:] == b"DICM"
    syntax = None
    if has_meta:
        syntax = pydicom.filereader.read_file_meta_info(path).get("TransferSyntaxUID")
    if syntax is not None and not syntax.is_deflated:
        return path
    dataset = pydicom.dcmread(path, force=True)
    if syntax is None:
        implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        )
    return dataset


def relative_name(path: Path, root: Path) -> str:
    """Return a file's name relative to the folder that was opened."""
    try:
        return str(path.relative_to(root)) if path != root else path.name
    except ValueError:
        return path.name


def _decoding_error(path: Path, root: Path, error: Exception) -> SeriesError:
    name = relative_name(path, root)
    try:
        with quiet_libraries():
            reason = _reason(path)
    except Exception:
        reason = None
    if isinstance(error, OSError) and error.strerror:
        return SeriesError(f"{name} cannot be opened: {error.strerror}.")
    return SeriesError(f"{name} {reason or 'has damaged pixel data; copy or export it again.'}")


def _reason(path: Path) -> str | None:
    """Say why a file cannot be decoded; None if it is just damaged."""
    import pydicom
    from pydicom.pixels import get_decoder
    from pydicom.uid import UID

    dataset = pydicom.dcmread(path, force=True, defer_size=1024)
    if "PixelData" not in dataset:
        if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
            return "stores floating-point pixels, which are not read; convert it to NIfTI."
        return "has no pixel data; copy or export it again."
    syntax = UID(dataset.file_meta.get("TransferSyntaxUID", ""))
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        return (
            f"is stored as {syntax.name} ({syntax}), which cannot be read; export the series "
            "uncompressed (Explicit VR Little Endian)."
        )
    if not decoder.is_available:
        return (
            f"is compressed as {syntax.name}, and no decoder for it is installed; install "
            "pylibjpeg, pylibjpeg-libjpeg, pylibjpeg-openjpeg and pyjpegls, or export the series "
            "uncompressed."
        )
    return None
