"""The report's page works from a file, asks for nothing, and holds a map that can be searched."""

import numpy as np
import pytest
from conftest import requests_of, wait_for

from w2vtrain.show.pictures.map_page import map_page
from w2vtrain.show.pictures.word_map import draw_map, map_of
from w2vtrain.show.report.document import Frame, Paragraph, Picture, Section, Table, to_html
from w2vtrain.vectors.embeddings import Embeddings

pytestmark = pytest.mark.slow


def test_the_page_holds_its_map_and_asks_for_nothing(browser, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
    chart = map_of(Embeddings([f"w{i}" for i in range(40)], vectors), "pca", clusters=3)
    draw_map(chart, [tmp_path / "map.png"])
    picture = Picture(tmp_path / "map.png", tmp_path / "map.png", "A map")
    sections = [
        Section("Map", [Frame(map_page(chart, "words"), picture), Paragraph("<b> & more")]),
        Section("Table", [Table(("word", "n"), [("w1", 1234)])]),
    ]
    path = tmp_path / "report.html"
    path.write_text(to_html("A report", sections), encoding="utf-8")
    browser.switch_to.default_content()
    browser.get("about:blank")
    requests_of(browser)
    browser.get(path.as_uri())
    assert browser.find_element("css selector", "#map p").text == "<b> & more"
    assert browser.find_element("css selector", "#table .number:nth-child(2)").text == "n"
    browser.switch_to.frame(browser.find_element("tag name", "iframe"))
    browser.find_element("id", "search").send_keys("w39")
    names = "#results button span:first-child"
    assert wait_for(lambda: browser.find_elements("css selector", names))[0].text == "w39"
    browser.switch_to.default_content()
    asked = [a for a in requests_of(browser) if not a.startswith(("data:", "about:"))]
    assert asked == [path.as_uri()]
    assert [e for e in browser.get_log("browser") if e["level"] == "SEVERE"] == []
