"""Studies sent to a node at once while it is killed at random moments: what the archive has."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests
from orthanc_server import NodeProcess, Orthanc, wait_for
from small_studies import make_head, write_broken, write_dsc, write_other


@dataclass
class Trial:
    """What came of a trial; times in seconds."""

    masks: dict[str, int]
    others: int
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    kills: int = 0
    log: str = ""
    series: dict[str, int] = field(default_factory=dict)


class Sender(threading.Thread):
    """Sends a study image by image, and again from the start until all were acknowledged."""

    def __init__(self, folder: Path, port: int, give_up: threading.Event):
        super().__init__(daemon=True)
        self._paths, self._port = sorted(folder.glob("*.dcm")), port
        self._give_up = give_up
        self.finished = 0.0

    def run(self) -> None:
        while not self._give_up.is_set():
            if self._send():
                self.finished = time.time()
                return
            time.sleep(0.5)

    def _send(self) -> bool:
        from pynetdicom import AE

        ae = AE(ae_title="SENDER")
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 60
        ae.add_requested_context("1.2.840.10008.5.1.4.1.1.4")
        assoc = ae.associate("127.0.0.1", self._port, ae_title="DSCBRAINSEG")
        if not assoc.is_established:
            return False
        try:
            for path in self._paths:
                status = assoc.send_c_store(path)
                if not status or status.Status != 0:
                    return False
        except (RuntimeError, ValueError):
            return False
        finally:
            if assoc.is_established:
                assoc.release()
        return True


def write_studies(folder: Path, dsc: int, others: int, broken: int) -> tuple[dict, dict]:
    """Write studies; return the folders of DSC studies and of the rest, by Study Instance UID."""
    head = make_head()
    good = {write_dsc(folder / f"dsc{n}", head, f"dsc{n}"): folder / f"dsc{n}" for n in range(dsc)}
    rest = {}
    for n in range(others):
        rest[write_other(folder / f"other{n}", f"other{n}")] = folder / f"other{n}"
    for n in range(broken):
        rest[write_broken(folder / f"broken{n}", head, f"broken{n}")] = folder / f"broken{n}"
    return good, rest


def run_trial(
    folder: Path,
    archive: Orthanc,
    studies: tuple[dict, dict],
    kills: int,
    seed: int,
    longest_s: float = 5.0,
    **settings,
) -> Trial:
    """Send all studies at once, kill the node so often (`longest_s` apart); see what arrived."""
    good, rest = studies
    node = NodeProcess(folder, archive.port, archive.node_port, **settings)
    chance, give_up = random.Random(seed), threading.Event()
    senders = {uid: Sender(path, node.port, give_up) for uid, path in {**good, **rest}.items()}
    start = time.time()
    node.start()
    seen: dict[str, float] = {}
    watcher = threading.Thread(target=_watch, args=(archive, good, seen, give_up), daemon=True)
    watcher.start()
    for sender in senders.values():
        sender.start()
    try:
        for number in range(kills):
            if number % 5:  # one in five may die while it starts
                wait_for(lambda: node.health(), "the node's start")
            time.sleep(chance.uniform(0.0, longest_s))
            node.kill()
            node.start_only()
        wait_for(lambda: node.health(), "the node's last start")
        wait_for(
            lambda: (
                all(sender.finished for sender in senders.values())
                and node.series().get("sent") == len(good)
                and not node.health()["waiting"]
            ),
            "the end of all series",
            900.0,
        )
        seconds = time.time() - start
        time.sleep(2.0)  # a mask too many would arrive now
        masks = {uid: _mask_count(archive, uid) for uid in good}
        others = sum(_mask_count(archive, uid) for uid in rest)
        series = node.series()
    finally:
        give_up.set()
        node.stop()
        watcher.join(10)
    latencies = [seen[uid] - senders[uid].finished for uid in good if uid in seen]
    return Trial(masks, others, latencies, seconds, kills, node.log(), series)


def _watch(archive: Orthanc, good: dict, seen: dict, end: threading.Event) -> None:
    """Note when each study's mask appears."""
    while not end.is_set() and len(seen) < len(good):
        try:
            found = archive.find("Series", Modality="SEG")
        except requests.RequestException:
            found = []
        for each in found:
            study = archive.get(f"/studies/{each['ParentStudy']}")
            seen.setdefault(study["MainDicomTags"]["StudyInstanceUID"], time.time())
        time.sleep(0.1)


def _mask_count(archive: Orthanc, study: str) -> int:
    query = {"StudyInstanceUID": study, "Modality": "SEG"}
    return sum(len(each["Instances"]) for each in archive.find("Series", **query))
