"""Pictures of the maps, slice by slice, side by side, and of the curves."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.display import new_figure, to_png
from DSCBrainSegLib.perfusion.maps import MAPS, PerfusionMaps
from DSCBrainSegLib.preprocessing.axial import to_axial

TILE_PX = 220
GAP_PX = 6
CURVES_DPI = 110
BACKGROUND = (16, 16, 18)
ARTERY_COLOUR = (255, 60, 60)
WHITE_MATTER_COLOUR = (80, 170, 255)
OUTLINE_COLOUR = (255, 210, 40)
WINDOW_PERCENTILES = (1.0, 99.5)

COLOUR_MAPS = {"k2": "coolwarm", "mtt": "viridis", "tmax": "viridis", "ttp": "viridis"}
USUAL_COLOUR_MAP = "inferno"
HIGH_PERCENTILE, LOW_PERCENTILE = 98.0, 2.0


@dataclass(frozen=True)
class Scale:
    """What a map's colours mean: lowest and highest value shown, and matplotlib's colour map."""

    low: float
    high: float
    colours: str


def map_scales(maps: PerfusionMaps) -> dict[str, Scale]:
    """Choose the range of each map: all of one kind share theirs, so that they can be compared."""
    scales = {}
    for name, values in maps.values.items():
        # What no bolus reached has times and flows of noise.
        inside = values[maps.bolus_mask if maps.bolus_mask.any() else maps.mask]
        high = float(np.percentile(inside, HIGH_PERCENTILE))
        if name == "k2":
            high = max(abs(high), abs(float(np.percentile(inside, LOW_PERCENTILE))), 1e-6)
        low = -high if name == "k2" else 0.0
        if name == "tmax":
            low = float(np.percentile(inside, LOW_PERCENTILE))
        scales[name] = Scale(low, max(high, low + 1e-6), COLOUR_MAPS.get(name, USUAL_COLOUR_MAP))
    shared = scales["rcbv"]
    return {name: shared if name.startswith("rcbv") else scale for name, scale in scales.items()}


def draw_strips(
    maps: PerfusionMaps, image: np.ndarray, affine: np.ndarray, names: Sequence[str]
) -> list[bytes]:
    """Draw every slice of the mask: the image with mask and chosen voxels, then the maps.

    Slices from the feet up, each seen as radiologists do: the patient's right is on the left.

    Parameters
    ----------
    maps : PerfusionMaps
    image : ndarray, shape (K, J, I)
        Signal before the bolus.
    affine : ndarray, shape (4, 4)
    names : sequence of str
        Maps to show, of `maps.values`.

    Returns
    -------
    list of bytes
        A JPEG file for each slice with brain: a fifth of a PNG's size, ten times as fast.
    """
    from matplotlib import colormaps

    scales = map_scales(maps)
    axial = to_axial(np.asarray(image, np.float32), affine)
    grey = _to_grey(axial.volume)

    def turned(mask):
        moved = to_axial(mask.astype(np.float32), affine).volume
        return moved >= 0.5

    mask = turned(maps.mask)
    marked = {
        ARTERY_COLOUR: turned(maps.artery_mask),
        WHITE_MATTER_COLOUR: turned(maps.reference_mask),
    }
    painted = {}
    for name in names:
        scale = scales[name]
        values = to_axial(maps.values[name].astype(np.float32), affine).volume
        relative = np.clip((values - scale.low) / (scale.high - scale.low), 0, 1)
        painted[name] = colormaps[scale.colours]((255 * relative).astype(np.uint8), bytes=True)
    height_mm, width_mm = (n * s for n, s in zip(grey.shape[1:], axial.spacing[1:], strict=True))
    scaled = TILE_PX / max(height_mm, width_mm)
    size = max(1, round(width_mm * scaled)), max(1, round(height_mm * scaled))
    strips = []
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        tiles = [_anatomy(grey[k], mask[k], {c: m[k] for c, m in marked.items()}, size)]
        for name in names:
            tile = painted[name][k, :, :, :3].copy()
            tile[~mask[k]] = 0
            tiles.append(_enlarged(tile, size))
        strips.append(_strip(tiles, size))
    return strips


def draw_colour_bar(colours: str, width: int = TILE_PX, height: int = 10) -> bytes:
    """Draw a horizontal bar of a colour map from its lowest to its highest colour."""
    from matplotlib import colormaps
    from PIL import Image

    row = colormaps[colours](np.linspace(0, 1, width), bytes=True)[:, :3]
    return _png(Image.fromarray(np.repeat(row[None], height, axis=0)))


def draw_curves(maps: PerfusionMaps) -> bytes:
    """Draw the change of R2* over time of artery, brain and white matter."""
    figure = new_figure((7.5, 3.2), dpi=CURVES_DPI)
    panel = figure.subplots()
    colours = {"artery": "#d62728", "brain": "#222222", "white matter": "#1f77b4"}
    times, passage = maps.times, maps.passage
    step = (times[1] - times[0]) / 2
    panel.axvspan(
        times[passage.first] - step, times[passage.arrival] - step, color="0.93", label="baseline"
    )
    panel.axvspan(
        times[passage.arrival] - step,
        times[min(passage.end, len(times) - 1)] - step,
        color="#fff3d6",
        label="first passage",
    )
    for name, curve in maps.curves.items():
        shown = slice(passage.first, None)
        panel.plot(
            times[shown], curve[shown], "-o", ms=2.5, lw=1.4, color=colours[name], label=name
        )
    panel.axhline(0, color="0.7", lw=0.8)
    panel.set_xlabel("time (s)")
    panel.set_ylabel("change of R2* (1/s)")
    panel.legend(frameon=False, fontsize=8, ncols=2)
    panel.spines[["top", "right"]].set_visible(False)
    return to_png(figure)


def caption(name: str, scale: Scale) -> str:
    """Return what stands beside a map: name, unit, range."""
    unit = f" {MAPS[name].unit}" if MAPS[name].unit else ""
    return f"{scale.low:.3g} to {scale.high:.3g}{unit}"


def _to_grey(volume: np.ndarray) -> np.ndarray:
    low, high = np.percentile(volume, WINDOW_PERCENTILES)
    return np.clip((volume - low) * (255 / max(high - low, 1e-6)), 0, 255).astype(np.uint8)


def _anatomy(grey, mask, marked, size):
    picture = np.repeat(grey[:, :, None], 3, axis=2)
    for colour, where in marked.items():
        picture[where] = (0.35 * picture[where] + 0.65 * np.array(colour)).astype(np.uint8)
    tile = np.array(_enlarged(picture, size))
    large = np.array(_enlarged((mask * np.uint8(255)), size)) > 0
    padded = np.pad(large, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    tile[large & ~inner] = OUTLINE_COLOUR
    from PIL import Image

    return Image.fromarray(tile)


def _enlarged(pixels: np.ndarray, size):
    from PIL import Image

    return Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.NEAREST)


def _strip(tiles, size) -> bytes:
    from PIL import Image

    width, height = size
    canvas = Image.new("RGB", (len(tiles) * (width + GAP_PX) - GAP_PX, height), BACKGROUND)
    for number, tile in enumerate(tiles):
        canvas.paste(tile, (number * (width + GAP_PX), 0))
    stream = io.BytesIO()
    canvas.save(stream, format="JPEG", quality=88, subsampling=0)
    return stream.getvalue()


def _png(picture) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()
