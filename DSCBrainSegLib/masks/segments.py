"""Which of several named segments is the brain."""

from __future__ import annotations

import re
from collections.abc import Sequence

from DSCBrainSegLib.errors import SeriesError

_BRAIN = re.compile(r"\b(brain|cerebrum|gehirn|hirn|cerveau|encephalon)\b")
_PART = re.compile(
    r"tumou?r|lesion|stem|ventric|cavity|oedema|edema|core|glio|metast|infarct|csf|vessel|eye|skull"
)


def brain_segment(names: Sequence[str], what: str, meanings: Sequence[str] | None = None) -> int:
    """Return the index of the segment that is the brain.

    Parameters
    ----------
    names : sequence of str
        What a person called each segment that holds voxels.
    what : str
        The file's name, for messages.
    meanings : sequence of str, optional
        What each segment's code means, such as "Brain".

    Raises
    ------
    SeriesError
        There are several, and not exactly one is called brain.
    """
    if len(names) == 1:
        return 0
    for words in (names, meanings or ()):
        plain = [re.sub(r"[_\W]+", " ", word.lower()) for word in words]
        called = [
            index
            for index, word in enumerate(plain)
            if _BRAIN.search(word) and not _PART.search(word)
        ]
        if len(called) == 1:
            return called[0]
    listed = ", ".join(f"'{name}'" for name in names[:8]) + (", ..." if names[8:] else "")
    raise SeriesError(
        f"{what} holds {len(names)} segments, {listed}, and not exactly one of them is called "
        "brain; export the brain alone, or name it so."
    )
