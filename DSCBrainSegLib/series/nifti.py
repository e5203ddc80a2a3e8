"""NIfTI files in and out. NIfTI is RAS+, everything else here LPS+: the flip is in this file."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.planes import number, text
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.source import SeriesSource

RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

_SECONDS_PER_UNIT = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6, "unknown": 1.0}
_SCANNER_CODE = 1  # NIFTI_XFORM_SCANNER_ANAT

# Side-car facts (as dcm2niix writes them beside the image) that are no one's identity.
_SIDECAR_HEADER = {
    "Manufacturer": "manufacturer",
    "ManufacturersModelName": "model",
    "MagneticFieldStrength": "field_strength_t",
    "FlipAngle": "flip_angle_deg",
    "SequenceName": "sequence_name",
    "SeriesNumber": "series_number",
}


def open_nifti(path: Path) -> SeriesSource:
    """Open a 3-D or 4-D NIfTI file; voxels are read later, frame by frame.

    Echo time and names come from a BIDS side-car (.json) beside it, if there is one.

    Raises
    ------
    SeriesError
        The file is damaged, a colour image, or not 3-D or 4-D.
    """
    import nibabel

    try:
        with quiet_libraries():
            image: Any = nibabel.load(path)
            affine = RAS_FROM_LPS @ image.affine
            codes = int(image.header["qform_code"]), int(image.header["sform_code"])
    except Exception as error:  # nibabel raises many kinds on a damaged file
        raise _damaged(path) from error
    shape = _shape(path, image)
    if not np.all(np.isfinite(affine)) or abs(np.linalg.det(affine)) < 1e-9:
        raise SeriesError(f"{path} has an orientation that spans no volume; convert it again.")
    warnings: list[str] = []
    if codes == (0, 0):
        warnings.append("The NIfTI header gives no orientation; its voxel axes are taken as RAS.")
    facts = _sidecar(path)
    repetition_time = number(facts.get("RepetitionTime")) or _frame_step(image, shape[3])
    echo_time = number(facts.get("EchoTime"))
    return SeriesSource(
        description=text(facts.get("SeriesDescription")),
        frame_count=shape[3],
        volume_shape=(shape[2], shape[1], shape[0]),
        times=_times(image, shape[3], repetition_time, warnings),
        affine=affine,
        decode=_Decoder(path, image, shape),
        echo_time=echo_time,
        repetition_time=repetition_time,
        source=path,
        header={
            name: facts[key] for key, name in _SIDECAR_HEADER.items() if _plain(facts.get(key))
        },
        warnings=warnings,
    )


def write_nifti(
    path: Path | str, volume: np.ndarray, affine: np.ndarray, time_step: float | None = None
) -> None:
    """Write a volume (K, J, I) or frames (T, K, J, I) as NIfTI-1 with qform and sform.

    Parameters
    ----------
    path : Path
        Ends in .nii or .nii.gz.
    volume : ndarray
        Bool is written as uint8, float64 as float32, other kinds as they are.
    affine : ndarray, shape (4, 4)
        From index (i, j, k) to LPS+ in mm.
    time_step : float, optional
        Seconds between frames.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import nibabel

    volume = storable(volume)
    image = nibabel.Nifti1Image(np.transpose(volume), RAS_FROM_LPS @ np.asarray(affine, float))
    image.header.set_xyzt_units("mm", "sec")
    if volume.ndim == 4 and time_step:
        image.header.set_zooms((*image.header.get_zooms()[:3], float(time_step)))
    # A sheared affine has no exact qform; the sform carries it.
    image.set_sform(image.affine, _SCANNER_CODE)
    image.set_qform(image.affine, _SCANNER_CODE)
    nibabel.save(image, path)


def storable(volume: np.ndarray) -> np.ndarray:
    """Return a volume in a kind of number that NIfTI and NRRD readers understand."""
    volume = np.asarray(volume)
    if volume.ndim not in (3, 4):
        raise ValueError(f"volume must be (K, J, I) or (T, K, J, I), got shape {volume.shape}")
    if volume.dtype == bool:
        return volume.astype(np.uint8)
    if volume.dtype.kind == "f" and volume.dtype != np.float32:
        return volume.astype(np.float32)
    return volume


class _Decoder:
    """Read one frame at a time; a compressed file is unpacked whole, once."""

    def __init__(self, path: Path, image, shape: tuple[int, int, int, int]):
        self._path, self._image, self._shape = path, image, shape
        self._packed = path.name.lower().endswith(".gz")

    def __call__(self, index: int) -> np.ndarray:
        try:
            with quiet_libraries():
                if self._packed:
                    self._image, self._packed = self._unpacked(), False
                voxels = self._voxels(index)
        except (OSError, EOFError, ValueError, MemoryError, zlib.error) as error:
            raise _damaged(self._path) from error
        return np.transpose(voxels).astype(np.float32)

    def _unpacked(self):
        """Read the file to its end, where its checksum is: nibabel stops at the last voxel."""
        with gzip.open(self._path) as file:
            return type(self._image).from_bytes(file.read())

    def _voxels(self, index: int) -> np.ndarray:
        proxy = self._image.dataobj
        if len(proxy.shape) <= 3:
            return np.asanyarray(proxy).reshape(self._shape[:3])
        return np.asanyarray(proxy[:, :, :, index]).reshape(self._shape[:3])


def _shape(path: Path, image) -> tuple[int, int, int, int]:
    if image.get_data_dtype().names or image.get_data_dtype().kind not in "iuf":
        raise SeriesError(f"{path} is a colour or complex image; give the magnitude images.")
    shape = tuple(image.shape)
    while len(shape) > 4 and shape[-1] == 1:
        shape = shape[:-1]
    if not 2 <= len(shape) <= 4 or min(shape) < 1:
        raise SeriesError(f"{path} has {len(shape)} dimensions {shape}; give a 3-D or 4-D image.")
    return (*shape, 1, 1)[:4] if len(shape) < 4 else shape


def _frame_step(image, count: int) -> float | None:
    if count < 2 or len(image.header.get_zooms()) < 4:
        return None
    try:
        unit = image.header.get_xyzt_units()[1]
    except KeyError:  # a code that NIfTI does not know
        unit = "unknown"
    step = number(image.header.get_zooms()[3])
    step = step * _SECONDS_PER_UNIT.get(unit, 0.0) if step else None
    # Some converters keep milliseconds and call them seconds.
    return step / 1000.0 if step and step > 100.0 else step or None


def _times(image, count, repetition_time, warnings) -> np.ndarray:
    step = _frame_step(image, count) or repetition_time
    if count > 1 and not step:
        warnings.append("The file gives no time between time points; 1 s is assumed.")
    return np.arange(count) * (step or 1.0)


def _sidecar(path: Path) -> dict:
    stem = path.name[: -len(".nii.gz")] if path.name.endswith(".gz") else path.stem
    try:
        facts = json.loads((path.parent / f"{stem}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _plain(value) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _damaged(path: Path) -> SeriesError:
    return SeriesError(f"{path} is damaged or not a NIfTI file; copy or convert it again.")
