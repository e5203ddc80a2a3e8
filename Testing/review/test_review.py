"""The review page in headless Chromium: segment, edit, draw, save, kill, reopen."""

import numpy as np
import pytest
from cohort_factory import MASK, make_cohort, make_series
from review_server import Page, Server, chromium, status

from DSCBrainSegLib.cohort.layout import Cohort

TRUTH = "Ground truth (reader)"
OTSU = "Brain (otsu)"


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """A drawn subject, two undrawn ones and one whose images are damaged."""
    from DSCBrainSegLib.cohort.add import add_subject

    cohort = make_cohort(tmp_path_factory.mktemp("review") / "cohort", names=("drawn",))
    for number, name in enumerate(("first", "second", "third"), start=5):
        add_subject(cohort, name, make_series(number))
    damaged = cohort.subject("third")
    damaged.series.write_bytes(b"NRRD0005\nnonsense")
    return cohort


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Drafts, saved files and logs."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def server(browser, cohort, work):
    """A review of the cohort."""
    started = Server(cohort.folder, work)
    yield started
    started.kill()


@pytest.fixture(scope="module")
def foreign():
    """Addresses of other hosts that a page asked for."""
    return []


@pytest.fixture(scope="module")
def context(browser, server, foreign):
    """A browser that was let in."""
    link = server.link()
    opened = browser.new_context(viewport={"width": 1500, "height": 950})
    own = link.split("/?")[0]

    def look(request):
        if not request.url.startswith((own, own.replace("http", "ws"), "data:", "blob:")):
            foreign.append(request.url)

    opened.on("request", look)
    opened.address, opened.link = own, link
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(context):
    """The page as its first tab."""
    return Page(context.new_page(), context.link)


def test_the_list_shows_states_and_those_to_segment_first(page):
    lines = [(line["name"], line["state"]) for line in page.get("entries")]
    assert lines == [
        ("first", "to segment"),
        ("second", "to segment"),
        ("third", "to segment"),
        ("drawn", "drawn"),
    ]


def test_segment_paint_undo_redo(page):
    page.open("first")
    assert page.get("masks") == []
    page.segment("otsu")
    whole = page.voxels(OTSU)
    assert 0.8 * MASK.sum() < whole < 1.2 * MASK.sum()
    assert page.get("entries")[0]["state"] == "segmented"
    page.effect("brush")
    page.stroke((0.12, 0.12), (0.3, 0.14))
    painted = page.wait_voxels(OTSU, "n > a", whole)
    assert page.get("masks")[0]["edited"]
    page.effect("undo")
    page.wait_voxels(OTSU, "n === a", whole)
    assert not page.get("masks")[0]["edited"]
    page.effect("redo")
    page.wait_voxels(OTSU, "n === a", painted)


def test_an_edited_mask_is_not_overwritten(page):
    edited = page.voxels(OTSU)
    page.page.click("#segment")
    page.wait("s('masks').length === 2 && !s('busy')")
    assert page.voxels(OTSU) == edited
    assert page.voxels(f"{OTSU} 2") != edited


def test_the_slider_shows_another_time_point(page):
    before = page.page.query_selector("#views .layout-grid-item").screenshot()
    assert page.get("frame") == 4
    page.page.focus(".frame-slider .v-slider-thumb")
    for _ in range(3):
        page.page.keyboard.press("ArrowLeft")
    page.wait("s('frame') === 1")
    page.wait("document.querySelector('#frame-text').innerText.startsWith('1 / 5, 0.0 s')")
    page.page.wait_for_timeout(1500)
    assert page.page.query_selector("#views .layout-grid-item").screenshot() != before
    assert page.get("curves").count("<polyline") >= 1


def test_the_curve_at_the_cursor_is_that_of_the_voxel(page):
    box = page.view_box()
    for step in range(6):
        page.page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2)
        page.page.wait_for_timeout(150)
    page.wait("s('cursor_text').includes('row')")
    assert page.get("curves").count("<polyline") == 2


def test_an_outline_is_hidden_in_both_tabs(page, context):
    other = Page(context.new_page(), context.address)
    assert [mask["name"] for mask in other.get("masks")] == [OTSU, f"{OTSU} 2"]
    other.page.click(".mask .eye >> nth=1")
    page.wait("s('masks')[1].visible === false")
    other.page.click(".mask .eye >> nth=1")
    page.wait("s('masks')[1].visible === true")
    other.page.close()


def test_a_removed_mask_comes_back_by_undo(page):
    page.page.click(".mask .remove >> nth=1")
    page.wait("s('masks').length === 1")
    page.effect("undo")
    page.wait(f"s('masks').some(m => m.name === '{OTSU} 2')")


def test_the_curve_is_of_the_chosen_mask(page):
    for name in (f"{OTSU} 2", OTSU):
        page.page.click(f".mask >> text='{name}'")
        page.wait("s('curve_text') === a", name)
    page.wait("s('curves').includes('curve-mask')")


def test_figures_against_a_reference_and_the_light_box(page):
    page.page.click("#measure")
    page.wait("s('figures').length === 1 && !s('busy')")
    dice = float(page.get("figures")[0]["values"][0])
    assert 0.9 < dice < 1
    page.page.click("#light-box")
    page.wait("s('light_box_open') && !s('busy')")
    page.wait("document.querySelector('#light-box-picture').naturalWidth > 500")
    page.page.click("#close-light-box")
    page.wait("!s('light_box_open')")


def test_draw_confirm_and_save_a_ground_truth(page, cohort):
    page.open("second")
    page.page.fill("#reader", "Reader One")
    page.page.click("#start-drawing")
    page.wait(f"s('masks').some(m => m.name === '{TRUTH}')")
    page.page.click("#drawn")
    page.wait("s('alert').includes('is empty; draw it first')")
    page.stroke((0.4, 0.5), (0.6, 0.5))
    drawn = page.wait_voxels(TRUTH, "n > 20")
    page.page.click("#drawn")
    page.wait("s('truth_text').startsWith('Drawn by Reader One')")
    page.page.fill("#second-reader", "reader  one")
    page.page.click("#confirm")
    page.wait("s('alert').includes('it takes another reader')")
    page.page.fill("#second-reader", "Reader Two")
    page.page.click("#confirm")
    page.wait("s('truth_text').includes('confirmed by Reader Two')")
    page.stroke((0.4, 0.6), (0.6, 0.6))
    page.wait_voxels(TRUTH, "n > a", drawn)
    page.wait("s('truth_text').startsWith('Drawn by') && !s('truth_text').includes('confirmed')")
    page.page.click("#confirm")
    page.wait("s('truth_text').includes('confirmed by Reader Two')")
    assert page.get("entries")[1]["unsaved"]
    page.page.click("#save")
    page.page.click("#save-cohort")
    page.wait("s('alert') === 'Saved as second: confirmed.'")
    page.wait("!s('entries')[1].unsaved")
    subject = Cohort.open(cohort.folder).subject("second")
    assert subject.state == "confirmed" and subject.ground_truth.reader == "Reader One"
    assert subject.segmentation is not None
    from DSCBrainSegLib.series import read_series

    assert np.count_nonzero(read_series(subject.mask).frames) == page.voxels(TRUTH)


def test_save_files_and_ask_before_replacing(page, server):
    page.open("first")
    for name in ("save-all", "save-mask"):
        page.page.click("#save")
        page.page.click(f"#{name}")
        page.wait("s('alert').startsWith('Saved as')")
        page.page.evaluate("window.trame.state.set('alert', '')")
    saved = server.output / "first.seg.nrrd"
    assert saved.is_file() and (server.output / "first-otsu-1.nii.gz").is_file()
    saved.write_bytes(b"mine")
    page.page.click("#save")
    page.page.click("#save-all")
    page.wait("s('replace_open')")
    assert saved.read_bytes() == b"mine"
    page.page.click("#replace")
    page.wait("s('alert').startsWith('Saved as')")
    assert saved.read_bytes().startswith(b"NRRD")


def test_a_damaged_series_is_told_and_the_open_one_stays(page):
    page.page.click('.entry:has-text("third")')
    page.wait("s('alert_kind') === 'error' && !s('busy')")
    assert "series.seq.nrrd" in page.get("alert")
    assert page.get("entries")[page.get("chosen")]["name"] == "first"


def test_only_the_link_lets_in_and_only_once(context, server):
    assert status(context.address) == 403
    assert status(context.link) == 403  # it was used
    assert status(f"{context.address}/ws") == 403
    newest = server.link()
    assert newest != context.link
    assert status(newest, Origin="http://elsewhere.example") == 403
    assert status(newest, Host="elsewhere.example") == 403
    assert status(newest.replace("token=", "token=x")) == 403


def test_nothing_is_fetched_from_elsewhere(page, foreign):
    assert foreign == []


def test_a_killed_server_loses_nothing(page, browser, server, cohort, work):
    masks = {mask["name"]: mask["voxels"] for mask in page.get("masks")}
    page.effect("eraser")
    page.stroke((0.4, 0.4), (0.6, 0.5))
    chosen = next(
        mask["name"] for mask in page.get("masks") if mask["id"] == page.get("active_mask")
    )
    left = page.wait_voxels(chosen, "n < a", masks[chosen])
    server.kill()
    again = Server(cohort.folder, work)
    try:
        reopened = Page(browser.new_page(), again.link())
        states = {
            line["name"]: (line["state"], line["unsaved"]) for line in reopened.get("entries")
        }
        assert states["first"] == ("segmented", True)
        assert states["second"] == ("confirmed", False)
        reopened.open("first")
        assert reopened.voxels(chosen) == left
        assert "not saved yet" in reopened.get("alert")
        told = again.interrupt()
    finally:
        again.kill()
    assert "Not saved: first; the next review of it goes on with the draft." in told


def test_cancel_leaves_the_page_live(browser, cohort, work):
    server = Server(cohort.folder, work, slow_worker=True)
    try:
        page = Page(browser.new_page(), server.link())
        page.open("drawn")
        before = page.get("masks")
        page.page.click("#segment")
        page.wait("s('busy') && s('busy_text').startsWith('Segmenting slices')")
        page.page.click(".mask .eye >> nth=0")
        page.wait("s('masks')[0].visible === false")
        page.page.click("#cancel")
        page.wait("!s('busy')")
        assert page.get("alert") == "Cancelled; nothing was changed."
        assert [mask["voxels"] for mask in page.get("masks")] == [mask["voxels"] for mask in before]
    finally:
        server.kill()
