"""The page: maps side by side, slice by slice, curves and figures in one file."""

from __future__ import annotations

import base64
from pathlib import Path

from DSCBrainSegLib.perfusion.maps import MAPS, PerfusionMaps
from DSCBrainSegLib.perfusion.picture import (
    TILE_PX,
    caption,
    draw_colour_bar,
    draw_strips,
    map_scales,
)

TEMPLATE = Path(__file__).with_name("page.html.j2")

SHOWN = ("rcbv", "rcbv-uncorrected", "k2", "cbf", "mtt", "tmax")


def render_page(maps: PerfusionMaps, image, affine, facts: dict, curves_png: bytes) -> str:
    """Return the HTML page.

    Parameters
    ----------
    maps : PerfusionMaps
    image : ndarray, shape (K, J, I)
        Signal before the bolus.
    affine : ndarray, shape (4, 4)
    facts : dict
        What perfusion.json holds.
    curves_png : bytes
    """
    import jinja2

    scales = map_scales(maps)
    columns = [
        {
            "name": name,
            "range": caption(name, scales[name]),
            "what": MAPS[name].description,
            "bar": _embedded(draw_colour_bar(scales[name].colours)),
        }
        for name in SHOWN
    ]
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(
        columns=columns,
        strips=[_embedded(strip) for strip in draw_strips(maps, image, affine, SHOWN)],
        curves=_embedded(curves_png),
        facts=facts,
        tile=TILE_PX,
    )


def _embedded(png: bytes) -> str:
    return base64.b64encode(png).decode("ascii")
