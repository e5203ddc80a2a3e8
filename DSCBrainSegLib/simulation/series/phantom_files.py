"""A phantom's folder: the series as DICOM or NIfTI, the truth, and the record that replays it."""

from __future__ import annotations

import csv
import json
from contextlib import suppress
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.geometry import PARAMETER_NAMES
from DSCBrainSegLib.progress import ProgressCallback, no_progress
from DSCBrainSegLib.simulation.anatomy.heads import read_head
from DSCBrainSegLib.simulation.series.phantom import (
    SIMULATOR_VERSION,
    Phantom,
    simulate_phantom,
    simulate_wide_phantom,
)

RECORD_NAME = "parameters.json"

FORMATS = ("dicom", "nifti")

PHANTOM_NAMES = ["dicom", "series.nii.gz", "series.json", "truth", RECORD_NAME]
"""What `write_phantom` makes in its folder; the series in one of two formats."""


def write_phantom(
    phantom: Phantom, folder: Path, overwrite: bool = False, series_format: str = "dicom"
) -> None:
    """Write a phantom's series, its truth and its record, all or none.

    ``dicom/``, or ``series.nii.gz`` with ``series.json``; ``truth/`` with ``mask.nii.gz``,
    ``tumour.nii.gz``, ``cbv.nii.gz`` (mL/100 g), ``mtt.nii.gz`` and ``delay.nii.gz`` (s),
    ``ktrans.nii.gz`` (1/min) and ``motion.csv``; ``parameters.json``.

    Parameters
    ----------
    phantom : Phantom
    folder : Path
        Made if it does not exist.
    overwrite : bool
        Replace an earlier phantom, with all its files.
    series_format : {"dicom", "nifti"}

    Raises
    ------
    ConfigurationError
        Unknown format.
    OutputError
        The folder cannot be written, or holds a phantom already and `overwrite` is False.
    """
    from DSCBrainSegLib.series import write_mask, write_nifti

    if series_format not in FORMATS:
        raise ConfigurationError(
            f"There is no format {series_format!r}; choose from {', '.join(FORMATS)}."
        )
    folder = Path(folder)
    earlier = _files_of(folder) if (folder / RECORD_NAME).exists() else set()
    affine = phantom.series.affine
    with output_folder(folder, overwrite) as work:
        if series_format == "dicom":
            _write_dicom(phantom, work / "dicom")
        else:
            _write_nifti(phantom, work)
        truth = work / "truth"
        truth.mkdir()
        write_mask(truth / "mask.nii.gz", phantom.mask, affine)
        write_mask(truth / "tumour.nii.gz", phantom.lesion, affine)
        for name, values in phantom.tissue_maps.items():
            write_nifti(truth / f"{name}.nii.gz", values, affine)
        _write_motion(phantom, truth / "motion.csv")
        text = json.dumps(phantom.parameters, indent=2)
        (work / RECORD_NAME).write_text(text + "\n", encoding="utf-8")
        written = {path.relative_to(work) for path in work.rglob("*") if path.is_file()}
    # A longer series of before would otherwise leave its last files among the new ones.
    for path in earlier - {folder / path for path in written}:
        path.unlink()
    with suppress(OSError):  # it is not there, or holds files
        (folder / "dicom").rmdir()


def read_record(path: Path) -> dict:
    """Read a phantom's record.

    Parameters
    ----------
    path : Path
        ``parameters.json``, or the folder it lies in.

    Raises
    ------
    ConfigurationError
        It cannot be read, is no record, or is another version's.
    """
    path = Path(path)
    path = path / RECORD_NAME if path.is_dir() else path
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as a record; give the {RECORD_NAME} of a simulated series."
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("arguments"), dict):
        raise ConfigurationError(
            f"{path} is no record of a simulated series; give its {RECORD_NAME}."
        )
    version = record.get("simulator", 1)
    if version != SIMULATOR_VERSION:
        raise ConfigurationError(
            f"{path} is of the simulator's version {version}, this one is {SIMULATOR_VERSION}: "
            "replay it with the release that made it."
        )
    return record


def replay_phantom(
    record: dict, label_map: Path | None = None, progress: ProgressCallback = no_progress
) -> tuple[Phantom, bool]:
    """Simulate the very same phantom again.

    Parameters
    ----------
    record : dict
        From `read_record`.
    label_map : Path, optional
        The label map the record names; needed where it names one.
    progress : callable

    Returns
    -------
    phantom : Phantom
    identical : bool
        Frames and mask are bit for bit those of the record. They may not be where another
        version of NumPy or SciPy rounds differently.

    Raises
    ------
    ConfigurationError
        The label map is missing or another one, or the record's arguments are unusable.
    """
    expected = record.get("head", {})
    named = expected.get("label_map")
    maps, head = None, None
    if named and label_map is None:
        raise ConfigurationError(
            f"The series was simulated from the label map {named}; give that file with --head."
        )
    if label_map is not None:
        maps, head = read_head(label_map)
        if head["sha256"] != expected.get("sha256"):
            raise ConfigurationError(
                f"{Path(label_map).name} is not the head of the record"
                + (f", which is {named}." if named else ", which has the built-in one.")
            )
    simulate = simulate_wide_phantom if record.get("wide") else simulate_phantom
    try:
        phantom = simulate(**record["arguments"], maps=maps, head=head, progress=progress)
    except TypeError as error:
        raise ConfigurationError(
            f"The record has arguments that the simulator does not know: {error}."
        ) from error
    same = [
        phantom.parameters[name] == record.get(name) for name in ("frames_sha256", "mask_sha256")
    ]
    return phantom, all(same)


def _write_dicom(phantom: Phantom, folder: Path) -> None:
    from DSCBrainSegLib.series import write_dicom_series

    names = ("simulator", "wide", "arguments", "head")
    write_dicom_series(
        phantom.series,
        folder,
        uid_seed=json.dumps({name: phantom.parameters[name] for name in names}, sort_keys=True),
    )


def _write_nifti(phantom: Phantom, work: Path) -> None:
    from DSCBrainSegLib.series import write_nifti

    series = phantom.series
    write_nifti(work / "series.nii.gz", series.frames, series.affine, series.repetition_time)
    sidecar = {
        "EchoTime": series.echo_time,
        "RepetitionTime": series.repetition_time,
        "FlipAngle": series.header["flip_angle_deg"],
        "MagneticFieldStrength": series.header["field_strength_t"],
        "Manufacturer": series.header["manufacturer"],
        "SeriesDescription": series.description,
    }
    text = json.dumps(sidecar, indent=2)
    (work / "series.json").write_text(text + "\n", encoding="utf-8")


def _write_motion(phantom: Phantom, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("frame", "time_s", *PARAMETER_NAMES))
        rows = zip(phantom.series.times, phantom.motion.parameters, strict=True)
        for number, (time, row) in enumerate(rows, start=1):
            writer.writerow((number, f"{time:.3f}", *(f"{value:.6f}" for value in row)))


def _files_of(folder: Path) -> set[Path]:
    """Files of the phantom that lies in a folder."""
    found = {folder / name for name in PHANTOM_NAMES if (folder / name).is_file()}
    return found | set((folder / "dicom").glob("*.dcm"))
