"""Fig. 2 of the source paper for any cohort: image, reference and every method side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np

from DSCBrainSegLib.display import (
    REFERENCE_COLOUR,
    as_fractions,
    method_colours,
    new_figure,
    to_png,
)
from DSCBrainSegLib.evaluation.plots.pictures import PictureRow
from DSCBrainSegLib.metrics.overlap import overlap

PANEL_INCHES = 1.55
MARGIN_MM = 12.0
"""Shown around the largest mask or reference."""
SCALE_BAR_MM = 50.0
FILL_OPACITY = 0.18
CAPTION = "Tinted: mask of the column."
REFERENCE_CAPTION = " Yellow line: reference. Number: Dice on the slice."
SIDE_CAPTION = " The patient's right is on the left."
CAPTION_LETTERS_PER_INCH = 19
NO_PICTURES = "No slice to show: no case could be read."


def draw_comparison(
    rows: Sequence[PictureRow],
    methods: Sequence[str],
    titles: Mapping[str, str] | None = None,
    no_mask: str = "failed",
) -> bytes:
    """Draw slices as rows; image, reference and the methods as columns.

    Each mask is tinted and outlined in its method's colour. Where there is a reference it has a
    column, too, and is a thin line on top of the masks, with the Dice coefficient of the slice in
    the corner. All panels have one scale; the patient's right is on the left.

    Parameters
    ----------
    rows : sequence of PictureRow
        A picture that says so is drawn if there are none. All have a reference or none has.
    methods : sequence of str
        In the order of the columns.
    titles : mapping of str to str, optional
        What stands above a method's column instead of its name.
    no_mask : str
        Written where a method has no mask.

    Returns
    -------
    bytes
        A PNG file.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    if not rows:
        return _message(NO_PICTURES)

    height, width = _common_field(rows)
    referenced = rows[0].reference is not None
    shown = {method: (titles or {}).get(method, method) for method in methods}
    headings = ["Image", *(["Reference"] if referenced else []), *shown.values()]
    columns = len(headings)
    panel_height = PANEL_INCHES * height / width
    label_inches = 0.35
    title_inches = 0.1 + 0.15 * max(heading.count("\n") + 1 for heading in headings)
    width_inches = label_inches + columns * PANEL_INCHES
    caption = CAPTION + (REFERENCE_CAPTION if referenced else "") + SIDE_CAPTION
    caption = textwrap.fill(caption, int(width_inches * CAPTION_LETTERS_PER_INCH))
    caption_inches = 0.1 + 0.13 * len(caption.splitlines())
    size = (width_inches, title_inches + len(rows) * panel_height + caption_inches)
    figure = new_figure(size, layout=None)
    grid = figure.add_gridspec(
        len(rows),
        columns,
        left=label_inches / size[0],
        right=1 - 0.02 / size[0],
        top=1 - title_inches / size[1],
        bottom=caption_inches / size[1],
        wspace=0.03,
        hspace=0.03 * width / height,
    )
    colours = {name: as_fractions(rgb) for name, rgb in method_colours(methods).items()}
    yellow = as_fractions(REFERENCE_COLOUR)
    for number, row in enumerate(rows):
        axes = [figure.add_subplot(grid[number, column]) for column in range(columns)]
        for panel, heading in zip(axes, headings, strict=True):
            _show_image(panel, row, height, width)
            if number == 0:
                panel.set_title(heading, fontsize=9, pad=4)
        case = f"{_shorten(row.case)}\n" if row.case else ""
        axes[0].set_ylabel(f"{case}slice {row.slice_number}", fontsize=7)
        if referenced:
            _outline(axes[1], row, row.reference, yellow, fill=True)
        for panel, method in zip(axes[-len(methods) :] if methods else [], methods, strict=True):
            mask = row.masks.get(method)
            if mask is None:
                _write_in(panel, no_mask)
                continue
            _outline(panel, row, mask, colours[method], fill=True)
            if referenced:
                _outline(panel, row, row.reference, yellow, fill=False)
                _write_in(panel, f"{overlap(mask, row.reference).dice:.3f}")
    _draw_scale(figure.axes[0], height, width)
    figure.text(
        label_inches / size[0],
        (caption_inches - 0.07) / size[1],
        caption,
        fontsize=7,
        color="0.25",
        va="top",
    )
    return to_png(figure)


def _common_field(rows: Sequence[PictureRow]) -> tuple[float, float]:
    """Height and width in mm that show the reference and all masks of every row."""
    spans = []
    for row in rows:
        low, high = _box_mm(row)
        image_mm = np.multiply(row.image.shape, row.pixel_mm)
        spans.append(np.minimum(high - low + 2 * MARGIN_MM, image_mm))
    height, width = np.max(spans, axis=0)
    return float(height), float(width)


def _box_mm(row: PictureRow) -> tuple[np.ndarray, np.ndarray]:
    """Corners (row, column) in mm of what any mask or the reference covers."""
    masks = [mask for mask in (row.reference, *row.masks.values()) if mask is not None]
    indices = np.argwhere(np.any(masks, axis=0)) if masks else np.empty((0, 2))
    if not indices.size:
        indices = np.argwhere(np.ones_like(row.image, bool))
    return indices.min(axis=0) * row.pixel_mm, (indices.max(axis=0) + 1) * row.pixel_mm


def _show_image(panel, row: PictureRow, height: float, width: float) -> None:
    rows_mm, columns_mm = np.multiply(row.image.shape, row.pixel_mm)
    panel.imshow(
        row.image,
        cmap="gray",
        vmin=row.window[0],
        vmax=row.window[1],
        extent=(0, columns_mm, rows_mm, 0),
        interpolation="bicubic",
    )
    middle = np.mean(_box_mm(row), axis=0)
    panel.set_xlim(middle[1] - width / 2, middle[1] + width / 2)
    panel.set_ylim(middle[0] + height / 2, middle[0] - height / 2)
    panel.set_facecolor("black")
    panel.set_xticks([])
    panel.set_yticks([])
    for spine in panel.spines.values():
        spine.set_visible(False)


def _outline(panel, row: PictureRow, mask: np.ndarray, colour, fill: bool) -> None:
    if not mask.any():
        return
    padded = np.pad(mask, 1).astype(float)  # so that a mask at the image's edge is closed
    height, width = row.pixel_mm
    x = (np.arange(padded.shape[1]) - 0.5) * width
    y = (np.arange(padded.shape[0]) - 0.5) * height
    if fill:
        panel.contourf(x, y, padded, levels=[0.5, 1.5], colors=[(*colour, FILL_OPACITY)])
    panel.contour(x, y, padded, levels=[0.5], colors=[colour], linewidths=1.2 if fill else 0.6)


def _write_in(panel, text: str) -> None:
    panel.text(0.03, 0.03, text, transform=panel.transAxes, fontsize=8, color="white")


def _draw_scale(panel, height: float, width: float) -> None:
    left, bottom = panel.get_xlim()[0] + 0.04 * width, panel.get_ylim()[0] - 0.05 * height
    panel.plot([left, left + SCALE_BAR_MM], [bottom, bottom], color="white", linewidth=1.8)
    panel.text(left, bottom - 0.02 * height, f"{SCALE_BAR_MM:.0f} mm", fontsize=7, color="white")


def _shorten(name: str, longest: int = 22) -> str:
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _message(text: str) -> bytes:
    figure = new_figure((6, 1), layout=None)
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return to_png(figure)
