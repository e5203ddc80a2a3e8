"""Take images from allowed senders by C-STORE; answer only when they are safe on the disk."""

from __future__ import annotations

import io
import json
import logging
import ssl

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.node.config import NodeConfig, Tls
from DSCBrainSegLib.node.metrics import Metrics
from DSCBrainSegLib.node.queue import SeriesQueue
from DSCBrainSegLib.node.store import FileStore, short_name

LOG = logging.getLogger("DSCBrainSegLib.node")

SUCCESS, OUT_OF_RESOURCES, NOT_UNDERSTOOD = 0x0000, 0xA700, 0xC000

_NOBODY = "-NOT A PEER-"


class Receiver:
    """The C-STORE and C-ECHO server, with storage commitment.

    Parameters
    ----------
    config : NodeConfig
    queue : SeriesQueue
    store : FileStore
    metrics : Metrics
    """

    def __init__(self, config: NodeConfig, queue: SeriesQueue, store: FileStore, metrics: Metrics):
        self._config, self._queue, self._store = config, queue, store
        self._metrics = metrics
        self._brought: dict[int, set[str]] = {}
        self._server = None

    def start(self) -> None:
        """Listen in threads of its own.

        Raises
        ------
        ConfigurationError
            The port is taken, or a certificate cannot be read.
        """
        from pydicom.uid import AllTransferSyntaxes
        from pynetdicom import AE, AllStoragePresentationContexts, evt
        from pynetdicom.sop_class import StorageCommitmentPushModel, Verification

        config = self._config
        ae = AE(ae_title=config.ae_title)
        ae.maximum_associations = config.limits.max_associations
        ae.network_timeout = ae.acse_timeout = ae.dimse_timeout = config.limits.network_timeout_s
        ae.require_called_aet = True
        ae.require_calling_aet = [*{peer.ae_title for peer in config.peers}] or [_NOBODY[::-1]]
        for context in AllStoragePresentationContexts:
            ae.add_supported_context(context.abstract_syntax, AllTransferSyntaxes)
        ae.add_supported_context(Verification)
        ae.add_supported_context(StorageCommitmentPushModel)
        handlers = [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_C_STORE, self._stored),
            (evt.EVT_C_ECHO, lambda event: SUCCESS),
            (evt.EVT_N_ACTION, self._commitment_asked),
            (evt.EVT_RELEASED, self._released),
            (evt.EVT_ABORTED, self._cut),
            (evt.EVT_CONN_CLOSE, self._cut),
        ]
        try:
            self._server = ae.start_server(
                (config.address, config.port),
                block=False,
                evt_handlers=handlers,
                ssl_context=server_tls(config.tls),
            )
        except OSError as error:
            raise ConfigurationError(
                f"The node cannot listen on {config.address} port {config.port}: "
                f"{error.strerror or error}; another node may be running."
            ) from error

    def stop(self) -> None:
        """Close all associations and listen no longer."""
        if self._server is not None:
            self._server.shutdown()
            self._server = None

    def _requested(self, event) -> None:
        """Refuse an association of a title or address that is not allowed."""
        assoc = event.assoc
        title, address = assoc.requestor.primitive.calling_ae_title, assoc.requestor.address
        if any(
            (peer.ae_title, peer.address) == (title.strip(), address) for peer in self._config.peers
        ):
            return
        self._metrics.add("associations_refused")
        LOG.warning("An association of %r from %s was refused: not a peer.", title, address)
        # The negotiation that follows refuses every title but those of peers.
        assoc.requestor.primitive.calling_ae_title = _NOBODY

    def _stored(self, event) -> int:
        from pydicom import dcmread

        limits = self._config.limits
        data = event.encoded_dataset()
        if len(data) > limits.max_image_mb * 1e6:
            return self._refuse(OUT_OF_RESOURCES, "An image is larger than max_image_mb allows.")
        if self._store.free_mb() - len(data) / 1e6 < limits.min_free_mb:
            return self._refuse(OUT_OF_RESOURCES, "The disk is nearly full: no image is taken.")
        tags = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "Modality"]
        try:
            header = dcmread(
                io.BytesIO(data), stop_before_pixels=True, specific_tags=[*tags, "SOPClassUID"]
            )
            study, series, uid, modality = (str(header.get(tag) or "") for tag in tags)
        except Exception:  # whatever damaged bytes make a parser raise
            return self._refuse(NOT_UNDERSTOOD, "An image has a damaged header and was refused.")
        if not (study and series and uid):
            return self._refuse(NOT_UNDERSTOOD, "An image without its UIDs was refused.")
        self._metrics.add("images_received")
        self._metrics.add("bytes_received", len(data))
        if modality != "MR":
            self._metrics.add("images_passed_over")
            return SUCCESS
        return self.take(series, study, uid, str(header.get("SOPClassUID") or ""), data, event)

    def take(
        self, series: str, study: str, uid: str, sop_class: str, data: bytes, event=None
    ) -> int:
        """Put an image into the queue; return the DICOM status."""
        limits = self._config.limits
        if event is not None:
            self._brought.setdefault(id(event.assoc), set()).add(series)
        if self._queue.has_image(uid):
            return SUCCESS
        known = self._queue.entry(series)
        if known is not None and (
            known.images >= limits.max_series_images
            or known.bytes + len(data) > limits.max_series_mb * 1e6
        ):
            return self._refuse(OUT_OF_RESOURCES, "A series is larger than the limits allow.")
        try:
            self._store.save_image(series, uid, data)
            self._queue.add_image(uid, series, study, sop_class, len(data))
        except OSError as error:
            return self._refuse(
                OUT_OF_RESOURCES, f"An image cannot be written: {error.strerror or error}."
            )
        return SUCCESS

    def _refuse(self, status: int, sentence: str) -> int:
        self._metrics.add("images_refused")
        LOG.error(sentence)
        return status

    def _released(self, event) -> None:
        self._queue.release(self._brought.pop(id(event.assoc), set()))

    def _cut(self, event) -> None:
        series = self._brought.pop(id(event.assoc), set())
        if series:
            self._metrics.add("associations_cut")
            names = ", ".join(sorted(map(short_name, series)))
            LOG.warning("An association was cut; series %s waits to be sent again.", names)

    def _commitment_asked(self, event) -> tuple[int, None]:
        """Note which images a peer wants to be told are safe; the answer follows (`commitment`)."""
        asked = event.action_information
        images = [
            [str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID)]
            for item in asked.get("ReferencedSOPSequence", [])
        ]
        title = event.assoc.requestor.primitive.calling_ae_title.strip()
        self._queue.add_commitment(str(asked.TransactionUID), title, json.dumps(images))
        return SUCCESS, None


def server_tls(tls: Tls) -> ssl.SSLContext | None:
    """Return what the server needs for TLS, None without a certificate.

    Raises
    ------
    ConfigurationError
        A file cannot be read.
    """
    if not tls.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, tls)
    if tls.authority:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_tls(tls: Tls) -> ssl.SSLContext | None:
    """Return what the node needs to send by TLS, None if it sends without."""
    if not tls.also_send:
        return None
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    _load(context, tls)
    return context


def _load(context: ssl.SSLContext, tls: Tls) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
        if tls.authority:
            context.load_verify_locations(tls.authority)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The TLS certificate, key or authority cannot be read: {error}."
        ) from error
