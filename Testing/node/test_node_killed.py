"""A node that is killed while studies arrive: every DSC study ends with exactly one mask.

`Testing/benchmarks/node_trial.py` does the same with 20 studies and 50 kills.
"""

from node_trial import run_trial, write_studies
from orthanc_server import free_port, orthanc


def test_a_node_killed_at_random_moments_loses_and_doubles_nothing(tmp_path):
    port = free_port()
    with orthanc(tmp_path / "orthanc", port) as archive:
        archive.node_port = port
        studies = write_studies(tmp_path / "studies", dsc=2, others=1, broken=1)
        complete = {"quiet_s": 1.0, "patience_s": 8.0}
        found = run_trial(
            tmp_path / "site", archive, studies, kills=3, seed=4, longest_s=3.0, complete=complete
        )
    assert set(found.masks.values()) == {1}, found.log
    assert found.others == 0
    assert (found.series["left"], found.series["aside"]) == (1, 1)
    assert "SECRET" not in found.log
