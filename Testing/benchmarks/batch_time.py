"""Seconds a series of `batch` against `segment` in a loop, on small made-up series; prints JSON.

python Testing/benchmarks/batch_time.py --series 300 --loop 10 --method network
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))


def main() -> None:
    """Time both on the same series."""
    from small_studies import make_head

    from DSCBrainSegLib.series import write_nifti

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=300)
    parser.add_argument("--loop", type=int, default=10)
    parser.add_argument("--method", default="network")
    asked = parser.parse_args()
    run = [sys.executable, "-m", "DSCBrainSegLib"]
    with tempfile.TemporaryDirectory(prefix="batch-time-") as name:
        folder, head = Path(name), make_head()
        (folder / "scans").mkdir()
        paths = [folder / "scans" / f"{number:04d}.nii.gz" for number in range(asked.series)]
        for path in paths:
            write_nifti(path, head.frames.astype("float32"), head.affine, 1.5)
        known = ["--method", asked.method]
        start = time.perf_counter()
        subprocess.run([*run, "batch", folder / "scans", "-o", folder / "out", *known], check=True)
        batch = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        start = time.perf_counter()
        for path in paths[: asked.loop]:
            subprocess.run(
                [*run, "segment", path, "-o", folder / "loop" / path.name, *known],
                check=True,
                capture_output=True,
            )
        loop = time.perf_counter() - start
    facts = {
        **vars(asked),
        "batch_s_per_series": round(batch / asked.series, 3),
        "loop_s_per_series": round(loop / asked.loop, 3),
        "batch_peak_mb": round(peak),
        "load": os.getloadavg(),
    }
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
