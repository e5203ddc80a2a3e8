"""The review of a phantom with a result beside it: quality, network, kill, another address."""

import json
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
from places import REPOSITORY
from review_server import Page, Server, chromium, status

OTSU, TRUTH = "Brain (otsu)", "Ground truth (reader)"
METHOD = "network"
REASON = "The outline leaves the head."


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def phantom(tmp_path_factory):
    """A DICOM series with its exact truth and what a run of the command line left."""
    pytest.importorskip("nilearn", reason="the phantom's head comes with nilearn")
    folder = tmp_path_factory.mktemp("phantom") / "Köpf 1"
    size = ["--frames", "8", "--matrix", "64", "--slices", "10"]
    command = [sys.executable, "-m", "DSCBrainSegLib", "simulate", str(folder), *size]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    shutil.copy(folder / "truth" / "mask.nii.gz", folder / "mask.nii.gz")
    facts = {
        "method": "otsu",
        "frame": {"number": 2},
        "warnings": ["Something is unusual."],
        "quality": {
            "confidence": 0.5,
            "warnings": ["Something is unusual."],
            "per_slice_confidence": [None] * 10,
            "slices_to_check": [{"slice": 2, "confidence": 0.25, "reasons": [REASON]}],
        },
    }
    (folder / "segment.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Drafts, saved files and logs."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def server(browser, phantom, work):
    """A review of the phantom."""
    started = Server(phantom, work)
    yield started
    started.kill()


@pytest.fixture(scope="module")
def page(browser, server):
    """The only series is open."""
    opened = Page(browser.new_page(viewport={"width": 1500, "height": 950}), server.link())
    opened.wait("s('opened') && !s('busy')")
    return opened


def test_the_result_opens_with_its_masks_and_time_point(page, phantom):
    from DSCBrainSegLib.series import read_series

    voxels = np.count_nonzero(read_series(phantom / "truth" / "mask.nii.gz").frames)
    assert {mask["name"]: mask["voxels"] for mask in page.get("masks")} == {
        OTSU: voxels,
        TRUTH: voxels,
    }
    assert (page.get("frame"), page.get("frame_count")) == (2, 8)
    assert page.get("truth_text") == "Simulated, exact."


def test_a_click_on_a_slice_to_check_shows_it(page):
    assert "50 %" in page.get("check_title") and page.get("warnings") == ["Something is unusual."]
    assert page.get("slice_Axial") != "slice 3 of 10"
    entry = page.page.query_selector(".to-check")
    assert "Slice 3" in entry.inner_text() and REASON in entry.inner_text()
    entry.click()
    page.wait("s('slice_Axial') === 'slice 3 of 10'")


def test_segment_the_phantom_and_paint(page):
    page.segment(METHOD)
    page.page.click("#measure")
    page.wait("s('figures').length === 2 && !s('busy')")
    dice = {row["name"]: float(row["values"][0]) for row in page.get("figures")}
    assert dice["otsu"] == 1 and 0.85 < dice[METHOD] < 1
    name = f"Brain ({METHOD})"
    page.page.click(f".mask >> text='{name}'")
    before = page.voxels(name)
    page.effect("brush")
    page.stroke((0.05, 0.1), (0.25, 0.1))
    page.wait_voxels(name, "n > a", before)
    page.wait("s('figures_stale')")
    assert page.voxels(TRUTH) == page.voxels(OTSU), "a stroke changes the chosen mask only"


def test_killed_while_segmenting_and_reopened_for_other_computers(page, browser, phantom, server):
    left = [(mask["name"], mask["voxels"]) for mask in page.get("masks")]
    page.page.click("#segment")
    page.wait("s('busy')")
    server.kill()
    again = Server(phantom, server.output.parent, "--host", "0.0.0.0")
    try:
        link = again.link()
        assert "Other computers can reach this review" in again.text
        port, token = link.rsplit(":", 1)[1].split("/?")
        address = f"http://{socket.gethostbyname(socket.gethostname())}:{port}"
        assert status(address) == status(f"{address}/ws") == 403
        assert status(f"{address}/?token=guessed") == 403
        assert status(f"{address}/?{token}", Origin="http://elsewhere.example") == 403
        reopened = Page(browser.new_page(), f"{address}/?{token}")
        assert status(f"{address}/?{token}") == 403, "the link was used"
        reopened.wait("s('opened') && !s('busy')")
        assert [(mask["name"], mask["voxels"]) for mask in reopened.get("masks")] == left
        assert "not saved yet" in reopened.get("alert")
    finally:
        again.kill()
