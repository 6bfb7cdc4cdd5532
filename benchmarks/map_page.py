"""How long the HTML map of many words takes to open, and to answer a hover, in headless Chromium.

    python benchmarks/map_page.py [--words 100000] [--hovers 200]

The words are random vectors of 100 numbers, placed by PCA; where they lie changes nothing. Opening
is timed from the request to the first frame that is drawn, a hover from the event to the frame
after it, in the page itself.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from w2vtrain.show.pictures.map_page import write_map_page
from w2vtrain.show.pictures.word_map import map_of
from w2vtrain.vectors.embeddings import Embeddings

OPENED = """
const done = arguments[arguments.length - 1];
requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0));
"""
HOVER = """
const [x, y, done] = arguments, start = performance.now();
canvas.dispatchEvent(new PointerEvent("pointermove", {clientX: x, clientY: y}));
requestAnimationFrame(() => setTimeout(() => done(performance.now() - start), 0));
"""


def main() -> None:
    """Print the size of the page, the time to open it, and the times of the hovers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--hovers", type=int, default=200)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(given.words, 100)).astype(np.float32)
    words = Embeddings([f"word{i}" for i in range(given.words)], vectors)
    options = webdriver.ChromeOptions()
    for switch in ("--headless=new", "--no-sandbox", "--window-size=1400,900"):
        options.add_argument(switch)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "map.html"
        start = time.perf_counter()
        write_map_page(map_of(words, "pca", top=given.words), page, "Many words")
        print(f"written in {time.perf_counter() - start:.1f} s, {page.stat().st_size / 1e6:.1f} MB")
        browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            opened = []
            for _ in range(3):
                browser.get(page.as_uri())
                opened.append(browser.execute_async_script(OPENED) / 1000)
            print(f"opened in {statistics.median(opened):.2f} s, {max(opened):.2f} s at most")
            hovers = [
                browser.execute_async_script(HOVER, int(x), int(y))
                for x, y in rng.uniform((300, 100), (1200, 800), (given.hovers, 2))
            ]
            print(f"a hover {statistics.median(hovers):.0f} ms, {max(hovers):.0f} ms at most")
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
