"""Studies at once to a node beside Orthanc, with and without kills; prints figures as JSON.

python Testing/benchmarks/node_trial.py --dsc 13 --others 5 --broken 2 --kills 50 --seed 1
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))


def main() -> None:
    """Run one trial."""
    from node_trial import run_trial, write_studies
    from orthanc_server import free_port, orthanc

    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("dsc", 13), ("others", 5), ("broken", 2), ("kills", 0), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--method", default="otsu-post")
    parser.add_argument("--quiet", type=float, default=1.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="node-trial-") as name:
        folder, port = Path(name), free_port()
        with orthanc(folder / "orthanc", port) as archive:
            archive.node_port = port
            studies = write_studies(folder / "studies", asked.dsc, asked.others, asked.broken)
            found = run_trial(
                folder / "site",
                archive,
                studies,
                asked.kills,
                asked.seed,
                10.0,
                segment={"method": asked.method},
                complete={"quiet_s": asked.quiet, "patience_s": 60.0},
            )
    latencies = sorted(found.latencies)
    facts = {
        **vars(asked),
        "masks_per_dsc_study": sorted(set(found.masks.values())),
        "masks_of_other_studies": found.others,
        "series": found.series,
        "seconds": round(found.seconds, 1),
        "studies_per_hour": round(3600 * (asked.dsc + asked.others + asked.broken) / found.seconds),
        "latency_median_s": round(statistics.median(latencies), 2),
        "latency_95_s": round(latencies[int(0.95 * (len(latencies) - 1))], 2),
        "asked_archive_and_did_not_resend": found.log.count("has the mask already"),
        "names_in_log": found.log.count("SECRET"),
        "load": os.getloadavg(),
    }
    print(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
