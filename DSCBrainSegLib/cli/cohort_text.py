"""What the commands of a cohort print alike."""

from __future__ import annotations

import click


def text_table(header: tuple[str, ...], rows: list[tuple]) -> str:
    """Return a table in columns of plain text."""
    lines = [tuple(map(str, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def tell_unsplit(cohort) -> None:
    """Say which subjects came after the split and are in none of its parts."""
    split = cohort.split
    late = split.unsplit(subject.name for subject in cohort.subjects) if split else []
    if late:
        click.echo(
            f"Note: In no part of the split, since they came after it: {', '.join(late)}", err=True
        )
