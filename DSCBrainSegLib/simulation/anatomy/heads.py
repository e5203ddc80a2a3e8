"""The head a phantom is made of: a whole-head label map, or the one built around MNI152."""

from __future__ import annotations

import hashlib
from pathlib import Path

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.simulation.anatomy.maps import HeadMaps, load_head_maps


def read_head(path: Path, cache: Path | None = None) -> tuple[HeadMaps, dict]:
    """Read a label map, and what a phantom's record says of it.

    Parameters
    ----------
    path : Path
        See `label_maps.read_label_map`.
    cache : Path, optional
        Folder for the derived maps.

    Returns
    -------
    maps : HeadMaps
    facts : dict
        ``label_map`` (the file's name) and ``sha256`` of the file.

    Raises
    ------
    ConfigurationError
        There is no such file, or it is no label map of a whole head.
    """
    path = Path(path)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigurationError(
            f"Cannot read the label map {path}: {error.strerror or error}; give a NIfTI file."
        ) from error
    return load_head_maps(path, cache), {"label_map": path.name, "sha256": digest}


def find_label_maps(folder: Path) -> list[Path]:
    """Return the NIfTI files of a folder, sorted by name.

    Raises
    ------
    ConfigurationError
        There are none.
    """
    folder = Path(folder)
    found = sorted([*folder.glob("*.nii"), *folder.glob("*.nii.gz")])
    if not found:
        raise ConfigurationError(
            f"{folder} holds no label maps; give a folder of NIfTI files (.nii.gz)."
        )
    return found
