"""Stand-in for ``slicer.i18n``: no translation is loaded in the test host."""

import slicer


def translate(context, text):
    """Return `text` in the application's language."""
    return slicer.app.translate(context, text)


def tr(text):
    """Return `text` in the application's language, the context being the calling file."""
    if not isinstance(text, str):
        raise TypeError(f"only plain text can be translated, got {text!r}")
    return translate("", text)
