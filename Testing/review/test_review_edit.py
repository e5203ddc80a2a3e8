"""Slicer's effects, keys, window and level, and what the page may load, in headless Chromium."""

import json

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, make_series
from review_server import Page, Server, chromium

from DSCBrainSegLib.series import write_mask, write_nifti

NAME, OTHER = "Brain (otsu)", "Brain (aabl)"
FRAME = ((0.35, 0.35), (0.65, 0.35), (0.65, 0.65), (0.35, 0.65), (0.35, 0.35))
"""Around the middle of the axial view."""

CORNER = tuple((0.4 * x - 0.1, 0.4 * y - 0.1) for x, y in FRAME)
"""Apart from the ball."""


@pytest.fixture(scope="module")
def mask():
    """The ball and, apart from it, an island of 8 voxels."""
    mask = MASK.copy()
    mask[:2, :2, :2] = True
    return mask


@pytest.fixture(scope="module")
def other_mask(mask):
    """The lower slices of the first mask, and a few voxels beside it."""
    other = mask.copy()
    other[len(mask) // 2 :] = False
    other[0, -3:, -3:] = True
    return other


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A result with its series; drafts, saved files and logs."""
    return tmp_path_factory.mktemp("edit")


@pytest.fixture(scope="module")
def server(work, mask, other_mask):
    """A review of the result."""
    folder = work / "result"
    (folder / "images").mkdir(parents=True)
    write_nifti(folder / "images" / "perfusion.nii.gz", make_series(1).frames, AFFINE, 1.5)
    write_mask(folder / "mask.nii.gz", mask, AFFINE)
    write_mask(folder / "mask-aabl.nii.gz", other_mask, AFFINE)
    (folder / "segment.json").write_text(json.dumps({"method": "otsu", "frame": {"number": 2}}))
    started = Server(folder, work)
    yield started
    started.kill()


@pytest.fixture(scope="module")
def reported():
    """What the browser's console called an error, and what the server did not answer well."""
    return []


@pytest.fixture(scope="module")
def page(server, reported):
    """The series is open."""
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 1500, "height": 950})
        tab.on("console", lambda said: reported.append(said.text) if said.type == "error" else None)
        tab.on("response", lambda got: reported.append(got.url) if got.status >= 400 else None)
        opened = Page(tab, server.link())
        opened.wait("s('opened') && !s('busy') && s('masks').length === 2")
        yield opened


@pytest.fixture
def voxels(page, mask):
    """The voxel count, which is the same again after the test: undo restores it."""
    count = int(mask.sum())
    assert page.voxels(NAME) == count
    yield count
    page.page.keyboard.press("Control+z")
    page.wait_voxels(NAME, "n === a", count)
    page.effect("cursor-default")


def test_dragging_adjusts_window_and_level(page, mask):
    low, high = page.get("window")
    page.stroke((0.4, 0.5), (0.6, 0.5))
    page.wait("s('window')[1] - s('window')[0] > a", high - low + 1)
    wide = page.steady("window")
    page.stroke((0.5, 0.6), (0.5, 0.4))
    page.wait("s('window')[0] + s('window')[1] > a", sum(wide) + 1)
    before = page.steady("window")
    page.wait("document.querySelector('#window-text').innerText === a", shown(page))
    page.page.focus(".frame-slider .v-slider-thumb")
    page.page.keyboard.press("ArrowRight")
    page.wait("s('frame') === 3 && s('frame_time').includes('3.0')")
    assert page.get("window") == before, "another time point is seen through the same window"
    page.page.click("#auto-window")
    page.wait("s('window')[1] < a", before[1])
    frame = make_series(1).frames[2]
    assert np.allclose(page.get("window"), np.percentile(frame, (1.0, 99.5)), atol=0.1)
    assert page.voxels(NAME) == mask.sum()


def test_a_region_drawn_with_ctrl_sets_window_and_level(page):
    low = page.get("window")[0]
    page.page.keyboard.down("Control")
    page.stroke((0.45, 0.45), (0.55, 0.55))
    page.page.keyboard.up("Control")
    page.wait("s('window')[0] > a", low + 500)
    inside = page.steady("window")
    assert 800 < inside[0] < inside[1] < 1000, "the ball alone"
    page.page.click("#auto-window")
    page.wait("s('window')[0] < a", inside[0] - 500)


@pytest.mark.parametrize(
    ("view", "along", "count"),
    [
        ("Axial", "slice", MASK.shape[0]),
        ("Coronal", "row", MASK.shape[1]),
        ("Sagittal", "column", MASK.shape[2]),
    ],
)
def test_the_wheel_and_the_number_of_the_slice(page, view, along, count):
    number = int(page.get(f"slice_{view}").split()[1])
    assert page.get(f"slice_{view}") == f"{along} {number} of {count}"
    page.page.hover(f".layout-grid-item:has-text('{view}')")
    for turn in (-1, 1):
        before = page.get(f"slice_{view}")
        page.page.mouse.wheel(0, 120 * turn)
        page.wait("s('slice_' + a[0]) !== a[1]", [view, before])
        moved = page.get(f"slice_{view}")
        assert moved.startswith(f"{along} ") and moved.endswith(f" of {count}")
        assert abs(int(moved.split()[1]) - number) == (turn < 0)


def shown(page) -> str:
    """What the page has to write of window and level."""
    low, high = page.get("window")
    return page.page.evaluate(
        "([low, high]) => `W ${(high - low).toFixed(0)} L ${((low + high) / 2).toFixed(0)}`",
        [low, high],
    )


def test_keys_undo_and_redo(page, voxels):
    keys = page.page.keyboard
    window = page.get("window")
    page.effect("brush")
    page.stroke((0.3, 0.1), (0.5, 0.1))
    painted = page.wait_voxels(NAME, "n > a", voxels)
    assert page.get("window") == window, "the button paints now"
    for again in ("Control+y", "Control+Shift+z"):
        keys.press("Control+z")
        page.wait_voxels(NAME, "n === a", voxels)
        keys.press(again)
        page.wait_voxels(NAME, "n === a", painted)
    page.page.fill("#reader", "Reader One")
    keys.press("Control+z")
    eye = f".mask:has-text('{NAME}') .eye"
    for is_visible in ("false", "true"):
        page.page.click(eye)
        page.wait(f"s('masks').find(m => m.name === '{NAME}').visible === {is_visible}")
    page.page.wait_for_timeout(300)
    assert page.voxels(NAME) == painted, "the key was for the text"
    page.page.evaluate("document.activeElement.blur()")


def test_scissors_erase_what_they_surround(page, voxels):
    page.effect("content-cut")
    page.page.wait_for_selector("text=Erase Inside")
    page.stroke(*FRAME)
    left = page.wait_voxels(NAME, "n < a", voxels)
    assert left > 8, "the border of the ball is left"


def test_scissors_fill_what_they_surround(page, voxels):
    page.effect("content-cut")
    page.page.click("text=Fill Inside")
    page.stroke(*[(x - 0.3, y - 0.3) for x, y in FRAME])
    page.wait_voxels(NAME, "n > a", voxels)


def test_islands_keep_the_largest(page, voxels):
    page.effect("scatter-plot")
    page.page.click("text=Keep largest")
    page.page.click("button:visible:has-text('Apply')")
    page.wait_voxels(NAME, "n === a", voxels - 8)


def test_smoothing_rounds_the_mask(page, voxels):
    page.effect("square-rounded-outline")
    kernel = page.page.get_by_label("Kernel size (mm)").first
    kernel.click()
    kernel.fill("16")
    kernel.press("Tab")
    page.wait("s('SmoothingState__kernel_size') === 16")
    page.page.click("button:visible:has-text('Apply')")
    assert page.wait_voxels(NAME, "n !== a", voxels) > 0.8 * MASK.sum()


def test_threshold_takes_what_is_bright(page, voxels):
    page.effect("auto-fix")
    page.page.click("button:visible:has-text('Apply')")
    page.wait_voxels(NAME, "n === a", int(MASK.sum()))


def test_painting_between_intensities_is_seen_and_ends(page, voxels):
    page.effect("auto-fix")
    page.page.click("button:visible:has-text('Use as mask')")
    page.page.wait_for_selector("#intensity-limits")
    page.effect("eraser")
    page.stroke((0.4, 0.5), (0.6, 0.5))
    page.wait_voxels(NAME, "n < a", voxels)
    page.page.click("#intensity-limits input")
    page.page.wait_for_selector("#intensity-limits", state="detached")


def operate(page, operator):
    """Apply a logical operator, with the other mask where it takes one."""
    page.effect("vector-intersection")
    page.page.click(".v-select:has-text('Logical Operator')")
    page.page.click(f".v-overlay--active .v-list-item-title:text-is('{operator}')")
    if operator in ("Copy", "Add", "Subtract", "Intersect"):
        page.page.click(".v-select:has-text('Reference segment')")
        page.page.click(f".v-overlay--active .v-list-item-title:text-is('{OTHER}')")
    page.page.click("button:visible:has-text('Apply')")


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("Copy", lambda mask, other: other),
        ("Add", lambda mask, other: mask | other),
        ("Subtract", lambda mask, other: mask & ~other),
        ("Intersect", lambda mask, other: mask & other),
        ("Invert", lambda mask, other: ~mask),
        ("Clear", lambda mask, other: mask & False),
        ("Fill", lambda mask, other: mask | True),
    ],
)
def test_logical_operators(page, voxels, mask, other_mask, operator, expected):
    operate(page, operator)
    page.wait_voxels(NAME, "n === a", int(expected(mask, other_mask).sum()))
    assert page.voxels(OTHER) == other_mask.sum()


def test_a_copy_of_a_mask_is_edited_without_the_other(page, voxels, other_mask):
    count = int(other_mask.sum())
    operate(page, "Copy")
    page.wait_voxels(NAME, "n === a", count)
    page.effect("brush")
    page.stroke((0.3, 0.1), (0.5, 0.1))
    page.wait_voxels(NAME, "n > a", count)
    assert page.voxels(OTHER) == count
    page.page.keyboard.press("Control+z")
    page.wait_voxels(NAME, "n === a", count)


def test_drawing_fills_an_outline_on_one_slice_and_scissors_on_all(page, voxels, mask):
    page.effect("draw")
    page.stroke(*CORNER)
    drawn = page.wait_voxels(NAME, "n > a", voxels) - voxels
    page.page.keyboard.press("Control+z")
    page.wait_voxels(NAME, "n === a", voxels)
    page.effect("content-cut")
    page.page.click("text=Fill Inside")
    page.stroke(*CORNER)
    filled = page.wait_voxels(NAME, "n > a", voxels) - voxels
    assert drawn < filled / (len(mask) / 2), "two outlines by hand differ by some voxels"


def test_the_ball_brush_paints_into_neighbouring_slices(page, voxels):
    ball = "button:visible:has(.mdi-sphere)"
    page.effect("brush")
    size = page.page.locator(f".v-slider:visible:near({ball}) .v-slider-thumb").first
    for _ in range(10):
        size.press("ArrowRight")
    page.stroke((0.1, 0.1), (0.2, 0.1))
    flat = page.wait_voxels(NAME, "n > a", voxels)
    page.page.keyboard.press("Control+z")
    page.wait_voxels(NAME, "n === a", voxels)
    page.page.click(ball)
    page.stroke((0.1, 0.1), (0.2, 0.1))
    page.wait_voxels(NAME, "n > a", flat)
    page.page.click(ball)


def test_the_browser_reports_no_error(page, reported):
    icon = page.page.evaluate("document.querySelector('link[rel~=icon]').href")
    assert icon.startswith("data:image/svg+xml")
    assert reported == []


def test_the_page_talks_to_its_own_server_only(page, server):
    told = """address => new Promise(tell => {
      document.addEventListener('securitypolicyviolation',
        event => tell([event.effectiveDirective, event.blockedURI]), { once: true });
      if (address.startsWith('ws')) new WebSocket(address); else fetch(address).catch(() => {});
    })"""
    for address in ("ws://127.0.0.1:1/ws", "ws://elsewhere.example/", "http://elsewhere.example/"):
        directive, blocked = page.page.evaluate(told, address)
        assert directive == "connect-src" and address.startswith(blocked)
    policy = page.page.request.get(page.page.url).headers["content-security-policy"]
    own = page.page.url.split("/")[2]
    assert f"connect-src 'self' ws://{own} data: blob:;" in policy


def test_a_second_review_of_the_series_is_refused_until_the_first_ends(page, server, work):
    left = page.voxels(NAME)
    second = Server(work / "result", work)
    try:
        other = Page(page.page.context.browser.new_page(), second.link())
        other.wait("s('alert').includes('open in another review') && !s('busy')")
        assert not other.get("opened")
        server.kill()
        other.open(other.get("entries")[0]["name"])
        assert other.voxels(NAME) == left
    finally:
        second.kill()
