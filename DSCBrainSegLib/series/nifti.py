"""NIfTI files in and out. NIfTI is RAS+, everything else here LPS+: the flip is in this file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from DSCBrainSegLib.series.nifti_file import read_nifti_header
from DSCBrainSegLib.series.nifti_forms import NiftiForms, choose_form
from DSCBrainSegLib.series.planes import number, text
from DSCBrainSegLib.series.source import SeriesSource
from DSCBrainSegLib.series.units import millimetres_per_unit, seconds_of

RAS_FROM_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])

_SCANNER_CODE = 1  # NIFTI_XFORM_SCANNER_ANAT
_EXACT_MM = 1e-3

_LONGEST_ECHO_S = 1.0
"""An Echo Time above this is in milliseconds."""

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

    Also a .hdr/.img pair, of NIfTI or Analyze, and a file packed by gzip under any name. Echo time
    and names come from a BIDS side-car (.json) beside it, if there is one.

    Raises
    ------
    SeriesError
        The file is damaged, a colour image, or not 3-D or 4-D.
    """
    file = read_nifti_header(path)
    warnings: list[str] = []
    affine = choose_form(path, file.forms, file.edges, file.shape[:3], warnings)
    edges = np.linalg.norm(affine[:3, :3], axis=0)
    single = 2 if file.shape[2] == 1 else None
    affine[:3] *= millimetres_per_unit(edges, file.unit, warnings, single)
    facts = _sidecar(path)
    count = file.shape[3]
    step, repetition_time = _steps(file, facts, count, warnings)
    echo_time = number(facts.get("EchoTime"))
    if echo_time and echo_time > _LONGEST_ECHO_S:
        echo_time /= 1000.0
    return SeriesSource(
        description=text(facts.get("SeriesDescription")),
        frame_count=count,
        volume_shape=file.shape[2::-1],
        times=np.arange(count) * step,
        affine=RAS_FROM_LPS @ affine,
        decode=file.decode,
        echo_time=echo_time,
        repetition_time=repetition_time,
        source=path,
        header={
            name: facts[key] for key, name in _SIDECAR_HEADER.items() if _plain(facts.get(key))
        },
        nifti_forms=file.forms,
        warnings=warnings,
    )


def write_nifti(
    path: Path | str,
    volume: np.ndarray,
    affine: np.ndarray,
    time_step: float | None = None,
    forms: NiftiForms | None = None,
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
    forms : NiftiForms, optional
        Of the file that the volume lies on: they are repeated instead of `affine`, so that every
        program lays the two onto each other.

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
    image.set_sform(image.affine, _SCANNER_CODE)
    image.set_qform(image.affine, _SCANNER_CODE)
    # A sheared affine has no exact qform; the sform carries it alone.
    if np.abs(image.get_qform() - image.affine).max() > _EXACT_MM:
        image.header["qform_code"] = 0
    if forms is not None:
        # nibabel writes its own sform where the header and the image's affine differ.
        header = image.header.copy()
        forms.write_into(header)
        image = nibabel.Nifti1Image(image.dataobj, None, header)
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


def _steps(file, facts: dict, count: int, warnings: list[str]) -> tuple[float, float | None]:
    """Return the seconds between time points, and the repetition time or None."""
    told: list[str] = []
    beside = seconds_of(number(facts.get("RepetitionTime")) or 0.0, "s", told)
    if count == 1:
        return 1.0, beside
    step = seconds_of(file.step, file.time_unit, warnings)
    if step and beside and file.step == 1 and not np.isclose(beside, step, rtol=0.01):
        step = None  # many programs write 1 where they do not know
    if step is None and beside:
        warnings += told
        return beside, beside
    if step is None:
        warnings.append("The file gives no time between time points; 1 s is assumed.")
        return 1.0, None
    if beside and not np.isclose(beside, step, rtol=0.01):
        warnings.append(
            f"The header gives {step:g} s between time points, the .json file beside it {beside:g} "
            "s; the header's is taken."
        )
    return step, beside or step


def _sidecar(path: Path) -> dict:
    stem = path.name[: len(path.name.lower().removesuffix(".gz"))]
    try:
        file = path.parent / f"{Path(stem).stem}.json"
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _plain(value) -> bool:
    return isinstance(value, str | int | float) and value != ""
