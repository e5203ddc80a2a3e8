"""Tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from DSCBrainSegLib.evaluation.tables.table import Cell, Table


def to_markdown(tables: Sequence[Table], statements: Sequence[str] = ()) -> str:
    """Return tables as Markdown (GitHub's dialect), the best of a column in bold.

    Parameters
    ----------
    tables : sequence of Table
    statements : sequence of str
        Sentences that stand above the tables, one in each paragraph.
    """
    parts = [f"{_escape(statement)}\n" for statement in statements]
    for table in tables:
        lines = [f"## {_escape(table.title)}", "", _row(map(_escape, table.header))]
        lines.append("|" + "---|" * len(table.header))
        lines += [_row(map(_cell, row)) for row in table.rows]
        parts.append("\n".join([*lines, "", _escape(table.note), ""]))
    return "\n".join(parts)


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _cell(cell: Cell) -> str:
    text = _escape(cell.text)
    return f"**{text}**" if cell.best else text


def _escape(text: str) -> str:
    """Keep names from being read as Markdown or HTML."""
    text = " ".join(text.split())
    for character in "\\`*_|<":
        text = text.replace(character, f"\\{character}")
    return text
