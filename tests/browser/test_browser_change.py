"""The page of a comparison: sorting, choosing a word, and no request to anywhere."""

import pytest
from conftest import requests_of

from w2vtrain.analysis.change import ChangedWord, ChangeReport
from w2vtrain.analysis.explain import Passage
from w2vtrain.show.pictures.change_page import write_change_page

pytestmark = pytest.mark.slow


def word(token, score, count, p, detailed=False):
    details = {}
    if detailed:
        details = {
            "neighbors_a": ("stream", "bank"),
            "neighbors_b": ("disc", "</script>"),
            "passages_a": (Passage(3, ("a", token, "<b>flows</b>"), (1,)),),
            "passages_b": (Passage(4, ("the", token, "sold"), (1,)),),
            "places": ((0, 0), (1, 1), (0.1, 0.2), (0.2, 0.1), (0.9, 1), (1, 0.8)),
        }
    return ChangedWord(token, count, count + 5, score, 0.1, 0.9, 9 * score, p, p, **details)


def write(tmp_path):
    report = ChangeReport(
        a="old <texts>", b="new", tokens_a=1000, tokens_b=1100, units_a=50, units_b=60,
        method="neighbors", min_count=50, cuts=3, level=0.05, tested=4, reported=1,
        by_chance=(0, 1, 0), median_standardized=0.0, cautions=("Careful with this.",),
        words=(word("river", 0.8, 200, 0.01, True), word("album", 0.7, 90, 0.2, True)),
        others=(word("zebra", 0.2, 300, 0.9), word("ant", 0.3, 60, 0.5)),
        bands=((60.0, 0.3, 0.5), (300.0, 0.2, 0.3)),
    )  # fmt: skip
    path = tmp_path / "change.html"
    write_change_page(report, path)
    return path.as_uri()


def tokens(browser):
    cells = browser.find_elements("css selector", "#table tbody tr td:first-child")
    return [cell.text for cell in cells]


def test_the_table_sorts_a_word_shows_its_passages_and_nothing_is_asked_for(browser, tmp_path):
    browser.switch_to.default_content()
    browser.get("about:blank")
    requests_of(browser)
    address = write(tmp_path)
    browser.get(address)
    assert browser.find_element("id", "title").text == "old <texts> (A) and new (B)"
    assert browser.find_element("css selector", ".caution").text == "Careful with this."
    assert tokens(browser) == ["river", "album", "ant", "zebra"]
    heads = {
        head.get_attribute("data-key"): head
        for head in browser.find_elements("css selector", "#table th")
    }
    heads["token"].click()
    assert tokens(browser) == ["album", "ant", "river", "zebra"]
    heads["count_a"].click()
    assert tokens(browser) == ["zebra", "river", "album", "ant"]
    heads["count_a"].click()
    assert tokens(browser) == ["ant", "album", "river", "zebra"]
    assert heads["count_a"].get_attribute("aria-sort") == "ascending"
    browser.find_element("id", "search").send_keys("ALB")
    assert tokens(browser) == ["album"]
    browser.find_element("css selector", "#table tbody tr").click()
    detail = browser.find_element("id", "detail").text
    assert "corrected 0.2000" in detail
    assert "disc, </script>" in detail
    assert "a album <b>flows</b>" in detail
    assert browser.find_element("css selector", "#detail mark").text == "album"
    assert len(browser.find_elements("css selector", "#path circle")) == 6
    assert len(browser.find_elements("css selector", "#scatter circle")) == 4
    browser.find_element("id", "search").clear()
    browser.find_element("id", "search").send_keys("zeb")
    browser.find_element("css selector", "#table tbody tr").click()
    assert "No passages were kept" in browser.find_element("id", "detail").text
    assert requests_of(browser) == [address]
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
