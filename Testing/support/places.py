"""Where the repository and the tests' support lie, for tests at any depth."""

import os
from pathlib import Path

SUPPORT = Path(__file__).resolve().parent
TESTING = SUPPORT.parent
REPOSITORY = TESTING.parent


def shared_folder() -> Path | None:
    """The development data beside the repository, if this machine has them."""
    default = REPOSITORY.parent / "shared"
    folder = Path(os.environ.get("DSCBRAINSEG_SHARED", default))
    return folder if (folder / "data" / "dev").is_dir() else None
