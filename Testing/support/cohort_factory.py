"""Small cohorts for tests: a bright ball in a dark box is the head, and its mask the truth."""

import numpy as np
from bright_ball import ball

from DSCBrainSegLib.cohort.add import add_subject
from DSCBrainSegLib.cohort.ground_truth import draw
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.series import DSCSeries

AFFINE = np.array([[3.0, 0, 0, -50], [0, 3, 0, -60], [0, 0, 5, -20], [0, 0, 0, 1]])
MASK = ball()


def make_series(seed=0, frames=5, **values) -> DSCSeries:
    """A series of `frames` time points, different for each seed."""
    noise = np.random.default_rng(seed).normal(0, 5, MASK.shape)
    volumes = [np.where(MASK, 900 + 10 * t, 40) + noise for t in range(frames)]
    times = 1.5 * np.arange(frames)
    return DSCSeries(np.stack(volumes).astype(np.float32), times, AFFINE, 0.03, 1.5, **values)


def make_cohort(folder, names=("a", "b", "c"), persons=None, reader="Reader One") -> Cohort:
    """A cohort of drawn subjects."""
    cohort = Cohort.create(folder)
    for number, name in enumerate(names):
        person = (persons or {}).get(name, "")
        add_subject(cohort, name, make_series(number), None, MASK, draw(reader), person)
    return cohort


def all_bytes(folder) -> bytes:
    """Everything in the files below a folder, also as it is when decompressed, and their names."""
    import gzip
    import zlib

    found = []
    for path in folder.rglob("*"):
        found.append(str(path.relative_to(folder)).encode())
        if not path.is_file():
            continue
        data = path.read_bytes()
        found.append(data)
        if path.name.endswith(".gz"):
            found.append(gzip.decompress(data))
        elif path.name.endswith(".nrrd"):
            found.append(zlib.decompress(data[data.index(b"\n\n") + 2 :], 31))
    return b"\n".join(found)
