"""The documentation site: built strictly, walked in a browser, without another host or a server."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

from conftest import requests_of, serve_folder, wait_for  # noqa: E402


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site; a warning is an error, as for `make docs`."""
    for name in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    built = subprocess.run([*command, ROOT / "docs", folder], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def errors_of(browser):
    """The page's console errors since the last call."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_every_page_opens_without_another_host_or_an_error(site, browser):
    server, address = serve_folder(site)
    host = urlsplit(address).netloc
    try:
        browser.get(f"{address}/index.html")
        requests_of(browser), errors_of(browser)
        browser.get(f"{address}/index.html")
        links = browser.execute_script(
            "return [...document.querySelectorAll('.sidebar-tree a.reference.internal')]"
            ".map(a => a.href)"
        )
        assert len(links) >= 15
        for link in links:
            browser.get(link)
            assert browser.execute_script("return document.querySelector('h1').innerText")
            broken = browser.execute_script(
                "return [...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
            )
            assert broken == []
        hosts = {urlsplit(url).netloc for url in requests_of(browser) if url.startswith("http")}
        assert hosts == {host}
        assert errors_of(browser) == []
    finally:
        server.shutdown()
        server.server_close()


def test_search_finds_a_word_from_the_disk(site, browser):
    browser.get((site / "search.html").as_uri() + "?q=subsampling")
    titles = "return [...document.querySelectorAll('#search-results li a')].map(a => a.innerText)"
    wait_for(lambda: "How training works" in " ".join(browser.execute_script(titles)))
    assert all(not url.startswith("http") for url in requests_of(browser))


def test_the_first_python_example_of_the_recipes_does_what_it_says(tmp_path):
    text = (ROOT / "docs" / "recipes.md").read_text("utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(eval(done.stdout.splitlines()[-1])) == {"pear", "plum"}
