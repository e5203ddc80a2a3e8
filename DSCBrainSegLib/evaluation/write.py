"""Write an evaluation as Markdown, CSV, HTML and pictures."""

from __future__ import annotations

import csv
import dataclasses
import html
from collections.abc import Iterable, Sequence
from pathlib import Path

from DSCBrainSegLib.evaluation.dice_plot import draw_dice_by_slice
from DSCBrainSegLib.evaluation.figure import draw_comparison
from DSCBrainSegLib.evaluation.measure import SliceFigures, VolumeFigures
from DSCBrainSegLib.evaluation.run import Evaluation
from DSCBrainSegLib.evaluation.table import (
    MethodSummary,
    Table,
    build_tables,
    summarise_slices,
    summarise_volumes,
)

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2em; max-width: 90em; color: #222 }
table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid }
th { border-bottom: 1px solid; text-align: left; vertical-align: bottom }
th, td { padding: .3em .8em; font-variant-numeric: tabular-nums; white-space: nowrap }
td.text { white-space: normal } p { color: #555; max-width: 60em } div { overflow-x: auto }
"""


def write_evaluation(evaluation: Evaluation, folder: Path) -> None:
    """Write tables, figures of every volume and slice, and pictures into a folder.

    Parameters
    ----------
    evaluation : Evaluation
    folder : Path
        Exists; gets the files of `run.OUTPUT_NAMES`.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    tables = build_tables(evaluation)
    (folder / "table.md").write_text(to_markdown(tables), encoding="utf-8")
    (folder / "table.html").write_text(to_html(tables), encoding="utf-8")
    summaries = [
        *(("volumes", row) for row in summarise_volumes(evaluation)),
        *(("slices", row) for row in summarise_slices(evaluation)),
    ]
    _write_csv(folder / "table.csv", [_flat(over, row) for over, row in summaries])
    _write_csv(folder / "per-volume.csv", _as_rows(evaluation.volumes), VolumeFigures)
    _write_csv(folder / "per-slice.csv", _as_rows(evaluation.slices), SliceFigures)
    (folder / "figure.png").write_bytes(draw_comparison(evaluation.pictures, evaluation.methods))
    (folder / "dice-by-slice.png").write_bytes(
        draw_dice_by_slice(evaluation.slices, evaluation.methods)
    )


def to_markdown(tables: Sequence[Table]) -> str:
    """Return tables as Markdown (GitHub's dialect), the best of a column in bold."""
    parts = []
    for table in tables:
        lines = [f"## {table.title}", "", _markdown_row(table.header)]
        lines.append("|" + "---|" * len(table.header))
        for row in table.rows:
            texts = (cell.text.replace("|", "\\|").replace("\n", " ") for cell in row)
            lines.append(
                _markdown_row(
                    f"**{text}**" if cell.best else text
                    for text, cell in zip(texts, row, strict=True)
                )
            )
        parts.append("\n".join([*lines, "", table.note, ""]))
    return "\n".join(parts)


def to_html(tables: Sequence[Table]) -> str:
    """Return tables as one HTML page that needs no other file."""
    body = []
    for table in tables:
        header = "".join(f"<th>{html.escape(title)}</th>" for title in table.header)
        rows = "".join(f"<tr>{''.join(map(_html_cell, row))}</tr>\n" for row in table.rows)
        body.append(
            f"<h2>{html.escape(table.title)}</h2>\n<div><table>\n<thead><tr>{header}</tr></thead>\n"
            f"<tbody>\n{rows}</tbody>\n</table></div>\n<p>{html.escape(table.note)}</p>\n"
        )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>Evaluation of brain masks</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{''.join(body)}</body>\n</html>\n"
    )


def _markdown_row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _html_cell(cell) -> str:
    text = html.escape(cell.text)
    kind = ' class="text"' if len(text) > 40 else ""
    return f"<td{kind}>{f'<strong>{text}</strong>' if cell.best else text}</td>"


def _flat(over: str, summary: MethodSummary) -> dict:
    row = {
        "over": over,
        "method": summary.method,
        "measured": summary.measured,
        "failed": summary.failed,
    }
    for key, figure in summary.figures.items():
        row |= {f"{key}_n": figure.count, f"{key}_mean": figure.mean, f"{key}_sd": figure.sd}
    return row


def _as_rows(figures: Sequence) -> list[dict]:
    return [dataclasses.asdict(row) for row in figures]


def _write_csv(path: Path, rows: list[dict], kind: type | None = None) -> None:
    """Write rows; the columns are those of the dataclass `kind` or of the first row."""
    columns = [field.name for field in dataclasses.fields(kind)] if kind else list(rows[0])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
