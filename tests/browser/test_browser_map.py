"""The interactive map works from a file and asks for nothing."""

import numpy as np
import pytest
from conftest import requests_of, wait_for

from w2vtrain.show.pictures.map_page import write_map_page
from w2vtrain.show.pictures.word_map import map_of
from w2vtrain.vectors.embeddings import Embeddings

pytestmark = pytest.mark.slow
WORDS = ["whale", "Whaler", "</script>", "犬", "naïve", "قطة", *(f"w{i}" for i in range(300))]


VECTORS = np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32)
EMBEDDINGS = Embeddings(WORDS, VECTORS, np.arange(len(WORDS), 0, -1))


def write(tmp_path, **chosen):
    path = tmp_path / "map.html"
    write_map_page(map_of(EMBEDDINGS, "pca", **chosen), path, "A map <1>")
    return path.as_uri()


def found(browser, text):
    box = browser.find_element("id", "search")
    box.clear()
    box.send_keys(text)
    return listed(browser)


def listed(browser):
    names = browser.find_elements("css selector", "#results button span:first-child")
    return [name.text for name in names]


def test_search_finds_words_and_no_request_leaves_the_machine(browser, tmp_path):
    browser.switch_to.default_content()
    browser.get("about:blank")
    requests_of(browser)
    address = write(tmp_path, highlight=["naïve"])
    browser.get(address)
    assert browser.find_element("id", "title").text == "A map <1>"
    assert "306 words, placed by PCA" in browser.find_element("id", "about").text
    assert found(browser, "whale") == ["whale", "Whaler"]
    assert found(browser, "犬") == ["犬"]
    assert found(browser, "</s") == ["</script>"]
    assert found(browser, "nothing here") == []
    found(browser, "whaler")
    browser.find_element("id", "search").send_keys("\n")
    message = wait_for(lambda: browser.find_element("id", "message").text)
    assert message == "Whaler (rank 2, 305 times), its neighbors by cosine:"
    near = [token for token, _ in EMBEDDINGS.most_similar("Whaler", k=8)]
    assert listed(browser) == near
    assert requests_of(browser) == [address]
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_zoom_and_neighbors_on_hover(browser, tmp_path):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    browser.switch_to.default_content()
    browser.get(write(tmp_path))
    before = browser.execute_script("return view.scale")
    canvas = browser.find_element("id", "map")
    ActionChains(browser).scroll_from_origin(ScrollOrigin.from_element(canvas), 0, -400).perform()
    assert wait_for(lambda: browser.execute_script("return view.scale") > before * 1.5)
    browser.execute_script("view = home(); draw()")
    x, y = browser.execute_script("return [screenX(0), screenY(0)]")
    script = (
        "canvas.dispatchEvent(new PointerEvent('pointermove', {clientX: arguments[0], "
        "clientY: arguments[1]})); return tip.innerText.split(/[\\n\\t]+/)"
    )
    word, about, *near = browser.execute_script(script, x, y)
    assert (word, about) == ("whale", "rank 1, 306 times")
    expected = [(token, f"{cosine:.2f}") for token, cosine in EMBEDDINGS.most_similar("whale", k=8)]
    assert list(zip(near[::2], near[1::2], strict=True)) == expected


def test_colors_with_a_legend_light_and_dark(browser, tmp_path):
    browser.switch_to.default_content()
    browser.get(write(tmp_path, clusters=3))
    legend = browser.find_elements("css selector", "#legend button")
    assert [len(button.text.split()) for button in legend] == [4, 4, 4]  # a dot and three words
    legend[1].click()
    pressed = browser.find_elements("css selector", "#legend button[aria-pressed=true]")
    assert len(pressed) == 1
    assert browser.execute_script("return shown") == 1
    background = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(background)
    browser.find_element("id", "theme").click()
    dark = browser.execute_script(background)
    assert dark != light
    browser.find_element("id", "theme").click()
    for name, color in (
        ("dark", dark),
        ("light", light),
    ):  # the page follows the system
        feature = {"name": "prefers-color-scheme", "value": name}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        assert wait_for(lambda wanted=color: browser.execute_script(background) == wanted)
