"""Perfusion maps against exact perfusion, OSIPI's digital reference values and osipy.

    python Testing/benchmarks/perfusion.py exact [--snr 50] [--seeds 0-5]
    python Testing/benchmarks/perfusion.py osipi dsc_data.csv
    python Testing/benchmarks/perfusion.py osipy --seeds 0-1
    python Testing/benchmarks/perfusion.py time

``dsc_data.csv`` is test/DSCmodels/data/dsc_data.csv of OSIPI's DCE-DSC-MRI_CodeCollection.
osipy wants Python 3.12; its DSC part runs on 3.11, too:
``pip install --no-deps --ignore-requires-python --target FOLDER osipy==0.1.4``, FOLDER in
PYTHONPATH. Figures of docs/benchmarks.md come from here.
"""

import argparse
import csv
import time
from dataclasses import replace
from unittest import mock

import numpy as np

from DSCBrainSegLib.perfusion import perfusion_maps
from DSCBrainSegLib.perfusion.cbv import integrate
from DSCBrainSegLib.perfusion.residue import deconvolve

KINDS = ("glioblastoma", "solid")
ENHANCING_SHARE = 0.5
"""Of the tumour's highest Ktrans: what a reader outlines on the image after contrast agent."""


def simulate(seed, snr, **protocol):
    """A series with the noise asked for; everything else as `dscbrainseg simulate` draws it."""
    from DSCBrainSegLib.simulation.series import phantom

    drawn = phantom.draw_phantom

    def with_noise(*arguments):
        found = drawn(*arguments)
        acquisition = replace(found.model.acquisition, snr=snr)
        return replace(found, model=replace(found.model, acquisition=acquisition))

    with mock.patch.object(phantom, "draw_phantom", with_noise):
        return phantom.simulate_phantom(seed, tumour=KINDS[seed % len(KINDS)], **protocol)


def tissues(made):
    """Grey and white matter without fluid, large vessels or the lesion's surroundings."""
    true = made.tissue_maps
    pure = (true["tissue"] > 0.9) & (true["vessels"] < 0.1) & (true["ktrans"] < 1e-3) & ~made.lesion
    cbv = true["cbv"]
    return {
        "white": pure & (cbv > 1.3) & (cbv < 2.5),
        "grey": pure & (cbv > 3.5) & (cbv < 7),
        "both": pure & (cbv > 1.3) & (cbv < 7),
    }


def correlation(values, exact, where):
    return float(np.corrcoef(values[where], exact[where])[0, 1])


def regional(values, exact, where, width=3):
    """Correlation of means over squares of voxels in-plane that are tissue throughout."""
    from scipy import ndimage

    size = (1, width, width)
    whole = ndimage.minimum_filter(where.astype(np.uint8), size) > 0
    whole[:, np.arange(where.shape[1]) % width != 0, :] = False  # squares that do not overlap
    whole[:, :, np.arange(where.shape[2]) % width != 0] = False
    return correlation(
        ndimage.uniform_filter(values, size), ndimage.uniform_filter(exact, size), whole
    )


def against_exact(seeds, snr):
    table = []
    for seed in seeds:
        made = simulate(seed, snr, slices=8, gap_mm=9.0)
        maps = perfusion_maps(made.series, made.mask)
        true, where, white = made.tissue_maps, tissues(made), maps.reference_mask
        row = {"seed": seed, "kind": KINDS[seed % len(KINDS)]}
        for name in ("rcbv", "rcbv-uncorrected", "rcbv-gamma"):
            for tissue, voxels in where.items():
                seen = voxels & (maps.values[name] != 0)
                row[f"r {name} {tissue}"] = correlation(maps.values[name], true["cbv"], seen)
        row["r rcbv both, 3 x 3 voxels"] = regional(maps.values["rcbv"], true["cbv"], where["both"])
        relative = true["cbv"] / true["cbv"][white].mean()
        row["bias grey"] = (
            maps.values["rcbv"][where["grey"]].mean() / relative[where["grey"]].mean() - 1
        )
        leaky = made.lesion & (true["ktrans"] > ENHANCING_SHARE * true["ktrans"].max())
        for part, voxels in (("tumour", made.lesion), ("enhancing", leaky)):
            for name in ("rcbv", "rcbv-uncorrected"):
                row[f"{part} {name}"] = (
                    maps.values[name][voxels].mean() / relative[voxels].mean() - 1
                )
        flow = np.where(true["mtt"] > 0, true["cbv"] / np.maximum(true["mtt"], 1e-3), 0)
        row["r cbf"] = correlation(maps.values["cbf"], flow, where["both"])
        for tissue in ("white", "grey"):
            row[f"mtt {tissue}"] = np.median(maps.values["mtt"][where[tissue]])
            row[f"true mtt {tissue}"] = np.median(true["mtt"][where[tissue]])
        row["tmax white - grey"] = (
            maps.values["tmax"][where["white"]].mean() - maps.values["tmax"][where["grey"]].mean()
        )
        row["true delay white - grey"] = (
            true["delay"][where["white"]].mean() - true["delay"][where["grey"]].mean()
        )
        row["r mtt"] = correlation(maps.values["mtt"], true["mtt"], where["both"])
        row["r tmax"] = correlation(maps.values["tmax"], true["delay"], where["both"])
        table.append(row)
        print(seed, row["kind"], {k: round(float(v), 3) for k, v in row.items() if k != "kind"})
    for name in table[0]:
        if name not in ("seed", "kind"):
            values = np.array([row[name] for row in table])
            print(f"{name:28s} mean {values.mean():+.3f}  low {values.min():+.3f}  high "
                  f"{values.max():+.3f}")  # fmt: skip


def against_osipi(path):
    errors = []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            tissue, artery = (np.array(row[key].split(), float) for key in ("C_tis", "C_aif"))
            step, cbv, cbf = (float(row[key]) for key in ("tr", "cbv", "cbf"))
            times = step * np.arange(tissue.size)
            ratio = integrate(tissue, times, 0, tissue.size) / integrate(
                artery, times, 0, tissue.size
            )
            flow = float(deconvolve(tissue[None].astype(np.float32), artery, step).flow[0])
            errors.append((100 * ratio / cbv - 1, 6000 * flow / cbf - 1))
            print(row["label"], f"CBV {100 * ratio:.2f} ({cbv:g})  CBF {6000 * flow:.1f} ({cbf:g})")
    errors = np.array(errors)
    print("relative error of CBV, CBF: mean", errors.mean(0).round(3), "worst",
          np.abs(errors).max(0).round(3))  # fmt: skip


def against_osipy(seeds, snr):
    from osipy.dsc import correct_leakage as osipy_leakage
    from osipy.dsc.deconvolution.svd import deconvolve_oSVD

    from DSCBrainSegLib.perfusion.relaxation import delta_r2star

    for seed in seeds:
        made = simulate(seed, snr, slices=8, gap_mm=9.0)
        maps = perfusion_maps(made.series, made.mask)
        passage, times = maps.passage, made.series.times
        signal = made.series.frames[:, made.mask].T.astype(np.float32)
        change = delta_r2star(signal, passage.baseline, made.series.echo_time)
        settled = slice(passage.first, None)
        where = tissues(made)["both"][made.mask]
        exact = made.tissue_maps["cbv"][made.mask]
        theirs = osipy_leakage(change[:, settled], maps.artery.curve[settled], times[settled])
        area = integrate(
            theirs.corrected_delta_r2,
            times[settled],
            passage.arrival - passage.first,
            passage.end - passage.first,
        )
        flow = deconvolve_oSVD(change[:, settled], maps.artery.curve[settled], times[settled])
        ours = deconvolve(change[:, settled], maps.artery.curve[settled], times[1] - times[0])
        print(
            seed,
            "CBV corrected, r with the exact one: ours",
            round(correlation(maps.values["rcbv"][made.mask], exact, where), 3),
            "osipy",
            round(correlation(area, exact, where), 3),
            "| flow, r between ours and osipy's oSVD",
            round(float(np.corrcoef(ours.flow[where], flow.cbf[where])[0, 1]), 3),
            "ratio of medians",
            round(float(np.median(ours.flow[where]) / np.median(flow.cbf[where])), 3),
        )


def measure_time():
    made = simulate(0, 50.0)
    perfusion_maps(made.series, made.mask)
    for flow in (True, False):
        wall, cpu = time.perf_counter(), time.process_time()
        perfusion_maps(made.series, made.mask, flow=flow)
        print(
            made.series.frames.shape,
            "all maps" if flow else "without flow",
            f"{time.perf_counter() - wall:.2f} s, {time.process_time() - cpu:.2f} s of CPU",
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["exact", "osipi", "osipy", "time"])
    parser.add_argument("file", nargs="?")
    parser.add_argument("--snr", type=float, default=50.0)
    parser.add_argument("--seeds", default="0-5")
    chosen = parser.parse_args()
    first, last = (int(part) for part in chosen.seeds.split("-"))
    seeds = range(first, last + 1)
    if chosen.what == "exact":
        against_exact(seeds, chosen.snr)
    elif chosen.what == "osipi":
        against_osipi(chosen.file)
    elif chosen.what == "osipy":
        against_osipy(seeds, chosen.snr)
    else:
        measure_time()


if __name__ == "__main__":
    main()
