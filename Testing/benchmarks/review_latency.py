"""Measure how fast the review page follows the mouse, in headless Chromium on this computer.

    python Testing/benchmarks/review_latency.py demo-output

Takes what `dscbrainseg review` takes, with a mask in it. Needs the extra review and playwright.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from review_server import Page, Server, chromium

REPEATS = 20
STILL_MS = 700
"""Longer than the views take to send the still picture after the last change."""

WATCH = """() => {
  const image = document.querySelector('#views .image-display-area');
  window.seen = {};
  const note = name => { window.seen[name] ??= performance.now(); };
  image.addEventListener('load', () => { if (window.seen.asked) note('picture'); });
  for (const event of ['wheel', 'mouseup', 'pointerup'])
    window.addEventListener(event, () => note('asked'), true);
  const size = () => window.trame.state.get('masks').map(mask => mask.voxels).join();
  let known = size();
  setInterval(() => { if (size() !== known) { known = size(); note('counted'); } }, 2);
}"""


def measure(page: Page, act, until: str) -> float:
    """Do something with the mouse and return milliseconds until the page has answered."""
    page.page.wait_for_timeout(STILL_MS)
    page.page.evaluate("window.seen = {}")
    act()
    page.page.wait_for_function(f"window.seen.{until}", polling=20)
    return page.page.evaluate(f"window.seen.{until} - window.seen.asked")


def main(source: Path) -> None:
    """Print medians and the slowest of `REPEATS`."""
    with chromium() as browser, tempfile.TemporaryDirectory() as work:
        server = Server(source, Path(work))
        try:
            page = Page(browser.new_page(viewport={"width": 1500, "height": 940}), server.link())
            page.wait("s('opened') && !s('busy') && s('masks').length")
            page.page.evaluate(WATCH)
            box = page.view_box()
            page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            slices = [
                measure(page, partial(page.page.mouse.wheel, 0, 120 * (-1) ** number), "picture")
                for number in range(REPEATS)
            ]
            page.effect("brush")
            strokes, kept = [], []
            for number in range(REPEATS):
                across = 0.02 + 0.01 * number
                stroke = partial(page.stroke, (across, 0.1), (across + 0.05, 0.16))
                kept.append(measure(page, stroke, "counted"))
                strokes.append(page.page.evaluate("window.seen.picture - window.seen.asked"))
            for name, times in (
                ("slice change, wheel to picture", slices),
                ("stroke, release to picture", strokes),
                ("stroke, release to volume shown and draft kept", kept),
            ):
                print(f"{name}: median {median(times):.0f} ms, slowest {max(times):.0f} ms")
        finally:
            server.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
