"""From DICOM files to an open series."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback
from DSCBrainSegLib.series.dicom_join import find_parts
from DSCBrainSegLib.series.dicom_parts import SeriesPart
from DSCBrainSegLib.series.dicom_pixels import decode_volume, relative_name
from DSCBrainSegLib.series.dicom_scan import Scan, find_files, scan_files
from DSCBrainSegLib.series.dicom_select import SeriesSummary, choose, summarise, unfit_warning
from DSCBrainSegLib.series.source import SeriesSource


def open_dicom(
    root: Path,
    files: list[Path],
    series_uid: str | None,
    progress: ProgressCallback,
    cancelled: CancelCallback,
) -> SeriesSource:
    """Open the series to use among `files`.

    Raises
    ------
    SeriesError
        There is none, or several suit.
    """
    found = _find(root, files, progress, cancelled)
    part, warnings = choose(found.parts, str(root), series_uid, found.given)
    if found.given and len(files_of(part)) > 1:
        warnings.append(
            f"The file is one of {len(files_of(part))} of its series; all of them in its folder "
            "are read."
        )
    warnings = [*_scan_warnings(found.scan), *warnings, *unfit_warning(part)]
    return _source(found.scan, part, warnings)


def list_dicom(
    root: Path, files: list[Path], progress: ProgressCallback, cancelled: CancelCallback
) -> list[SeriesSummary]:
    """Return a summary of every DICOM series among `files`."""
    found = _find(root, files, progress, cancelled)
    parts = found.parts
    if found.given:
        own = {part.scan for part in parts if set(found.given) & set(files_of(part))}
        parts = [part for part in parts if part.scan in own]
    return [summarise(part) for part in parts]


@dataclass(frozen=True)
class _Found:
    """What was scanned, its parts, and the files that were given in place of their folder."""

    scan: Scan
    parts: list[SeriesPart]
    given: list[Path]


def _find(
    root: Path, files: list[Path], progress: ProgressCallback, cancelled: CancelCallback
) -> _Found:
    scan = scan_files(root, files, progress, cancelled)
    parts = find_parts(scan)
    if not parts:
        raise _no_images(scan)
    if len(files) > 1 or files != [root] or any(part.shape[0] > 1 for part in parts):
        return _Found(scan, parts, [])
    # One file of many was given: the others of its series lie beside it.
    beside = [path for path in find_files([root.parent]) if path.parent == root.parent]
    whole = scan_files(root, beside, progress, cancelled)
    parts = find_parts(whole)
    own = [part for part in parts if root in files_of(part)]
    used = {path for part in own for path in files_of(part)}
    whole.damaged = [(path, fault) for path, fault in whole.damaged if path in used]
    whole.ignored = 0
    return _Found(whole, parts, [root])


def files_of(part: SeriesPart) -> list[Path]:
    """Return the files of a part, each once."""
    return list(dict.fromkeys(plane.path for plane in part.planes))


def _source(scan: Scan, part: SeriesPart, warnings: list[str]) -> SeriesSource:
    volumes = part.volumes
    planes, root = volumes.planes, scan.root
    facts = part.facts
    warnings = [*warnings, *volumes.warnings]
    if facts.lossy:
        warnings.append("The images were compressed with loss; the mask's edge may suffer.")
    return SeriesSource(
        description=facts.description,
        frame_count=len(planes),
        volume_shape=(len(planes[0]), planes[0][0].rows, planes[0][0].columns),
        times=volumes.times,
        affine=volumes.affine,
        decode=lambda index: decode_volume(planes[index], root),
        echo_time=part.echo_time,
        repetition_time=volumes.repetition_time,
        sop_instance_uids=[list(dict.fromkeys(p.sop_uid for p in volume)) for volume in planes],
        planes=planes,
        source=root,
        header=_header(part),
        warnings=warnings,
    )


def _header(part: SeriesPart) -> dict:
    facts = part.facts
    header = {
        "manufacturer": facts.manufacturer,
        "model": facts.model,
        "field_strength_t": facts.field_strength,
        "flip_angle_deg": facts.flip_angle,
        "sequence_name": facts.sequence_name,
        "contrast_agent": facts.contrast_agent,
        "series_number": facts.number,
        "echo": part.echo if part.echoes > 1 else None,
        "echoes": part.echoes if part.echoes > 1 else None,
        "series_instance_uid": part.uids[0],
        "study_instance_uid": facts.study_uid,
        "frame_of_reference_uid": facts.frame_of_reference_uid,
        "slice_thickness_mm": part.planes[0].thickness,
        "slice_times_s": part.slice_times,
    }
    return {name: value for name, value in header.items() if value not in (None, "", [])}


def _scan_warnings(scan: Scan) -> list[str]:
    """Say what was not used, without names: files are often named after the patient."""
    warnings = []
    if scan.ignored == 1:
        warnings.append("1 file that is not DICOM was ignored.")
    elif scan.ignored:
        warnings.append(f"{scan.ignored} files that are not DICOM were ignored.")
    for fault, count in Counter(fault for _, fault in scan.damaged).items():
        warnings.append(
            f"A DICOM file {fault}; it was left out."
            if count == 1
            else f"{count} DICOM files were left out; each {fault}."
        )
    return warnings


def _no_images(scan: Scan) -> SeriesError:
    root = scan.root
    if scan.damaged:
        path, fault = scan.damaged[0]
        more = f" ({len(scan.damaged)} files in all)" if len(scan.damaged) > 1 else ""
        name = path if path == root else f"{relative_name(path, root)} in {root}"
        return SeriesError(f"{name} {fault}{more}; copy or export the series again.")
    if scan.others:
        return SeriesError(
            f"{root} holds no DICOM images, only {scan.others[0]}; give the folder of the series."
        )
    return SeriesError(
        f"{root} holds no DICOM, NIfTI or NRRD images; give the folder of the DSC series."
    )
