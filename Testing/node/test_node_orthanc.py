"""The node beside Orthanc: series in by C-STORE, masks back in the archive, once each."""

import io

import numpy as np
import pydicom
import pytest
import requests
from orthanc_server import NodeProcess, free_port, orthanc, wait_for
from small_studies import make_head, write_broken, write_dsc, write_other

from DSCBrainSegLib.series import read_series


@pytest.fixture(scope="module")
def head():
    """A small bright head through a bolus."""
    return make_head()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Orthanc and the port of a node."""
    folder, port = tmp_path_factory.mktemp("site"), free_port()
    with orthanc(folder, port) as archive:
        archive.node_port = port
        yield archive


@pytest.fixture
def node(site, tmp_path):
    """A running node that sends to Orthanc by C-STORE, also a picture."""
    started = NodeProcess(tmp_path, site.port, site.node_port, segment={"overlay": True})
    started.start()
    yield started
    started.stop()


@pytest.fixture(autouse=True)
def empty(site):
    """Nothing in Orthanc before a test."""
    for study in site.get("/studies"):
        requests.delete(f"{site.url}/studies/{study}", timeout=30)


def send(site, series: str) -> None:
    """Have Orthanc send a series to the node."""
    site.post("/modalities/node/store", {"Resources": [series], "Synchronous": True})


def download(site, series: dict) -> pydicom.Dataset:
    """Return the one object of a series in Orthanc."""
    (instance,) = series["Instances"]
    data = requests.get(f"{site.url}/instances/{instance}/file", timeout=30).content
    return pydicom.dcmread(io.BytesIO(data))


def test_a_head_comes_back_as_one_mask_in_its_study(site, node, head, tmp_path):
    study = write_dsc(tmp_path / "dsc", head, "one")
    assert site.post("/modalities/node/echo", {}) == {}
    send(site, site.upload(tmp_path / "dsc"))
    (found,) = wait_for(site.masks, "a mask in Orthanc")
    mask = download(site, found)
    assert mask.StudyInstanceUID == study
    assert mask.PatientID == "SECRETone"
    source = read_series(tmp_path / "dsc", frames=[3])
    referred = mask.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    uids = {item.ReferencedSOPInstanceUID for item in referred}
    assert uids == set(source.sop_instance_uids[0])
    # What Orthanc gives back is what the command line makes of the same files.
    from DSCBrainSegLib.pipeline import segment_series

    expected = segment_series(tmp_path / "dsc", "otsu-post").mask
    assert np.array_equal(mask.pixel_array.sum(), expected.sum())
    # The picture for viewers without segmentations lies in the same study.
    (picture,) = wait_for(lambda: site.find("Series", Modality="OT"), "the picture")
    assert download(site, picture).StudyInstanceUID == study
    # Sent again: nothing new.
    send(site, site.find("Series", Modality="MR")[0]["ID"])
    wait_for(lambda: node.series()["sent"] == 1, "the series' end")
    assert len(site.masks()) == 1
    for secret in ("SECRET", study):
        assert secret not in node.log()
    metrics = requests.get(f"http://127.0.0.1:{node.http_port}/metrics", timeout=10).text
    assert "dscbrainseg_masks_sent_total 2\n" in metrics


def test_others_are_left_and_broken_ones_put_aside_with_a_sentence(site, node, head, tmp_path):
    write_other(tmp_path / "other", "two")
    write_broken(tmp_path / "broken", head, "three")
    for name in ("other", "broken"):
        send(site, site.upload(tmp_path / name))
    wait_for(lambda: node.series()["left"] == 1 and node.series()["aside"] == 1, "both ends")
    assert not site.masks()
    assert "Not a DSC series" in node.log() and "cut short" in node.log()
    assert "SECRET" not in node.log()


def test_an_archive_that_is_down_gets_the_mask_when_it_is_back(site, head, tmp_path):
    gone = free_port()
    send_to = {"port": gone, "first_retry_s": 0.5, "last_retry_s": 0.5}
    waiting = NodeProcess(tmp_path, gone, site.node_port, send=send_to)
    waiting.start()
    try:
        write_dsc(tmp_path / "dsc", head, "four")
        send(site, site.upload(tmp_path / "dsc"))
        wait_for(lambda: "is sent again in" in waiting.log(), "a second attempt")
        assert "cannot be reached" in waiting.log()
    finally:
        waiting.stop()
    back = NodeProcess(tmp_path, site.port, site.node_port)
    back.start()
    try:
        wait_for(lambda: len(site.masks()) == 1, "the mask")
    finally:
        back.stop()


def test_storage_commitment_is_answered(site, node, head, tmp_path):
    write_dsc(tmp_path / "dsc", head, "five")
    series = site.upload(tmp_path / "dsc")
    send(site, series)
    asked = site.post("/modalities/node/storage-commitment", {"Resources": [series]})

    def answered():
        report = site.get(f"/storage-commitment/{asked['ID']}")
        return report if report["Status"] != "Pending" else None

    report = wait_for(answered, "the answer")
    assert report["Status"] == "Success", report
    assert len(report["Success"]) == head.frames.shape[0] * head.frames.shape[1]


def test_masks_go_back_by_stow(site, head, tmp_path):
    node = NodeProcess(tmp_path, site.port, site.node_port, send={"url": site.web_url})
    node.start()
    try:
        study = write_dsc(tmp_path / "dsc", head, "six")
        send(site, site.upload(tmp_path / "dsc"))
        (found,) = wait_for(site.masks, "a mask in Orthanc")
        assert download(site, found).StudyInstanceUID == study
        assert wait_for(lambda: node.series()["sent"] == 1, "the series' end")
    finally:
        node.stop()


def test_segment_takes_a_dicomweb_address(site, head, tmp_path):
    from DSCBrainSegLib.cli.main import main

    study = write_dsc(tmp_path / "dsc", head, "seven")
    site.upload(tmp_path / "dsc")
    series = read_series(tmp_path / "dsc", frames=[3]).header["series_instance_uid"]
    address = f"{site.web_url}/studies/{study}/series/{series}"
    command = ["segment", address, "-o", str(tmp_path / "out"), "--method", "otsu-post"]
    assert main([*command, "--format", "dcm-seg", "--format", "nii.gz"]) == 0
    assert pydicom.dcmread(tmp_path / "out" / "mask.dcm").StudyInstanceUID == study
    assert main(["segment", address + ".9", "-o", str(tmp_path / "none")]) == 1
    assert not (tmp_path / "none").exists()


def test_a_node_that_polls_fetches_new_series(site, head, tmp_path):
    import datetime

    study = write_dsc(tmp_path / "dsc", head, "eight")
    for path in (tmp_path / "dsc").glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.StudyDate = f"{datetime.date.today():%Y%m%d}"
        dataset.save_as(path)
    site.upload(tmp_path / "dsc")
    poll = {"url": site.web_url, "every_s": 1.0}
    node = NodeProcess(tmp_path, site.port, site.node_port, poll=poll)
    node.start()
    try:
        (found,) = wait_for(site.masks, "a mask in Orthanc")
        assert download(site, found).StudyInstanceUID == study
    finally:
        node.stop()
