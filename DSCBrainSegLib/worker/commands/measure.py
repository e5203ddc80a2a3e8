"""The worker's command ``measure``: masks of one image against a reference, and the report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from types import NoneType

import numpy as np

from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.progress import CancelCallback, ProgressCallback, check_cancelled

FIELDS: dict[str, tuple[type, ...]] = {
    "input": (str,),
    "affine": (list,),
    "reference": (str,),
    "masks": (dict,),
    "statements": (list,),
    "weights": (dict,),
    "report": (str, NoneType),
    "overwrite": (bool,),
}
"""Fields of a ``measure`` request with their types."""

CASE_NAME = "series"
"""What tables call the image: its own name may be the patient's."""

UNTIMED = float("nan")


def measure_masks(fields: dict, progress: ProgressCallback, cancelled: CancelCallback) -> dict:
    """Compare masks with a reference, and write the report if the request names a folder for it.

    Parameters
    ----------
    fields : dict
        See `FIELDS` and docs/worker.md; types are checked already.
    progress, cancelled : callable
        See `DSCBrainSegLib.progress`.

    Returns
    -------
    dict
        ``volumes`` and ``slices``: the fields of `evaluation.measure.VolumeFigures` and of
        `SliceFigures`, methods one after the other; ``report``: the path of report.html, or None.

    Raises
    ------
    SeriesError
        A file cannot be read, or the reference is empty.
    ConfigurationError
        A field is missing, or an array has another shape than the image.
    MissingPackageError
        The report needs packages that are not there.
    OutputError
        The folder of the report cannot be written or holds one already.
    """
    from DSCBrainSegLib.evaluation.measure import measure_slices, measure_volume

    loaded = _loaded_case(fields)
    masks = {str(name): _mask(path, loaded.image.shape) for name, path in fields["masks"].items()}
    volumes, slices = [], []
    for number, (name, mask) in enumerate(masks.items()):
        check_cancelled(cancelled)
        progress(number, len(masks), f"Measuring {name}")
        volumes.append(measure_volume(mask, loaded, name, len(mask), UNTIMED))
        slices += measure_slices(mask, loaded, name)
    report = None
    if fields.get("report"):
        check_cancelled(cancelled)
        progress(len(masks), len(masks), "Writing the report")
        report = _write_report(fields, loaded, masks, volumes, slices)
    return {
        "volumes": [asdict(row) for row in volumes],
        "slices": [asdict(row) for row in slices],
        "report": report,
    }


def _loaded_case(fields: dict):
    """Return image and reference as `evaluation` takes them."""
    from DSCBrainSegLib.cohort.cases import LoadedCase, ReferenceCase

    for name in ("input", "affine", "reference", "masks"):
        if not fields.get(name):
            raise ConfigurationError(f"The request lacks the field {name!r}.")
    image = _array(fields["input"])
    try:
        affine = np.array(fields["affine"], dtype=float).reshape(4, 4)
    except (TypeError, ValueError) as error:
        raise ConfigurationError("affine has 4 rows of 4 numbers to LPS+ in mm.") from error
    reference = _mask(fields["reference"], image.shape)
    if not reference.any():
        raise SeriesError("The reference is empty; draw it or choose another.")
    case = ReferenceCase(CASE_NAME, Path(), Path())
    return LoadedCase(case, image, reference, affine, slice(0, len(reference)))


def _write_report(fields: dict, loaded, masks: dict, volumes: list, slices: list) -> str:
    """Write what `dscbrainseg evaluate` writes, for this one image; return the report's path."""
    from DSCBrainSegLib.display import require_matplotlib
    from DSCBrainSegLib.evaluation.axial_case import AxialCase
    from DSCBrainSegLib.evaluation.html.viewer import CaseViewer
    from DSCBrainSegLib.evaluation.plots.pictures import CasePictures, plan_pictures
    from DSCBrainSegLib.evaluation.result import OUTPUT_NAMES, Evaluation
    from DSCBrainSegLib.evaluation.run import PICTURE_ROWS
    from DSCBrainSegLib.files import output_folder, refuse_existing

    require_matplotlib()
    from DSCBrainSegLib.evaluation.write import write_evaluation

    folder, overwrite = Path(fields["report"]).absolute(), fields.get("overwrite", False)
    refuse_existing(folder, OUTPUT_NAMES, overwrite)
    axial = AxialCase(loaded)
    pictures = CasePictures(axial, [level for _, level in plan_pictures(1, PICTURE_ROWS)])
    viewer = CaseViewer(axial)
    for name, mask in masks.items():
        on_planes = axial.mask(mask)
        pictures.add(name, on_planes)
        viewer.add(name, on_planes)
    evaluation = Evaluation(
        list(masks),
        volumes=volumes,
        slices=slices,
        pictures=pictures.rows,
        viewers=[viewer.case],
        references=[str(line) for line in fields.get("statements", [])],
        weights=fields.get("weights", {}),
    )
    with output_folder(folder, overwrite) as work:
        write_evaluation(evaluation, work)
    return str(folder / "report.html")


def _mask(path, shape: tuple[int, ...]) -> np.ndarray:
    from DSCBrainSegLib.masks import brain_values

    mask = _array(path)
    if mask.shape != tuple(shape):
        raise ConfigurationError(f"The mask {path} has shape {mask.shape}, the image {shape}.")
    return brain_values(mask, str(path))


def _array(path) -> np.ndarray:
    try:
        array = np.load(str(path), allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SeriesError(f"{path} is missing or not a .npy file; write it again.") from error
    if not isinstance(array, np.ndarray) or array.ndim != 3 or array.dtype.kind not in "biuf":
        raise ConfigurationError(f"{path} holds no numbers of shape (K, J, I).")
    return array
