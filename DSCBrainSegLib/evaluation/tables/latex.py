"""Tables as LaTeX that needs no package."""

from __future__ import annotations

import re
from collections.abc import Sequence

from DSCBrainSegLib.evaluation.tables.table import Cell, Table

_COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "∞": r"$\infty$",
    "–": "--",
    "“": "``",
    "”": "''",
    "…": r"\dots{}",
    **{character: f"\\{character}" for character in "&%$#_"},
}
_SPECIAL = re.compile("|".join(map(re.escape, _COMMANDS)))

HEAD = """\
% Tables of an evaluation of brain masks; \\input this file. No package is needed.
% The table over volumes is wider than an upright page: set it on one that lies.
"""


def to_latex(tables: Sequence[Table]) -> str:
    """Return each table as a float with caption and note, to \\input into a document.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    str
        LaTeX whose only characters beyond ASCII are those of names.
    """
    return "\n".join([HEAD, *map(_float, tables)])


def escape_latex(text: str) -> str:
    """Return text that LaTeX prints as it is."""
    return _SPECIAL.sub(lambda match: _COMMANDS[match[0]], " ".join(text.split()))


def _float(table: Table) -> str:
    columns = "l" * len(table.header)
    head = " & ".join(map(_stacked, table.header))
    rows = "\n".join(f"{' & '.join(map(_cell, row))} \\\\" for row in table.rows)
    return (
        "\\begin{table}[htbp]\n\\centering\\scriptsize\\setlength{\\tabcolsep}{2.5pt}"
        "\\renewcommand{\\arraystretch}{1.2}\n"
        f"\\caption{{{escape_latex(table.title)}}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\hline\n{head} \\\\\n\\hline\n{rows}\n\\hline\n"
        f"\\end{{tabular}}\n\n\\smallskip\n{escape_latex(table.note)}\n\\end{{table}}\n"
    )


def _stacked(title: str) -> str:
    """Set a unit in parentheses below its title, to keep the column narrow."""
    name, space, unit = title.partition(" (")
    if not space:
        return escape_latex(title)
    lines = f"{escape_latex(name)}\\\\({escape_latex(unit)}"
    return f"\\begin{{tabular}}[b]{{@{{}}l@{{}}}}{lines}\\end{{tabular}}"


def _cell(cell: Cell) -> str:
    text = escape_latex(cell.text)
    return f"\\textbf{{{text}}}" if cell.best else text
