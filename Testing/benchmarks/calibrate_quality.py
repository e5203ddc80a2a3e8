"""Calibrate the confidence of a weight file on simulated volumes, and measure what flags mean.

    python Testing/benchmarks/calibrate_quality.py --label-maps ../shared/data/labelmaps --write

Fits on heads 13-16, reports on heads 17-20 and prints the figures as JSON. With ``--write`` the
calibration goes into the model card beside the weights, under "quality". Weights that use the bolus
are given it for every second volume: one calibration serves both ways of segmenting. It takes as
many volumes as it can in ``--minutes``, at most ``--volumes`` for each head.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import repeat
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from DSCBrainSegLib.components import largest_component
from DSCBrainSegLib.geometry import voxel_spacing
from DSCBrainSegLib.methods import get_method
from DSCBrainSegLib.metrics.surface import surface_distances
from DSCBrainSegLib.postprocessing import BRAIN_PROBABILITY, clean_mask
from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.preprocessing.intensity import signal_drop
from DSCBrainSegLib.quality import plausibility
from DSCBrainSegLib.quality.assess import assess
from DSCBrainSegLib.quality.confidence import (
    CARD_KEY,
    GOOD_SLICE_DICE,
    GOOD_VOLUME_DICE,
    Calibration,
    Logistic,
)
from DSCBrainSegLib.quality.features import (
    PLANE_FEATURES,
    VOLUME_FEATURES,
    judged_planes,
    plane_features,
    volume_features,
)
from DSCBrainSegLib.quality.measures import MM2_PER_CM2, measure_planes

FIT_HEADS = (13, 14, 15, 16)
REPORT_HEADS = (17, 18, 19, 20)
BASELINES = ("otsu-post", "cusum")
GOOD_SLICES_FLAGGED = 1.0
"""For each volume, at most, when the limit for slices is chosen."""

GOOD_VOLUMES_FLAGGED = 0.1
"""Share of the good volumes, at most, when the limit for volumes is chosen."""

HIGHEST_VOLUME_LIMIT = 0.5
"""A volume that is rather good than bad is not flagged: scans are less alike than simulations."""

FEWEST_ROUNDS = 4
"""Volumes of each head, whatever the time."""

SEVERITY = ((0.0, 0.5), (0.5, 0.8), (0.8, 0.85), (0.85, 0.9))
RIDGE = 1.0


@dataclass
class Judged:
    """A simulated volume and what the network made of it."""

    axial: object
    truth: np.ndarray
    probabilities: np.ndarray
    mask: np.ndarray
    bolus: bool

    @property
    def pixel_cm2(self) -> float:
        return self.axial.spacing[1] * self.axial.spacing[2] / MM2_PER_CM2

    @property
    def features(self) -> dict:
        return plane_features(self.probabilities, self.mask, self.pixel_cm2)

    @property
    def judged(self) -> np.ndarray:
        return judged_planes(self.probabilities, self.mask, self.pixel_cm2)


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    total = np.count_nonzero(mask) + np.count_nonzero(truth)
    return 2 * np.count_nonzero(mask & truth) / total if total else 1.0


def dice_and_hd95(mask: np.ndarray, truth: np.ndarray, affine: np.ndarray) -> tuple[float, float]:
    """Dice, and HD95 in mm."""
    return dice(mask, truth), surface_distances(mask, truth, voxel_spacing(affine)).hd95_mm


def plane_dice(mask: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.array([dice(*pair) for pair in zip(mask, truth, strict=True)])


@functools.lru_cache(maxsize=1)
def _maps(path: Path, cache: Path | None):
    from DSCBrainSegLib.simulation.anatomy.maps import load_head_maps

    return load_head_maps(path, cache)


def simulate(task):
    """Simulate one volume; (image, affine, truth, fall of the signal or None)."""
    from DSCBrainSegLib.simulation.series.volumes import simulate_volume

    path, cache, seed, bolus = task
    volume = simulate_volume(seed, _maps(path, cache), bolus)
    drop = signal_drop(volume.image, volume.peak) if bolus else None
    return volume.image, volume.affine, volume.mask, drop


def derive_maps(paths, cache, jobs) -> None:
    """Derive the maps of heads once, into the cache from which every process takes them."""
    with process_pool(jobs) as pool:
        for done, _ in enumerate(pool.map(_derive, paths, repeat(cache)), 1):
            print(f"\rmaps of {done} of {len(paths)} heads", end="", file=sys.stderr)
    print(file=sys.stderr)


def _derive(path: Path, cache: Path) -> None:
    _maps(path, cache)


def head_path(folder: Path, head: int) -> Path:
    return folder / f"training_seg_{head:02d}.nii.gz"


def judge(tasks, weights, jobs, seconds, fewest):
    """Judge volumes for some time, at least `fewest`; simulation runs in processes of its own."""
    network = get_method("network").with_weights(weights)
    start, judged = time.monotonic(), []
    with process_pool(jobs) as pool:
        for image, affine, truth, drop in pool.map(simulate, tasks):
            axial = to_axial(image, affine)
            if drop is not None:
                drop = to_axial(drop, affine).volume
            found = network.run(axial.volume, axial.spacing, drop)
            mask = clean_mask(found >= BRAIN_PROBABILITY)
            judged.append(Judged(axial, truth, found, mask, drop is not None))
            print(f"\r{len(judged)} of {len(tasks)} volumes", end="", file=sys.stderr)
            if len(judged) >= fewest and time.monotonic() - start > seconds:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    print(file=sys.stderr)
    return judged


def process_pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"))


def fit(features: dict[str, np.ndarray], good: np.ndarray) -> Logistic:
    """Fit a logistic map by maximum likelihood, with a weak ridge on standardised slopes.

    The targets are Platt's (1999): as if one more good and one more bad example had been seen, so
    that a map fitted where hardly any are bad claims no certainty.
    """
    from scipy.optimize import minimize

    names = list(features)
    values = np.column_stack([features[name] for name in names]).astype(float)
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-9
    design = np.column_stack([np.ones(len(values)), (values - mean) / scale])
    count = np.count_nonzero(good)
    target = np.where(good, (count + 1) / (count + 2), 1 / (good.size - count + 2))

    def loss(x):
        logit = design @ x
        value = (np.logaddexp(0, logit) - target * logit).sum() + RIDGE / 2 * (x[1:] ** 2).sum()
        slope = 1 / (1 + np.exp(-np.clip(logit, -500, 500))) - target
        return value, design.T @ slope + RIDGE * np.r_[0, x[1:]]

    found = minimize(loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x
    slopes = found[1:] / scale
    return Logistic(float(found[0] - slopes @ mean), dict(zip(names, slopes, strict=True)), 0.0)


def limit(confidence: np.ndarray, good: np.ndarray, allowed: int, most: float = 0.99) -> float:
    """Highest limit, in steps of 0.01, below which at most `allowed` good ones lie and as many bad.

    It is `most` at most.

    Where bad ones are so rare that no limit finds as many of them, it is what none lies below.
    """
    highest = 0.0
    for step in range(1, round(100 * most) + 1):
        under = confidence < step / 100
        wrong = np.count_nonzero(under & good)
        if wrong <= min(allowed, np.count_nonzero(under & ~good)):
            highest = step / 100
    return highest


def calibrate(volumes: list[Judged]) -> Calibration:
    """Fit both maps and choose both limits."""
    parts = [volume.features for volume in volumes]
    kept = [volume.judged for volume in volumes]
    features = {
        name: np.concatenate([part[name][keep] for part, keep in zip(parts, kept, strict=True)])
        for name in PLANE_FEATURES
    }
    scores = [plane_dice(volume.mask, volume.truth) for volume in volumes]
    good = np.concatenate([s[k] for s, k in zip(scores, kept, strict=True)]) >= GOOD_SLICE_DICE
    plane = fit(features, good)
    allowed = round(GOOD_SLICES_FLAGGED * len(volumes))
    plane = Logistic(plane.intercept, plane.slopes, limit(plane(features), good, allowed))
    rows = [
        volume_features(volume.probabilities, volume.mask, volume.pixel_cm2, plane(part))
        for volume, part in zip(volumes, parts, strict=True)
    ]
    features = {name: np.array([row[name] for row in rows]) for name in VOLUME_FEATURES}
    good = np.array([dice(v.mask, v.truth) for v in volumes]) >= GOOD_VOLUME_DICE
    volume = fit(features, good)
    allowed = round(GOOD_VOLUMES_FLAGGED * np.count_nonzero(good))
    highest = limit(volume(features), good, allowed, HIGHEST_VOLUME_LIMIT)
    volume = Logistic(volume.intercept, volume.slopes, highest)
    return Calibration(_rounded(plane), _rounded(volume))


def _rounded(found: Logistic) -> Logistic:
    slopes = {name: round(float(slope), 4) for name, slope in found.slopes.items()}
    return Logistic(round(found.intercept, 4), slopes, round(found.flag_below, 2))


def area_under_curve(confidence: np.ndarray, good: np.ndarray) -> float | None:
    """Chance that a good one has more confidence than a bad one; None if one kind is missing."""
    from scipy.stats import rankdata

    positive = np.count_nonzero(good)
    negative = good.size - positive
    if not positive or not negative:
        return None
    ranks = rankdata(confidence)[good].sum()
    return round(float((ranks - positive * (positive + 1) / 2) / (positive * negative)), 3)


def measure(volumes: list[Judged], calibration: Calibration) -> dict:
    """Say what the flags of `assess` are worth on volumes that were not fitted."""
    scores, confidences, flagged, by_plausibility = [], [], [], []
    volume_dice, volume_confidence = [], []
    for volume in volumes:
        quality = assess(volume.axial, volume.probabilities, True, calibration)
        alone = assess(volume.axial, volume.probabilities, True)
        count = len(volume.mask)
        brain = volume.mask.any(axis=(1, 2)) | volume.truth.any(axis=(1, 2))
        values = [1.0 if c is None else c for c in quality.per_slice_confidence]
        keep = brain | np.array([c is not None for c in quality.per_slice_confidence])
        scores.append(plane_dice(volume.mask, volume.truth)[keep])
        confidences.append(np.array(values)[keep])
        flagged.append(_listed(quality, count)[keep])
        by_plausibility.append(_listed(alone, count)[keep])
        volume_dice.append(dice(volume.mask, volume.truth))
        volume_confidence.append(quality.confidence or 0.0)
    scores, confidences = np.concatenate(scores), np.concatenate(confidences)
    flagged, by_plausibility = np.concatenate(flagged), np.concatenate(by_plausibility)
    good = scores >= GOOD_SLICE_DICE
    volume_dice, volume_confidence = np.array(volume_dice), np.array(volume_confidence)
    doubted = volume_confidence < calibration.volume.flag_below
    return {
        "volumes": len(volumes),
        "slices": {
            **_flags(flagged, good),
            "good ones flagged per volume": round(
                np.count_nonzero(flagged & good) / len(volumes), 2
            ),
            "area under the curve": area_under_curve(confidences, good),
            "mean confidence": round(float(confidences.mean()), 3),
            "sensitivity by Dice": {
                f"{low:g}-{high:g}": _share(flagged[(scores >= low) & (scores < high)])
                for low, high in SEVERITY
            },
            "by plausibility alone": _flags(by_plausibility, good),
        },
        "volumes under the limit": {
            **_flags(doubted, volume_dice >= GOOD_VOLUME_DICE),
            "area under the curve": area_under_curve(
                volume_confidence, volume_dice >= GOOD_VOLUME_DICE
            ),
            "mean confidence": round(float(volume_confidence.mean()), 3),
        },
        "reliability": _reliability(confidences, good),
    }


def _listed(quality, count: int) -> np.ndarray:
    listed = np.zeros(count, bool)
    listed[[found.slice for found in quality.slices_to_check]] = True
    return listed


def _share(values: np.ndarray) -> list:
    """Share of True and out of how many."""
    return [round(float(values.mean()), 2) if values.size else None, int(values.size)]


def _flags(flagged: np.ndarray, good: np.ndarray) -> dict:
    right = np.count_nonzero(flagged & ~good)
    bad, named = np.count_nonzero(~good), np.count_nonzero(flagged)
    return {
        "judged": int(good.size),
        "bad": int(bad),
        "flagged": int(named),
        "precision": round(right / named, 3) if named else None,
        "sensitivity": round(right / bad, 3) if bad else None,
    }


def _reliability(confidence: np.ndarray, good: np.ndarray) -> list:
    """In five bands of confidence: mean confidence, share that is good, how many."""
    band = np.minimum((confidence * 5).astype(int), 4)
    return [
        [
            round(float(confidence[band == b].mean()), 2),
            round(float(good[band == b].mean()), 2),
            int(np.count_nonzero(band == b)),
        ]
        for b in range(5)
        if (band == b).any()
    ]


def measure_baselines(volumes: list[Judged]) -> dict:
    """What plausibility alone flags for methods that give no probabilities."""
    found = {}
    for name in BASELINES:
        method = get_method(name)
        flagged, good = [], []
        for volume in volumes:
            mask = method.run(volume.axial.volume, volume.axial.spacing)
            keep = mask.any(axis=(1, 2)) | volume.truth.any(axis=(1, 2))
            good.append(plane_dice(mask, volume.truth)[keep] >= GOOD_SLICE_DICE)
            flagged.append(_listed(assess(volume.axial, mask, False), len(mask))[keep])
        found[name] = _flags(np.concatenate(flagged), np.concatenate(good))
    return found


def usual(volumes: list[Judged]) -> dict:
    """What true masks look like: the 99th percentiles behind the limits in `plausibility`."""
    jump, asymmetry, mean, ends, holes, apart = [], [], [], [], [], []
    for volume in volumes:
        truth = largest_component(volume.truth)
        measures = measure_planes(truth, volume.truth, volume.axial.spacing)
        areas = measures.area_cm2
        sizeable = areas >= plausibility.SIZEABLE * areas.max()
        jump.append(measures.jump[areas > 0] / volume.axial.spacing[0])
        asymmetry.append(measures.asymmetry[sizeable])
        mean.append(np.average(measures.asymmetry, weights=areas))
        ends.append(areas[[0, -1]] / areas.max())
        holes.append((measures.holes_cm2 / np.maximum(areas, 1))[areas > 0])
        apart.append((measures.apart_cm2 / np.maximum(areas, 1))[areas > 0])

    def high(values):
        return round(float(np.percentile(np.concatenate(values), 99)), 4)

    return {
        "jump per mm": high(jump),
        "asymmetry of a sizeable plane": high(asymmetry),
        "mean asymmetry of a volume": high([np.array(mean)]),
        "holes over area": high(holes),
        "pieces apart over area": high(apart),
        "volumes cut off": _share(np.concatenate(ends) > plausibility.END_SHARE),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--label-maps", type=Path, required=True, help="folder of the 20 heads")
    options.add_argument("--weights", type=Path, help="the shipped default if not given")
    options.add_argument("--cache", type=Path, help="folder for the derived maps of the heads")
    options.add_argument("--volumes", type=int, default=20, help="for each head, at most")
    options.add_argument("--minutes", type=float, default=5.0, help="for simulating and judging")
    options.add_argument("--jobs", type=int, default=2, help="processes that simulate")
    options.add_argument("--baselines", action="store_true", help="judge them, too")
    options.add_argument("--write", action="store_true", help="into the model card")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        chosen.cache = chosen.cache or Path(temporary)
        run(chosen)


def run(chosen: argparse.Namespace) -> None:
    """Derive maps, fit, measure, print and write."""
    from DSCBrainSegLib.network.predict import prepare_network
    from DSCBrainSegLib.network.weights import default_weights, describe, network_of

    start = time.monotonic()
    weights = chosen.weights or default_weights()
    stated = describe(weights)
    takes_bolus = network_of(weights).bolus_channel
    heads = (*FIT_HEADS, *REPORT_HEADS)
    paths = [head_path(chosen.label_maps, head) for head in heads]
    derive_maps(paths, chosen.cache, chosen.jobs)
    prepare_network(weights)

    def judged(heads, part):
        """Judge volumes of heads in turn for a part of the time that is left."""
        tasks = [
            (
                head_path(chosen.label_maps, head),
                chosen.cache,
                1000 * head + number,
                takes_bolus and number % 2 == 1,
            )
            for number in range(chosen.volumes)
            for head in heads
        ]
        left = 60 * chosen.minutes - (time.monotonic() - start)
        fewest = FEWEST_ROUNDS * len(heads)
        return judge(tasks, weights, chosen.jobs, part * left, fewest)

    fitted = judged(FIT_HEADS, 0.5)
    calibration = calibrate(fitted)
    print("True masks, 99th percentiles (heads 13-16):\n", json.dumps(usual(fitted), indent=1))
    count = len(fitted)
    del fitted
    reported = judged(REPORT_HEADS, 1.0)
    measured = {"heads": f"{REPORT_HEADS[0]}-{REPORT_HEADS[-1]}", **measure(reported, calibration)}
    if takes_bolus:
        for name, bolus in (("with the bolus", True), ("one time point alone", False)):
            some = measure([each for each in reported if each.bolus == bolus], calibration)
            measured[name] = {key: some[key] for key in ("slices", "volumes under the limit")}
    found = {
        **calibration.to_dict(),
        "meaning": f"probability of a Dice of {GOOD_SLICE_DICE} or more on a slice, of "
        f"{GOOD_VOLUME_DICE} or more on a volume",
        "fitted": f"{count} simulated volumes of the heads {FIT_HEADS[0]}-{FIT_HEADS[-1]}",
        "measured": measured,
        "command": "python Testing/benchmarks/calibrate_quality.py "
        f"--label-maps LABELMAPS --volumes {chosen.volumes} --minutes {chosen.minutes:g} --write",
        "date": date.today().isoformat(),
    }
    print(json.dumps(found, indent=1))
    if chosen.baselines:
        print("Methods without probabilities:", json.dumps(measure_baselines(reported)))
    if chosen.write:
        write(weights, stated, found)


def write(weights: Path, stated: dict, found: dict) -> None:
    """Put the calibration into the card as it is now, unless the weights were exchanged."""
    from DSCBrainSegLib.network.weights import card_path, describe, read_card

    if describe(weights) != stated:
        raise SystemExit(f"{weights} was exchanged meanwhile; run this again.")
    path = card_path(weights)
    text = json.dumps({**read_card(weights), CARD_KEY: found}, indent=2, ensure_ascii=False)
    partial = path.with_suffix(".partial")
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)
    print(f"Written into {path}")


if __name__ == "__main__":
    main()
