"""``dscbrainseg info``: what a folder or file holds."""

from __future__ import annotations

import json
from pathlib import Path

import click

from DSCBrainSegLib.cli.main import verbose_option
from DSCBrainSegLib.cli.series_options import series_options


@click.command("info")
@click.argument("source", metavar="INPUT", type=click.Path(path_type=Path))
@series_options("INPUT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@verbose_option
def command(source, series_uid, as_json):
    """Say what series INPUT holds, and the facts of the one that would be segmented."""
    from dataclasses import asdict

    from DSCBrainSegLib.cli.terminal import terminal_progress
    from DSCBrainSegLib.errors import SeriesError
    from DSCBrainSegLib.series import list_series, open_series

    with terminal_progress(wanted=not as_json) as progress:
        found = list_series(source, progress)
        problem, chosen = None, None
        try:
            chosen = open_series(source, series_uid, progress)
        except SeriesError as error:
            # With several series the list is the answer; which one to take is for the user to say.
            if len(found) < 2 or series_uid:
                raise
            problem = str(error)
    if as_json:
        facts = {
            "series": [asdict(summary) for summary in found],
            "chosen": _facts(chosen) if chosen else None,
            "problem": problem,
        }
        click.echo(json.dumps(facts))
        return
    if len(found) > 1:
        for summary in found:
            click.echo(str(summary))
    if problem:
        click.echo(problem)
    if chosen:
        for name, value in _facts(chosen).items():
            if name not in ("warnings", "affine_ijk_to_lps_mm"):
                click.echo(f"{name.replace('_', ' '):24s} {_shown(value)}")
        for warning in chosen.warnings:
            click.echo(f"Note: {warning}", err=True)


def _facts(source) -> dict:
    from DSCBrainSegLib.geometry import voxel_spacing

    slices, rows, columns = source.volume_shape
    k, j, i = voxel_spacing(source.affine)
    return {
        "description": source.description,
        "time_points": source.frame_count,
        "slices": slices,
        "rows": rows,
        "columns": columns,
        "voxel_size_mm": [round(step, 4) for step in (i, j, k)],
        "duration_s": round(float(source.times[-1] - source.times[0]), 3),
        "echo_time_s": source.echo_time,
        "repetition_time_s": source.repetition_time,
        **source.header,
        "affine_ijk_to_lps_mm": source.affine.tolist(),
        "warnings": list(source.warnings),
    }


def _shown(value) -> str:
    if isinstance(value, list):
        return " x ".join(map(_shown, value))
    if isinstance(value, float):
        return f"{value:g}"
    return "not stated" if value is None else str(value)
