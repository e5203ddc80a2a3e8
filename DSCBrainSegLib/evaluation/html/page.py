"""The report of an evaluation: one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from DSCBrainSegLib.display import DPI, REFERENCE_COLOUR, Colour, method_colours
from DSCBrainSegLib.evaluation.html.viewer import ViewerCase
from DSCBrainSegLib.evaluation.result import Evaluation
from DSCBrainSegLib.evaluation.tables.case_tables import case_tables
from DSCBrainSegLib.evaluation.tables.table import Table

CSS_DPI = 120
TEMPLATES = Path(__file__).parent

PICTURES = (
    (
        "figure.png",
        "Slices with every mask",
        "Slices above the eyes, chosen before any method had run: the original, the reference and "
        "the masks.",
    ),
    (
        "box-plots.png",
        "Spread over volumes",
        "Box plots of the Dice coefficient and HD95 of every method.",
    ),
    (
        "bland-altman.png",
        "Volumes",
        "Bland-Altman plots of the brain volume of every method against the reference.",
    ),
    (
        "dice-by-height.png",
        "Height in the brain",
        "Mean Dice coefficient of slices by their distance below the top of the brain, for every "
        "method.",
    ),
    (
        "mask-effect.png",
        "Effect of the mask on perfusion",
        "Where the arterial input is taken, shift of blood volume, lesion kept, voxels without "
        "bolus, for every method.",
    ),
)
"""File, heading and text for readers who cannot see it."""


def render_page(
    evaluation: Evaluation,
    first: Sequence[Table],
    others: Sequence[Table],
    pictures: Mapping[str, bytes],
) -> str:
    """Return the report.

    Parameters
    ----------
    evaluation : Evaluation
    first : sequence of Table
        What stands above the slices: the main table, and what puts it beside the paper.
    others : sequence of Table
        What stands below them.
    pictures : mapping of str to bytes
        PNG files by name, all of `PICTURES`.

    Returns
    -------
    str
        HTML that loads nothing; names in it are text, whatever characters they have.
    """
    import jinja2

    from DSCBrainSegLib.results.facts import collect_versions

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2").render(
        evaluation=evaluation,
        first=first,
        others=others,
        case_tables=case_tables(evaluation),
        pictures=[
            (
                heading,
                text,
                _width(pictures[name]),
                base64.b64encode(pictures[name]).decode("ascii"),
            )
            for name, heading, text in PICTURES
            if name in pictures
        ],
        viewer=_script_json(viewer_data(evaluation)),
        versions=collect_versions(),
        cores=os.cpu_count(),
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
    )


def viewer_data(evaluation: Evaluation) -> dict:
    """Return what the viewer's script reads, as plain JSON types.

    Images are data URLs, masks as `viewer.encode_runs` writes them.
    """
    colours = method_colours(evaluation.methods)
    volumes = {(row.case, row.method): row for row in evaluation.volumes}
    return {
        "reference": _hex(REFERENCE_COLOUR),
        "methods": [{"name": name, "colour": _hex(colours[name])} for name in evaluation.methods],
        "cases": [
            {
                **_case_data(case),
                "volumeDice": {
                    name: _number(volumes[case.name, name].dice) for name in evaluation.methods
                },
            }
            for case in evaluation.viewers
        ],
    }


def _width(png: bytes) -> int:
    """Width in CSS pixels that makes letters about as large as the report's."""
    from PIL import Image

    return round(Image.open(io.BytesIO(png)).width * CSS_DPI / DPI)


def _case_data(case: ViewerCase) -> dict:
    encoded = base64.b64encode(case.sprite).decode("ascii")
    values = dataclasses.asdict(dataclasses.replace(case, sprite=b""))
    return {**values, "sprite": f"data:image/jpeg;base64,{encoded}"}


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _script_json(values: dict) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
