"""Draw docs/images/border.png: what the mask is, on simulated slices with their exact truth.

python Testing/benchmarks/border_picture.py LABELMAP docs/images/border.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from DSCBrainSegLib.simulation.acquisition.pose import brain_extent_mm
from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps
from DSCBrainSegLib.simulation.series.slices import draw_case, simulate_slices

HEAD_SIZE = 128


def has(kind: str):
    return lambda case: any(lesion.kind == kind for lesion in case.lesions)


def is_plain(case) -> bool:
    return not case.lesions and case.pose.atrophy_mm == 0


PANELS = {
    # title: what the case must be, height of the slice as a share of the brain or "lesion"
    "vertex": (is_plain, 0.95),
    "base: voids above the sinuses stay out": (is_plain, 0.32),
    "atrophy: the fluid counts": (lambda case: case.pose.atrophy_mm > 3, 0.75),
    "cavity": (has("cavity"), "lesion"),
    "haemorrhage": (has("haemorrhage"), "lesion"),
}


def find_case(maps, wanted):
    """Return the first good case: usual contrast, little noise, head within the field of view."""
    for seed in range(2000):
        case = draw_case(np.random.default_rng(seed), maps)
        acquisition = case.acquisition
        usual = not case.random_contrast and not acquisition.spin_echo and case.gamma == 1
        sharp = min(acquisition.snr / 40, acquisition.matrix / 96) >= 1
        lossy = acquisition.echo_time_s > 0.025 and acquisition.slice_thickness_mm < 6
        if usual and sharp and lossy and wanted(case):
            return case
    raise RuntimeError("no such case")


def height_mm(maps, case, where) -> float:
    low, high = brain_extent_mm(maps, case.pose)
    if where == "lesion":
        offset = np.array(case.lesions[0].centre) - case.pose.centre
        return float(np.linalg.solve(case.pose.matrix, offset)[0])
    return low + where * (high - low)


def main() -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    maps = load_head_maps(Path(sys.argv[1]))
    figure, axes = plt.subplots(1, len(PANELS), figsize=(3 * len(PANELS), 3.3))
    for axis, (title, (wanted, where)) in zip(axes, PANELS.items(), strict=True):
        case = find_case(maps, wanted)
        z = height_mm(maps, case, where)
        images, masks = simulate_slices(maps, case, np.array([z]), HEAD_SIZE)
        axis.imshow(images[0], cmap="gray")
        axis.contour(masks[0], [0.5], colors="tab:red", linewidths=1)
        axis.set_title(title, fontsize=9)
        axis.axis("off")
    figure.tight_layout(pad=0.3)
    figure.savefig(sys.argv[2], dpi=72)


if __name__ == "__main__":
    main()
