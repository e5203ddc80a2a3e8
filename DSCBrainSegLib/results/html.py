"""A report for a person, in one file that needs nothing else."""

from __future__ import annotations

import base64
import datetime
from pathlib import Path

from DSCBrainSegLib.quality.confidence import GOOD_VOLUME_DICE

TEMPLATE = Path(__file__).with_name("report.html.j2")


def render_report(facts: dict, overlay_png: bytes) -> str:
    """Return the HTML report.

    Parameters
    ----------
    facts : dict
        From `facts.collect_facts`.
    overlay_png : bytes
        From `overlay.draw_overlay`; it is embedded.
    """
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        facts=facts,
        good_dice=GOOD_VOLUME_DICE,
        overlay=base64.b64encode(overlay_png).decode("ascii"),
        made=datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
    )
