"""Answer storage commitment: tell a peer which images are safe on the node's disk."""

from __future__ import annotations

import json
import logging

from DSCBrainSegLib.node.config import NodeConfig
from DSCBrainSegLib.node.queue import SeriesQueue

LOG = logging.getLogger("DSCBrainSegLib.node")

_INSTANCE = "1.2.840.10008.1.20.1.1"
_ATTEMPTS = 20
_NO_SUCH_OBJECT, _NOT_PERFORMED = 0x0112, 0x0110
RETRY_S = 30.0


def answer_commitments(config: NodeConfig, queue: SeriesQueue) -> None:
    """Send the N-EVENT-REPORT of every request that is due, on an association of its own."""
    for request in queue.due_commitments():
        peer = next(
            (each for each in config.peers if each.ae_title == request["peer"] and each.port), None
        )
        if peer is None or request["attempts"] >= _ATTEMPTS:
            LOG.warning(
                "The storage commitment that %s asked for cannot be answered: no port is known or "
                "it does not listen.",
                request["peer"],
            )
            queue.end_commitment(request["transaction_uid"])
        elif _report(config, peer, request, queue):
            queue.end_commitment(request["transaction_uid"])
        else:
            queue.end_commitment(request["transaction_uid"], RETRY_S)


def _report(config: NodeConfig, peer, request: dict, queue: SeriesQueue) -> bool:
    from pynetdicom import AE, build_role
    from pynetdicom.sop_class import StorageCommitmentPushModel as Commitment

    ae = AE(ae_title=config.ae_title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = config.limits.network_timeout_s
    ae.connection_timeout = config.limits.network_timeout_s
    ae.add_requested_context(Commitment)
    # The node opens the association but stays the one that serves.
    role = build_role(Commitment, scu_role=False, scp_role=True)
    assoc = ae.associate(peer.address, peer.port, ae_title=peer.ae_title, ext_neg=[role])
    if not assoc.is_established:
        return False
    try:
        report, kind = _answer(request, queue)
        status, _ = assoc.send_n_event_report(report, kind, Commitment, _INSTANCE)
        return bool(status) and status.Status == 0x0000
    except (RuntimeError, ValueError):
        return False
    finally:
        assoc.release()


def _answer(request: dict, queue: SeriesQueue):
    from pydicom.dataset import Dataset

    asked = json.loads(request["images"])
    known = queue.image_classes([uid for _, uid in asked])
    report = Dataset()
    report.TransactionUID = request["transaction_uid"]
    safe, failed = [], []
    for sop_class, uid in asked:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
        if uid in known:
            safe.append(item)
            continue
        item.FailureReason = _NO_SUCH_OBJECT
        failed.append(item)
    report.ReferencedSOPSequence = safe
    if failed:
        report.FailedSOPSequence = failed
    return report, 2 if failed else 1
