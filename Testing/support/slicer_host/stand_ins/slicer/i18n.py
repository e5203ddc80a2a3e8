"""Stand-in for ``slicer.i18n``: no translation is loaded in the test host."""

import inspect
from pathlib import Path

import slicer


def translate(context, text):
    """Return `text` in the application's language."""
    return slicer.app.translate(context, text)


def tr(text):
    """Return `text` in the application's language, the context being the calling file."""
    if not isinstance(text, str):
        raise TypeError(f"only plain text can be translated, got {text!r}")
    path = Path(inspect.currentframe().f_back.f_code.co_filename)
    package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
    return translate(f"{package}{path.stem}", text)
