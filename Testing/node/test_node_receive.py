"""Who may send to the node, and how much; nothing is acknowledged that is not safe on the disk."""

import dataclasses
import ssl
import subprocess

import pydicom
import pytest
from orthanc_server import free_port, wait_for
from small_studies import make_head, write_dsc

from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.node.config import Complete, Limits, NodeConfig, Peer, Tls
from DSCBrainSegLib.node.metrics import Metrics
from DSCBrainSegLib.node.queue import RECEIVING, SeriesQueue
from DSCBrainSegLib.node.receive import Receiver
from DSCBrainSegLib.node.store import FileStore

pynetdicom = pytest.importorskip("pynetdicom")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The files of a small DSC series."""
    folder = tmp_path_factory.mktemp("dsc")
    write_dsc(folder, make_head(), "one")
    return sorted(folder.iterdir())


class Site:
    """A receiver with its queue."""

    def __init__(self, folder, **settings):
        self.config = NodeConfig(
            folder=folder,
            port=free_port(),
            peers=(Peer("SENDER", "127.0.0.1"),),
            complete=Complete(0.2, 60.0),
            **{"limits": Limits(min_free_mb=1.0), **settings},
        )
        self.queue = SeriesQueue(folder / "queue.sqlite")
        self.metrics = Metrics()
        self.store = FileStore(folder)
        self.receiver = Receiver(self.config, self.queue, self.store, self.metrics)
        self.receiver.start()

    def associate(self, title="SENDER", called="DSCBRAINSEG", **known):
        """Return an association of a sender."""
        ae = pynetdicom.AE(ae_title=title)
        ae.add_requested_context("1.2.840.10008.5.1.4.1.1.4")
        ae.add_requested_context("1.2.840.10008.1.1")
        return ae.associate("127.0.0.1", self.config.port, ae_title=called, **known)

    def stop(self):
        """End it."""
        self.receiver.stop()
        self.queue.close()


@pytest.fixture
def make_site(tmp_path):
    """Make receivers that are ended after the test."""
    made = []

    def make(**settings):
        made.append(Site(tmp_path / f"node{len(made)}", **settings))
        return made[-1]

    yield make
    for site in made:
        site.stop()


def test_a_series_is_complete_after_the_association_is_released(make_site, images):
    site = make_site()
    assoc = site.associate()
    assert assoc.send_c_echo().Status == 0
    for path in images:
        assert assoc.send_c_store(path).Status == 0
    assert site.queue.close_quiet(0.0, 60.0) == []  # the association is open
    assoc.release()
    wait_for(lambda: site.queue.close_quiet(0.0, 60.0), "the series' completion")
    (entry,) = site.queue.entries()
    assert entry.images == len(images)
    stored = sorted(site.store.images(entry.uid).iterdir())
    found = {str(pydicom.dcmread(path).SOPInstanceUID) for path in stored}
    assert found == {str(pydicom.dcmread(path).SOPInstanceUID) for path in images}
    assert "SECRET" not in "".join(map(str, stored))


def test_a_cut_association_waits_to_be_sent_again_and_nothing_is_doubled(make_site, images, caplog):
    site = make_site()
    assoc = site.associate()
    for path in images[:20]:
        assert assoc.send_c_store(path).Status == 0
    assoc.abort()
    wait_for(lambda: site.metrics.values()["associations_cut"], "the cut's notice")
    assert site.queue.close_quiet(0.0, 60.0) == []
    assert "cut" in caplog.text and "SECRET" not in caplog.text
    again = site.associate()
    for path in images:
        assert again.send_c_store(path).Status == 0
    again.release()
    wait_for(lambda: site.queue.close_quiet(0.0, 60.0), "the series' completion")
    (entry,) = site.queue.entries()
    assert entry.images == len(images)


@pytest.mark.parametrize(
    ("title", "called"), [("STRANGER", "DSCBRAINSEG"), ("SENDER", "OTHERNODE")]
)
def test_strangers_and_wrong_names_are_refused(make_site, title, called):
    site = make_site()
    assoc = site.associate(title, called)
    assert assoc.is_rejected


def test_a_peers_title_from_another_address_is_refused(make_site):
    site = make_site()
    site.receiver._config = dataclasses.replace(site.config, peers=(Peer("SENDER", "10.9.8.7"),))
    assert site.associate().is_rejected
    assert site.metrics.values()["associations_refused"] == 1


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        (Limits(min_free_mb=1e12), 0xA700),
        (Limits(min_free_mb=1.0, max_image_mb=0.0001), 0xA700),
        (Limits(min_free_mb=1.0, max_series_images=0), 0x0000),  # the first opens the series
    ],
)
def test_limits_are_told_to_the_sender(make_site, images, limits, status):
    site = make_site(limits=limits)
    assoc = site.associate()
    first, second = (assoc.send_c_store(path).Status for path in images[:2])
    assert first == status
    assert second == 0xA700
    assoc.release()
    assert sum(each.images for each in site.queue.entries()) == (status == 0)


def test_a_damaged_image_is_refused_and_the_next_one_taken(make_site, images):
    site = make_site()
    assoc = site.associate()
    bad = pydicom.dcmread(images[0])
    del bad.SeriesInstanceUID
    assert assoc.send_c_store(bad).Status == 0xC000
    assert assoc.send_c_store(images[1]).Status == 0
    assoc.release()


def test_images_of_other_modalities_are_not_kept(make_site, images):
    site = make_site()
    other = pydicom.dcmread(images[0])
    other.Modality = "CT"
    assoc = site.associate()
    assert assoc.send_c_store(other).Status == 0
    assoc.release()
    assert not site.queue.entries()
    assert not any((site.config.folder / "incoming").iterdir())


def test_a_second_node_on_the_port_is_told_so(make_site):
    site = make_site()
    other = Receiver(site.config, site.queue, site.store, site.metrics)
    with pytest.raises(ConfigurationError, match="cannot listen"):
        other.start()


def test_only_certificates_of_the_authority_are_let_in(make_site, images, tmp_path):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=tmp_path)

    subject = ["-subj", "/CN=127.0.0.1", "-days", "2", "-nodes", "-newkey", "rsa:2048"]
    for name in ("node", "stranger"):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        openssl("req", "-x509", *subject, *files)
    certificate, key = str(tmp_path / "node.pem"), str(tmp_path / "node.key")
    site = make_site(tls=Tls(certificate, key, authority=certificate))

    def connect(name):
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        context.load_cert_chain(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        return site.associate(tls_args=(context, "127.0.0.1"))

    known = connect("node")
    assert known.send_c_store(images[0]).Status == 0
    known.release()
    assert not connect("stranger").is_established
    assert not site.associate().is_established  # without TLS
    assert site.queue.entries(RECEIVING)
