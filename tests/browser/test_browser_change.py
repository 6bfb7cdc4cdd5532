"""The page of a comparison: sorting, choosing a word, and no request to anywhere."""

import pytest
from conftest import requests_of

from w2vtrain.analysis.change import ChangedWord, ChangeReport
from w2vtrain.analysis.change.report import CurvePoint, Slice
from w2vtrain.analysis.explain import Passage
from w2vtrain.show.pictures.change_page import write_change_page

pytestmark = pytest.mark.slow


def word(token, score, count, p, detailed=False, slices=2):
    details = {}
    if detailed:
        near = (("stream", "bank"), ("disc", "</script>"), ("hill",))
        texts = (("a", token, "<b>flows</b>"), ("the", token, "sold"), ("up", token))
        places = ((0, 0), (1, 1), (0.1, 0.2), (0.2, 0.1), (0.9, 1), (1, 0.8), (0.5, 0.6), (0.3, 1))
        details = {
            "neighbors": near[:slices],
            "passages": tuple((Passage(3, text, (1,)),) for text in texts[:slices]),
            "places": places[: slices + sum(map(len, near[:slices]))],
        }
    curve = tuple(
        CurvePoint(letter, score, 0.1, 0.9, 0.2, 0.4, 9 * score) for letter in "BC"[: slices - 1]
    )
    counts = (count, count + 5, count + 9)[:slices]
    z = 9 * score
    return ChangedWord(token, counts, score, 0.1, 0.9, z, "B", p, p, curve, **details)


def write(tmp_path, slices=2):
    parts = (("A", "old <texts>", 1000, 50), ("B", "new", 1100, 60), ("C", "newest", 900, 55))
    report = ChangeReport(
        slices=tuple(Slice(*part) for part in parts[:slices]), order="slices",
        method="neighbors", min_count=50, cuts=3, level=0.05, tested=4, reported=1,
        by_chance=(0, 1, 0), detectable=0.9, median_standardized=0.0,
        cautions=("Careful with this.",),
        words=(
            word("river", 0.8, 200, 0.01, True, slices), word("album", 0.7, 90, 0.2, True, slices)
        ),
        others=(
            word("zebra", 0.2, 300, 0.9, False, slices), word("ant", 0.3, 60, 0.5, False, slices)
        ),
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
    assert browser.find_element("id", "title").text == "old <texts> (A), new (B)"
    assert browser.find_element("css selector", ".caution").text == "Careful with this."
    assert tokens(browser) == ["river", "album", "ant", "zebra"]
    heads = {
        head.get_attribute("data-key"): head
        for head in browser.find_elements("css selector", "#table th")
    }
    heads["token"].click()
    assert tokens(browser) == ["album", "ant", "river", "zebra"]
    heads["count_A"].click()
    assert tokens(browser) == ["zebra", "river", "album", "ant"]
    heads["count_A"].click()
    assert tokens(browser) == ["ant", "album", "river", "zebra"]
    assert heads["count_A"].get_attribute("aria-sort") == "ascending"
    browser.find_element("id", "search").send_keys("ALB")
    assert tokens(browser) == ["album"]
    browser.find_element("css selector", "#table tbody tr").click()
    detail = browser.find_element("id", "detail").text
    assert "corrected 0.2000" in detail
    assert "disc, </script>" in detail
    assert "a album <b>flows</b>" in detail
    assert browser.find_element("css selector", "#detail mark").text == "album"
    assert len(browser.find_elements("css selector", "#path circle")) == 6
    assert not browser.find_elements("id", "curve")  # of two texts there is no way to show
    assert len(browser.find_elements("css selector", "#scatter circle")) == 4
    browser.find_element("id", "search").clear()
    browser.find_element("id", "search").send_keys("zeb")
    browser.find_element("css selector", "#table tbody tr").click()
    assert "No passages were kept" in browser.find_element("id", "detail").text
    assert requests_of(browser) == [address]
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_three_slices_have_a_curve_a_word_and_a_path_through_all(browser, tmp_path):
    browser.switch_to.default_content()
    browser.get(write(tmp_path, 3))
    heads = [cell.text for cell in browser.find_elements("css selector", "#table th")]
    assert heads[-3:] == ["count A", "count B", "count C"]
    browser.find_element("css selector", "#table tbody tr").click()
    assert len(browser.find_elements("css selector", "#curve circle")) == 2
    assert len(browser.find_elements("css selector", "#path circle")) == 3 + 5
    path = browser.find_element("css selector", "#path polyline").get_attribute("points")
    assert len(path.split()) == 3
    assert "in C: newest" in browser.find_element("id", "detail").text
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
