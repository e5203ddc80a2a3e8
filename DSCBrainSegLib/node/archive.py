"""Where masks go: an archive that takes objects by C-STORE or by STOW-RS."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from DSCBrainSegLib.errors import DSCBrainSegError
from DSCBrainSegLib.node.config import NodeConfig


class ArchiveError(DSCBrainSegError):
    """The archive cannot be reached or does not take an object."""


class Archive(Protocol):
    """Takes objects; may have them already."""

    def has(self, dataset) -> bool | None:
        """Say whether it has an object; None if it cannot say."""

    def store(self, path: Path, dataset) -> None:
        """Hand over a file; `ArchiveError` unless it was taken."""


def archive_of(config: NodeConfig) -> Archive:
    """Return the archive that the settings name."""
    return WebArchive(config) if config.send.url else DimseArchive(config)


class DimseArchive:
    """An archive that speaks DIMSE: C-FIND to ask, C-STORE to hand over."""

    def __init__(self, config: NodeConfig):
        self._config = config

    def has(self, dataset) -> bool | None:
        """See `Archive`."""
        from pydicom.dataset import Dataset
        from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Find

        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE"
        query.StudyInstanceUID = dataset.StudyInstanceUID
        query.SeriesInstanceUID = dataset.SeriesInstanceUID
        query.SOPInstanceUID = dataset.SOPInstanceUID
        try:
            assoc = self._associate([(Find, None)])
        except ArchiveError:
            return None
        try:
            answers = list(assoc.send_c_find(query, Find))
        except (RuntimeError, ValueError):  # the archive does not answer queries
            return None
        finally:
            assoc.release()
        found = any(status and status.Status in (0xFF00, 0xFF01) for status, _ in answers)
        complete = bool(answers) and answers[-1][0] and answers[-1][0].Status == 0x0000
        return found if found or complete else None

    def store(self, path: Path, dataset) -> None:
        """See `Archive`."""
        syntax = dataset.file_meta.TransferSyntaxUID
        assoc = self._associate([(dataset.SOPClassUID, syntax)])
        try:
            status = assoc.send_c_store(path)
        except ValueError as error:
            raise ArchiveError(
                f"The archive takes no {dataset.SOPClassUID.name} objects."
            ) from error
        except RuntimeError as error:
            raise ArchiveError("The archive broke off the association.") from error
        finally:
            if assoc.is_established:
                assoc.release()
        if not status:
            raise ArchiveError("The archive broke off the association or did not answer in time.")
        # Warnings (B...) say that it was stored, with changes.
        if status.Status != 0x0000 and status.Status >> 12 != 0xB:
            raise ArchiveError(f"The archive refused the object (status {status.Status:04X}).")

    def _associate(self, contexts: list):
        from pynetdicom import AE

        from DSCBrainSegLib.node.receive import client_tls

        send, limits = self._config.send, self._config.limits
        ae = AE(ae_title=self._config.ae_title)
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = limits.network_timeout_s
        ae.connection_timeout = limits.network_timeout_s
        for abstract, syntax in contexts:
            ae.add_requested_context(abstract, syntax)
        tls = client_tls(self._config.tls)
        assoc = ae.associate(
            send.address,
            send.port,
            ae_title=send.ae_title,
            tls_args=(tls, send.address) if tls else None,
        )
        if not assoc.is_established:
            raise ArchiveError(
                f"The archive {send.ae_title} at {send.address} port {send.port} cannot be reached "
                "or does not accept the node."
            )
        return assoc


class WebArchive:
    """An archive that speaks DICOMweb: QIDO-RS to ask, STOW-RS to hand over."""

    def __init__(self, config: NodeConfig):
        from DSCBrainSegLib.series.dicomweb import check_url

        self._send = config.send
        check_url(self._send.url, "[send] url")

    def has(self, dataset) -> bool | None:
        """See `Archive`."""
        from DSCBrainSegLib.series.dicomweb import has_instance

        uids = dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
        try:
            return has_instance(self._client(), *map(str, uids))
        except Exception:  # whatever the HTTP library raises: it cannot say
            return None

    def store(self, path: Path, dataset) -> None:
        """See `Archive`."""
        from pydicom import dcmread

        from DSCBrainSegLib.series.dicomweb import plain

        try:
            answer = self._client().store_instances([dcmread(path)])
        except Exception as error:
            raise ArchiveError(f"The archive took nothing: {plain(error)}.") from error
        if answer.get("FailedSOPSequence"):
            raise ArchiveError("The archive refused the object.")

    def _client(self):
        from DSCBrainSegLib.series.dicomweb import connect

        send = self._send
        return connect(send.url, send.user, send.password_variable, send.token_variable)
