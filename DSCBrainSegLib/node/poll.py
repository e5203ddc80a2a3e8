"""Ask a DICOMweb server for new MR series and fetch those the node does not know."""

from __future__ import annotations

import io
import logging

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.node.config import NodeConfig
from DSCBrainSegLib.node.queue import SeriesQueue
from DSCBrainSegLib.node.receive import SUCCESS, Receiver
from DSCBrainSegLib.node.store import short_name
from DSCBrainSegLib.series.dicomweb import connect, fetch_images, find_new_series, plain

LOG = logging.getLogger("DSCBrainSegLib.node")


def poll_once(config: NodeConfig, queue: SeriesQueue, receiver: Receiver) -> int:
    """Fetch every series that is new; return how many."""
    poll = config.poll
    client = connect(poll.url, poll.user, poll.password_variable, poll.token_variable)
    try:
        found = find_new_series(client, poll.days, poll.fewest_images)
    except Exception as error:  # whatever the HTTP library raises
        LOG.warning("The DICOMweb server did not answer: %s.", plain(error))
        return 0
    new = 0
    for study, series in found:
        known = queue.entry(series)
        if known is not None and (known.released or known.state != "receiving"):
            continue
        new += _fetch(client, study, series, poll.url, queue, receiver)
    return new


def _fetch(client, study: str, series: str, url: str, queue: SeriesQueue, receiver: Receiver):
    try:
        for image in fetch_images(client, study, series, url):
            data = io.BytesIO()
            image.save_as(data, enforce_file_format=True)
            uid, sop_class = str(image.SOPInstanceUID), str(image.SOPClassUID)
            if receiver.take(series, study, uid, sop_class, data.getvalue()) != SUCCESS:
                return 0
    except SeriesError as error:
        LOG.warning("Series %s was not fetched whole: %s", short_name(series), error)
        return 0
    queue.release({series})
    return 1
