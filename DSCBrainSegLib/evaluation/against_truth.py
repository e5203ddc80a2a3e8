"""Print how well a mask agrees with a reference: the demo's last step.

Run ``python -m DSCBrainSegLib.evaluation.against_truth MASK REFERENCE``.
"""

from __future__ import annotations

import sys

from DSCBrainSegLib.errors import DSCBrainSegError, SeriesError
from DSCBrainSegLib.metrics.overlap import Overlap, overlap


def compare_files(mask_path: str, reference_path: str) -> Overlap:
    """Compare two mask files on the same grid.

    Raises
    ------
    SeriesError
        A file cannot be read or the grids differ.
    """
    import numpy as np

    from DSCBrainSegLib.series import read_series

    mask, reference = (read_series(path) for path in (mask_path, reference_path))
    same_grid = mask.volume_shape == reference.volume_shape and np.allclose(
        mask.affine, reference.affine, atol=1e-2
    )
    if not same_grid:
        raise SeriesError(f"{mask_path} and {reference_path} lie on different grids.")
    return overlap(mask.frames[0] > 0, reference.frames[0] > 0)


def main(arguments: list[str]) -> int:
    """Print the four figures of two mask files."""
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        figures = compare_files(*arguments)
    except DSCBrainSegError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Against the exact truth: Dice {figures.dice:.4f}, sensitivity {figures.sensitivity:.4f}, "
        f"specificity {figures.specificity:.4f}, accuracy {figures.accuracy:.4f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
