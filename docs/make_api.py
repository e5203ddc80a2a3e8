"""Write docs/api.md from the docstrings of the public names.

Run ``python docs/make_api.py`` after a change of a public docstring, ``--check`` to compare only.
"""

from __future__ import annotations

import sys
from pathlib import Path

PAGE = Path(__file__).with_name("api.md")

HEAD = """# The library in Python

What `import DSCBrainSegLib` offers. This page is made from the docstrings by `docs/make_api.py`;
the examples are run as tests. Coordinates are patient LPS+ in mm, arrays are (time, slice, row,
column), time points count from 0. Whatever a user can mend is raised as a `DSCBrainSegError` with
one sentence.

* One series: [segment_series](#segment_series), then [write_results](#write_results).
* Many: [segment_many](#segment_many), or [segment_batch](#segment_batch) into a folder.
* Files: [read_series](#read_series), [list_series](#list_series), [write_mask](#write_mask).
* Methods: [list_methods](#list_methods), [register_method](#register_method), and
  [a package of your own](new-method.md).
* Agreement with reference masks: [evaluate](#evaluate). Simulated series: [simulate](#simulate).
"""

FOOT = "\nNext: [how the parts fit](architecture.md), [add a method](new-method.md).\n"


def make_page() -> str:
    """Return the page as Markdown."""
    import griffe

    root = Path(__file__).resolve().parents[1]
    package = griffe.load(
        "DSCBrainSegLib", search_paths=[root], docstring_parser=griffe.Parser.numpy
    )
    names = _public_names(root)
    parts = [HEAD]
    for name, (module, inner) in names.items():
        found = package[f"{module}.{inner}"]
        while found.is_alias:
            found = found.final_target
        parts.append(_entry(name, found))
    return "\n".join(parts) + FOOT


def _public_names(root: Path) -> dict[str, tuple[str, str]]:
    sys.path.insert(0, str(root))
    import DSCBrainSegLib

    found = {}
    for name, where in DSCBrainSegLib._PUBLIC.items():
        module, _, inner = where.partition(":")
        found[name] = (module, inner or name)
    return found


def _entry(name: str, found) -> str:
    lines = [f"## {name}", ""]
    if found.is_function:
        lines += ["```python", _signature(name, found), "```", ""]
    for section in found.docstring.parsed if found.docstring else []:
        lines += _section(section)
    if found.is_class:
        members = [
            member
            for member in found.members.values()
            if not member.name.startswith("_") and member.docstring and not member.is_alias
        ]
        if members:
            lines += ["Members:", ""]
            for member in members:
                first = " ".join(member.docstring.value.split("\n\n")[0].split())
                called = f"{member.name}()" if member.is_function else member.name
                lines.append(f"* `{called}`: {first}")
            lines.append("")
    return "\n".join(lines)


def _signature(name: str, found) -> str:
    lines, star = [f"{name}("], False
    for parameter in found.parameters:
        if parameter.kind.value == "keyword-only" and not star:
            lines.append("    *,")
            star = True
        annotation = f": {parameter.annotation}" if parameter.annotation else ""
        default = f" = {parameter.default}" if parameter.default is not None else ""
        lines.append(f"    {parameter.name}{annotation}{default},")
    return "\n".join([*lines, f") -> {found.returns}"])


def _section(section) -> list[str]:
    kind = section.kind.value
    if kind == "text":
        return [section.value, ""]
    if kind == "examples":
        shown = [text for _, text in section.value]
        return ["Example:", "", "```python", *"\n\n".join(shown).split("\n"), "```", ""]
    titles = {"parameters": "Parameters", "attributes": "Attributes", "returns": "Returns"}
    titles |= {"yields": "Yields", "raises": "Raises"}
    lines = [f"**{titles.get(kind, kind.capitalize())}**", ""]
    for item in section.value:
        named = getattr(item, "name", "")
        typed = f" ({_bare(item.annotation)})" if item.annotation else ""
        text = " ".join(item.description.split())
        lines.append(f"* `{named}`{typed}: {text}" if named else f"* {str(typed).strip()} {text}")
    return [*lines, ""]


def _bare(annotation) -> str:
    """Return a type without the brackets that several types in a row come with."""
    text = str(annotation)
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


if __name__ == "__main__":
    page = make_page()
    if "--check" in sys.argv[1:]:
        current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        sys.exit("docs/api.md is not up to date; run docs/make_api.py." if current != page else 0)
    PAGE.write_text(page, encoding="utf-8")
