"""``dscbrainseg cohort``: subjects with reference frames and ground truth, on disk."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import click

from DSCBrainSegLib.cli.cohort_text import tell_unsplit, text_table
from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.output import output_option
from DSCBrainSegLib.cli.segment import FrameNumber
from DSCBrainSegLib.cli.series_options import series_options

FOLDER = click.Path(path_type=Path)

COHORT = click.argument("folder", metavar="COHORT", type=FOLDER)


class CohortGroup(click.Group):
    """A group with commands that live in modules of their own."""

    def list_commands(self, context):
        return [*self.commands, "simulate", "fetch-tcga"]

    def get_command(self, context, name):
        if name == "fetch-tcga":
            from DSCBrainSegLib.cli.cohort_fetch import command as fetch

            return fetch
        if name == "simulate":
            from DSCBrainSegLib.cli.cohort_simulate import command as simulate

            return simulate
        return super().get_command(context, name)


@click.group("cohort", cls=CohortGroup)
def command():
    """Keep subjects with ground truth in a folder, split and export them.

    docs/cohort.md describes the folder.
    """


@command.command("add")
@COHORT
@click.argument("subject")
@click.argument("source", metavar="SERIES", type=FOLDER)
@click.option("--mask", type=FOLDER, help="Ground truth on the series' grid.")
@click.option("--reader", default="", help="Who drew the mask.")
@click.option("--confirmed-by", default="", help="The second reader.")
@click.option("--seeded-from", default="", help="Method whose mask was the start of the drawing.")
@click.option("--frame", type=FrameNumber(), help="Reference time point, from 1, or 'auto'.")
@click.option("--person", default="", help="Code of the person, if one has several scans.")
@click.option("--frame-only", is_flag=True, help="Keep the reference frame, not the series.")
@series_options("SERIES")
@verbose_option
def add(
    folder,
    subject,
    source,
    mask,
    reader,
    confirmed_by,
    seeded_from,
    frame,
    person,
    frame_only,
    series_uid,
):
    """Add a subject; a COHORT that does not exist is made.

    SUBJECT is a code, never a name: a code that contains the patient's name, ID or date of birth
    from the DICOM header is refused.
    """
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.cohort.add import add_subject
    from DSCBrainSegLib.cohort.ground_truth import confirm, draw
    from DSCBrainSegLib.cohort.layout import COHORT_NAME, Cohort
    from DSCBrainSegLib.cohort.tcia_manifest import tcia_origin
    from DSCBrainSegLib.errors import ConfigurationError, DSCBrainSegError
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.series import read_series

    if not mask and (reader or confirmed_by or seeded_from):
        raise ConfigurationError("Readers belong to a mask; give it with --mask, too.")
    truth = None
    if mask:
        truth = draw(reader, seeded_from)
        truth = confirm(truth, confirmed_by) if confirmed_by else truth
    with terminal_progress() as progress:
        series = read_series(source, series_uid, progress=progress)
    origin = tcia_origin(source, str(series.header.get("series_instance_uid") or ""))
    voxels = read_mask(mask, series) if mask else None
    exists = (folder / COHORT_NAME).is_file()
    cohort = Cohort.open(folder) if exists else Cohort.create(folder)
    try:
        added = add_subject(
            cohort, subject, series, frame, voxels, truth, person, not frame_only, origin
        )
    except DSCBrainSegError:
        if not exists:
            (folder / COHORT_NAME).unlink()
            with suppress(OSError):  # it may hold other things
                folder.rmdir()
        raise
    click.echo(
        f"Added {added.name} ({added.state}), time point {added.facts['frame']['number']} "
        f"({added.facts['frame']['reason']})"
    )
    for warning in series.warnings:
        click.echo(f"Note: {warning}", err=True)
    tell_unsplit(cohort)


@command.command("list")
@COHORT
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbose_option
def list_subjects(folder, as_json):
    """List the subjects and what is drawn and confirmed."""
    from DSCBrainSegLib.cohort.layout import Cohort

    cohort = Cohort.open(folder)
    split = cohort.split
    rows = []
    for subject in cohort.subjects:
        truth, series = subject.ground_truth, subject.facts.get("series", {})
        drawn = subject.mask.is_file()
        rows.append(
            {
                "subject": subject.name,
                "state": subject.state,
                "reader": truth.reader if drawn else "",
                "confirmed_by": truth.confirmed_by if drawn else "",
                "part": (split.part_of(subject.name) if split else None) or "",
                "frames": series.get("time_points"),
                "slices": (series.get("shape_kji") or [None])[0],
            }
        )
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    header = ("Subject", "State", "Reader", "Confirmed by", "Part", "Frames x slices")
    table = [
        (*list(row.values())[:5], f"{row['frames'] or '?'} x {row['slices'] or '?'}")
        for row in rows
    ]
    click.echo(text_table(header, table))
    states = [row["state"] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    click.echo(f"{len(rows)} subjects{': ' if counts else ''}{counts}")
    tell_unsplit(cohort)


@command.command("check")
@COHORT
@verbose_option
def check(folder):
    """Look for damaged files, unsound ground truths, a leaking split and identities."""
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.cohort.check import ERROR, check_cohort
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.errors import SeriesError

    cohort = Cohort.open(folder)
    with terminal_progress() as progress:
        problems = check_cohort(cohort, progress)
    for problem in problems:
        click.echo(str(problem))
    errors = [problem for problem in problems if problem.severity == ERROR]
    if errors:
        what = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        raise SeriesError(f"{folder} has {what}; see the lines above.")
    click.echo(f"{folder} has no errors and {len(problems)} warnings.")


@command.command("split")
@COHORT
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@click.option(
    "--fractions",
    default="68,12,20",
    show_default=True,
    help="Per cent of the persons in training, validation and test.",
)
@click.option("--again", is_flag=True, help="Replace the split the cohort has.")
@verbose_option
def split_cohort(folder, seed, fractions, again):
    """Split the subjects into training, validation and test, by person; stored in the cohort."""
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.cohort.split import draw_split
    from DSCBrainSegLib.errors import ConfigurationError, OutputError

    try:
        shares = tuple(float(share) / 100 for share in fractions.split(","))
    except ValueError as error:
        raise ConfigurationError(
            f"{fractions!r} are not three percentages; give them as 68,12,20."
        ) from error
    cohort = Cohort.open(folder)
    if "split" in cohort.facts and not again:
        tell_unsplit(cohort)
        raise OutputError(f"{folder} is split already; replace the split with --again.")
    persons = {subject.name: subject.person for subject in cohort.subjects}
    split = draw_split(persons, seed, shares)
    cohort.with_split(split)
    for part, names in split.parts.items():
        click.echo(f"{part:<10} {len(names):>4}  {', '.join(names)}")


@command.command("import-mask")
@COHORT
@click.argument("subject")
@click.argument("mask", type=FOLDER)
@click.option("--reader", required=True, help="Who drew it.")
@click.option("--seeded-from", default="", help="Method whose mask was the start of the drawing.")
@verbose_option
def import_mask(folder, subject, mask, reader, seeded_from):
    """Take MASK, drawn on the reference frame, as a subject's ground truth.

    The one before goes to the subject's history; a confirmation does not hold for the new one.
    """
    from DSCBrainSegLib.cohort.ground_truth import draw
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.cohort.save import save_ground_truth
    from DSCBrainSegLib.masks import read_mask
    from DSCBrainSegLib.series import read_series

    there = Cohort.open(folder).subject(subject)
    voxels = read_mask(mask, read_series(there.frame))
    saved = save_ground_truth(there, voxels, draw(reader, seeded_from))
    click.echo(f"{saved.name}: {saved.state} by {saved.ground_truth.reader}")


@command.command("confirm")
@COHORT
@click.argument("subject")
@click.option("--reader", required=True, help="The second reader.")
@verbose_option
def confirm_mask(folder, subject, reader):
    """Record that a second reader agrees with a subject's ground truth."""
    from DSCBrainSegLib.cohort.layout import Cohort
    from DSCBrainSegLib.cohort.save import confirm_ground_truth

    confirmed = confirm_ground_truth(Cohort.open(folder).subject(subject), reader)
    truth = confirmed.ground_truth
    click.echo(f"{confirmed.name}: drawn by {truth.reader}, confirmed by {truth.confirmed_by}")


@command.command("export")
@COHORT
@output_option("New folder.")
@click.option("--format", "export_format", type=click.Choice(["nnunet", "bids"]), required=True)
@click.option(
    "--state",
    type=click.Choice(["drawn", "confirmed"]),
    default="drawn",
    show_default=True,
    help="'confirmed' leaves out what no second reader confirmed.",
)
@verbose_option
def export(folder, output, export_format, state):
    """Export as an nnU-Net v2 raw dataset or as BIDS derivatives into a new folder."""
    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.cohort.export import export_cohort
    from DSCBrainSegLib.cohort.layout import Cohort

    cohort = Cohort.open(folder)
    with terminal_progress() as progress:
        exported = export_cohort(cohort, output, export_format, state, progress)
    click.echo(f"Exported {len(exported.labels)} subjects to {output}")
    if exported.not_split:
        names = ", ".join(exported.not_split)
        click.echo(f"Note: Left out, since they came after the split: {names}", err=True)
