"""Files and the cohort, on demand."""

from __future__ import annotations

from pathlib import Path

from trame.widgets import html
from trame.widgets import vuetify3 as v

from DSCBrainSegLib.dicom_seg.origin import MaskOrigin
from DSCBrainSegLib.dicom_seg.write import write_dicom_seg
from DSCBrainSegLib.errors import OutputError
from DSCBrainSegLib.files import output_folder
from DSCBrainSegLib.mrml.cohort_subject import saveGroundTruth
from DSCBrainSegLib.series import write_mask


class SaveSection:
    """Saves what is open.

    Parameters
    ----------
    app : ReviewApp
    output : Path
        Folder for files.
    """

    def __init__(self, app, output: Path):
        self._app, self._output = app, output
        self._file_job = None
        state = app.state
        state.kept_text, state.in_cohort, state.is_dicom = "", False, False
        state.replace_open, state.replace_text = False, ""

    def build(self) -> None:
        """Add the widgets to the page."""
        html.Span("{{ kept_text }}", classes="text-caption mr-3", id="kept")
        with v.VMenu():
            with v.Template(v_slot_activator="{ props }"):
                v.VBtn(
                    "Save",
                    v_bind="props",
                    id="save",
                    disabled=("!opened",),
                    variant="tonal",
                    classes="mr-2",
                )
            with v.VList(density="compact"):
                for text, name, click, shown in (
                    ("Ground truth into the cohort", "save-cohort", self.save_truth, "in_cohort"),
                    ("All masks as .seg.nrrd", "save-all", self.save_segmentation, "true"),
                    ("The chosen mask as NIfTI", "save-mask", self.save_mask, "true"),
                    ("The chosen mask as DICOM SEG", "save-seg", self.save_seg, "is_dicom"),
                ):
                    v.VListItem(text, id=name, click=click, v_if=(shown,))
        with v.VDialog(v_model=("replace_open",), width="420"), v.VCard(classes="pa-3"):
            html.Div("{{ replace_text }}", classes="text-body-2 mb-2")
            with html.Div(classes="d-flex justify-end"):
                v.VBtn("Keep it", click="replace_open = false", variant="text")
                v.VBtn("Replace", click=self.replace, color="error", variant="text", id="replace")

    def opened(self) -> None:
        """Offer what can be saved of the case that was opened."""
        case = self._app.case
        self._app.state.in_cohort = case.subject is not None
        self._app.state.is_dicom = bool(case.series.planes)

    def refresh(self) -> None:
        """Show when a draft was kept, or all was saved."""
        draft = self._app.keeper.draft
        time = draft.saved_at[11:19]
        text = f"Draft kept {time} UTC, not saved" if draft.unsaved else f"Saved {time} UTC"
        self._app.state.kept_text = text if time else ""

    def save_truth(self) -> None:
        """Save the ground truth with its history into the subject."""
        self._app.guarded(self._save_truth)

    def save_segmentation(self) -> None:
        """Save all masks as one .seg.nrrd file."""
        case = self._app.case
        self._save_file(
            f"{case.entry.file_stem}.seg.nrrd",
            case.write_masks,
            is_everything=case.subject is None,
        )

    def save_mask(self) -> None:
        """Save the mask that is edited as NIfTI on the grid of the series."""
        self._save_chosen(
            "nii.gz",
            lambda case, chosen, path: write_mask(
                path, case.mask(chosen), case.series.affine, case.series.nifti_forms
            ),
        )

    def save_seg(self) -> None:
        """Save the mask that is edited as DICOM SEG of the time point it was made on."""
        self._save_chosen("dcm", _write_seg)

    def _save_chosen(self, suffix: str, write) -> None:
        case, chosen = self._app.case, self._app.editor.segment_id
        if not chosen:
            self._app.say("There is no mask yet; segment or draw one first.", "info")
            return
        name = case.method(chosen) or "mask"
        same = [each for each in case.segment_ids if case.method(each) == case.method(chosen)]
        if len(same) > 1:
            name += f"-{same.index(chosen) + 1}"
        self._save_file(
            f"{case.entry.file_stem}-{name}.{suffix}",
            lambda path: write(case, chosen, path),
            is_everything=case.subject is None and len(case.segment_ids) == 1,
        )

    def replace(self) -> None:
        """Replace the file that was asked about."""
        self._app.state.replace_open = False
        job, self._file_job = self._file_job, None
        if job is not None:
            self._app.guarded(self._write_file, *job, True)

    def _save_file(self, name: str, write, is_everything: bool) -> None:
        if (self._output / name).exists():
            self._file_job = (name, write, is_everything)
            with self._app.state as state:
                state.replace_text = f"{self._output / name} exists already."
                state.replace_open = True
            return
        self._app.guarded(self._write_file, name, write, is_everything, False)

    def _write_file(self, name: str, write, is_everything: bool, overwrite: bool) -> None:
        with output_folder(self._output, overwrite) as work:
            write(work / name)
        if is_everything:
            self._app.keeper.mark_saved()
        self._app.say(f"Saved as {self._output / name}.", "success")

    def _save_truth(self) -> None:
        case = self._app.case
        if not case.truth_id:
            raise OutputError("There is no ground truth to save yet; start drawing first.")
        case.subject = saveGroundTruth(case.subject, case.volume, case.segmentation, case.truth_id)
        self._app.keeper.mark_saved()
        self._app.say(f"Saved as {case.subject.name}: {case.subject.state}.", "success")


def _write_seg(case, segment_id: str, path: Path) -> None:
    """Write a segment as DICOM SEG; who drew ground truth is named, as the reader gave it."""
    method, frame, reader = case.method(segment_id), case.frame_of(segment_id), ""
    if segment_id == case.truth_id or not method:
        kind, method, reader = "drawn", "", case.reader_of(segment_id)
    else:
        kind = "edited" if case.is_edited(segment_id) else "automatic"
    facts = case.entry.facts if case.entry.facts.get("method") == method else {}
    origin = MaskOrigin(kind, method, facts.get("weights"), time_point=frame + 1, creator=reader)
    write_dicom_seg(path, case.mask(segment_id), case.series.planes[frame], origin)
