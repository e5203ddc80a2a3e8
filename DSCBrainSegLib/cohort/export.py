"""Export a cohort for other programs: nnU-Net v2 raw datasets and BIDS derivatives."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from DSCBrainSegLib.cohort.cases import LoadedCase, load_case, reference_case
from DSCBrainSegLib.cohort.ground_truth import CONFIRMED, DRAWN
from DSCBrainSegLib.cohort.layout import Cohort, Subject
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.progress import (
    CancelCallback,
    ProgressCallback,
    check_cancelled,
    never_cancelled,
    no_progress,
)

FORMATS = ("nnunet", "bids")

BIDS_VERSION = "1.10.0"


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Parameters
    ----------
    labels : dict of str to str
        For each subject the name it has in the export: letters and digits only.
    not_split : list of str
        Subjects left out because they came after the cohort's split.
    """

    labels: dict[str, str]
    not_split: list[str]


def export_cohort(
    cohort: Cohort,
    folder: str | Path,
    format: str,
    state: str = DRAWN,
    progress: ProgressCallback = no_progress,
    cancelled: CancelCallback = never_cancelled,
) -> Exported:
    """Write reference frames and ground truths as another program wants them, all or nothing.

    Parameters
    ----------
    cohort : Cohort
    folder : path
        Must be empty or not exist.
    format : {"nnunet", "bids"}
        An nnU-Net v2 raw dataset, the split's test part in ``imagesTs`` and ``labelsTs`` and its
        validation part in ``splits_final.json``; or a BIDS derivative dataset.
    state : {"drawn", "confirmed"}
        "confirmed" leaves out what no second reader confirmed.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    Exported

    Raises
    ------
    ConfigurationError
        There is no such format or state.
    SeriesError
        No subject has such a ground truth, or one cannot be read or was changed after it was saved.
    OutputError
        `folder` holds something or cannot be written.
    Cancelled
        `cancelled` returned True.
    """
    if format not in FORMATS:
        raise ConfigurationError(f"There is no format {format!r}; choose {' or '.join(FORMATS)}.")
    if state not in (DRAWN, CONFIRMED):
        raise ConfigurationError(f"Only drawn or confirmed subjects can be exported, not {state}.")
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise OutputError(f"{folder} is not empty; choose a new folder.")
    wanted = (CONFIRMED,) if state == CONFIRMED else (DRAWN, CONFIRMED)
    subjects = [subject for subject in cohort.subjects if subject.state in wanted]
    split = cohort.split
    not_split = split.unsplit(subject.name for subject in subjects) if split else []
    subjects = [subject for subject in subjects if subject.name not in not_split]
    if not subjects:
        raise SeriesError(f"{cohort.folder} has no subject to export whose mask is {state}.")
    labels = export_labels([subject.name for subject in subjects])
    parts = {subject.name: split.part_of(subject.name) if split else None for subject in subjects}
    with output_folder(folder) as work:
        for done, subject in enumerate(subjects):
            check_cancelled(cancelled)
            progress(done, len(subjects), f"Exporting {subject.name}")
            case = load_case(reference_case(subject))
            if format == "nnunet":
                _write_nnunet_case(work, labels[subject.name], parts[subject.name], case)
            else:
                _write_bids_case(work, labels[subject.name], subject, case)
        if format == "nnunet":
            _write_nnunet_dataset(work, labels, parts)
        else:
            _write_bids_dataset(work, labels, parts, subjects)
    progress(len(subjects), len(subjects), "Done")
    return Exported(labels, not_split)


def export_labels(names: Sequence[str]) -> dict[str, str]:
    """Return for each name one of ASCII letters and digits, as BIDS wants it, each different."""
    labels: dict[str, str] = {}
    for name in sorted(names):
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        label = re.sub(r"[^A-Za-z0-9]", "", plain) or "subject"
        number, used = 1, {other.casefold() for other in labels.values()}
        unique = label
        while unique.casefold() in used:
            number += 1
            unique = f"{label}x{number}"
        labels[name] = unique
    return labels


def _write_nnunet_case(folder: Path, label: str, part: str | None, case: LoadedCase) -> None:
    from DSCBrainSegLib.series import write_mask, write_nifti

    suffix = "Ts" if part == "test" else "Tr"
    images, masks = folder / f"images{suffix}", folder / f"labels{suffix}"
    for path in (images, masks):
        path.mkdir(exist_ok=True)
    write_nifti(images / f"{label}_0000.nii.gz", case.image, case.affine)
    write_mask(masks / f"{label}.nii.gz", case.reference, case.affine)


def _write_nnunet_dataset(folder: Path, labels: dict[str, str], parts: dict) -> None:
    training = [name for name in labels if parts[name] != "test"]
    _write(
        folder / "dataset.json",
        {
            "channel_names": {"0": "T2star"},
            "labels": {"background": 0, "brain": 1},
            "numTraining": len(training),
            "file_ending": ".nii.gz",
        },
    )
    validation = [labels[name] for name in training if parts[name] == "validation"]
    if validation:
        train = [labels[name] for name in training if parts[name] == "train"]
        _write(folder / "splits_final.json", [{"train": train, "val": validation}])


def _write_bids_case(folder: Path, label: str, subject: Subject, case: LoadedCase) -> None:
    from DSCBrainSegLib.series import write_mask, write_nifti

    perfusion = folder / f"sub-{label}" / "perf"
    perfusion.mkdir(parents=True)
    image, mask = f"sub-{label}_desc-reference_dsc", f"sub-{label}_desc-brain_mask"
    write_nifti(perfusion / f"{image}.nii.gz", case.image, case.affine)
    write_mask(perfusion / f"{mask}.nii.gz", case.reference, case.affine)
    series = subject.facts.get("series", {})
    facts = {
        "Description": f"Time point {subject.facts.get('frame', {}).get('number')} of a T2*-"
        "weighted DSC perfusion series",
        "EchoTime": series.get("echo_time_s"),
        "RepetitionTime": series.get("repetition_time_s"),
        "FlipAngle": series.get("flip_angle_deg"),
        "MagneticFieldStrength": series.get("field_strength_t"),
        "Manufacturer": series.get("manufacturer"),
    }
    known = {key: value for key, value in facts.items() if value not in (None, "")}
    _write(perfusion / f"{image}.json", known)
    _write(
        perfusion / f"{mask}.json",
        {
            "Type": "Brain",
            "Sources": [f"bids::sub-{label}/perf/{image}.nii.gz"],
            "SeededFrom": subject.ground_truth.seeded_from or "nothing",
            "Confirmed": subject.state == CONFIRMED,
        },
    )


def _write_bids_dataset(folder: Path, labels: dict, parts: dict, subjects) -> None:
    import DSCBrainSegLib

    generated = [{"Name": "DSCBrainSegLib", "Version": DSCBrainSegLib.__version__}]
    _write(
        folder / "dataset_description.json",
        {
            "Name": "Brain masks of DSC perfusion series",
            "BIDSVersion": BIDS_VERSION,
            "DatasetType": "derivative",
            "GeneratedBy": generated,
        },
    )
    # BIDS knows arterial spin labelling under perf, but has no suffix for DSC yet.
    (folder / ".bidsignore").write_text("*_dsc.nii.gz\n*_dsc.json\n", encoding="utf-8")
    rows = ["participant_id\tsubject\tperson\tpart\tstate"]
    rows += [
        f"sub-{labels[subject.name]}\t{subject.name}\t{subject.person}\t"
        f"{parts[subject.name] or 'n/a'}\t{subject.state}"
        for subject in subjects
    ]
    (folder / "participants.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _write(path: Path, values) -> None:
    path.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
