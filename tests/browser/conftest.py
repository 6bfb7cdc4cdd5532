"""A headless Chromium, and the Projector's page in it: the tests here see what users see."""

import json
import os
import shutil
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

# Without these the page only says that WebGL is not enabled: there is no graphics card here.
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--window-size=1400,900",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
]

DEEP = """
function deep(root, selector) {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const e of root.querySelectorAll('*')) {
    const inner = e.shadowRoot && deep(e.shadowRoot, selector);
    if (inner) return inner;
  }
  return null;
}
const projector = () => deep(document, 'vz-projector');
"""


def _program(variable, *names):
    return os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)


def _unavailable(reason):
    """Skips; where Chromium is known to be there (`.ci/run` says so), fails."""
    if os.environ.get("W2V_BROWSER") == "required":
        pytest.fail(f"W2V_BROWSER is required, but: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="module")  # a page left open would draw all through the other tests
def browser():
    """A Selenium driver of headless Chromium."""
    try:
        import selenium.common.exceptions
    except ImportError:
        _unavailable("selenium is not installed")
    chromium = _program("CHROMIUM", "chromium", "chromium-browser", "google-chrome")
    if chromium is None:
        _unavailable("no Chromium here: apt-get install chromium chromium-driver")
    driver = _program("CHROMEDRIVER", "chromedriver", "/usr/lib/chromium/chromedriver")
    if driver is None:
        _unavailable("no ChromeDriver here: apt-get install chromium-driver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    try:
        chrome = webdriver.Chrome(options=options, service=Service(driver))
    except selenium.common.exceptions.WebDriverException as error:
        _unavailable(f"Chromium does not start here: {error.msg}")
    yield chrome
    chrome.quit()


def wait_for(check, seconds=60):
    """Returns the first true answer of `check`, or fails."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = check()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"nothing after {seconds} s")


def requests_of(browser):
    """Returns the addresses that the page has asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


class ProjectorPage:
    """What a user does on the Projector's page."""

    def __init__(self, browser):
        self.browser = browser

    def run(self, script, *arguments):
        return self.browser.execute_script(DEEP + script, *arguments)

    def open_in_tensorboard(self, address):
        from selenium.webdriver.support import expected_conditions
        from selenium.webdriver.support.wait import WebDriverWait

        self.browser.switch_to.default_content()
        self.browser.get("about:blank")
        self.browser.get(address)
        for _ in range(2):  # TensorBoard's frame for plugins, and the Projector's in it
            there = expected_conditions.frame_to_be_available_and_switch_to_it(
                ("tag name", "iframe")
            )
            WebDriverWait(self.browser, 30).until(there)
        return self

    def open_alone(self, page, config):
        """The page as it stands on the web, outside TensorBoard: it fetches the files itself."""
        self.browser.switch_to.default_content()
        self.browser.get("about:blank")
        self.browser.get(f"{page}?config={config}")
        wait_for(lambda: self.run("return !!customElements.get('vz-projector')"))
        return self

    def wait(self):
        """Waits until points are there and the first view is computed."""
        wait_for(lambda: self.run("const p = projector(); return p && p.projection != null"), 150)
        return self

    @property
    def counts(self):
        text = "return ['numDataPoints', 'dim'].map(n => +deep(document, 'span.' + n).innerText)"
        return tuple(self.run(text))

    def labels(self, *points):
        """The labels that the page draws at points."""
        label = "projector().dataSet.points[i].metadata[projector().selectedLabelOption]"
        return self.run(f"return arguments[0].map(i => {label})", points)

    def errors(self):
        script = "const e = deep(document, '.notify-msg.error'); return e ? e.innerText : ''"
        return self.run(script)

    def search(self, text):
        """Types into the search box; returns the page's message and the labels it selects."""
        box = self.run("return deep(deep(document, '#search-box').shadowRoot, 'input')")
        self.run(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true, composed: true}));",
            box,
            text,
        )
        message = "return deep(deep(document, '#search-box').shadowRoot, '.info').innerText"
        return self.run(message), self.labels(*self.run("return projector().selectedPointIndices"))

    def choose_bookmark(self, number):
        """Clicks a bookmark's button; returns its projection and where the first points are."""
        button = wait_for(
            lambda: self.run(
                "const panel = deep(document, 'vz-projector-bookmark-panel').shadowRoot;"
                "const row = panel.querySelectorAll('.state-radio')[arguments[0]];"
                "return row && row.querySelector('paper-icon-button')",
                number,
            )
        )
        self.run("arguments[0].click()", button)
        return self.run(
            "const p = projector(); const keys = p.projection.projectionComponents.slice(0, 2);"
            "return [p.projection.projectionType, p.dataSet.points.map(d => keys.map(k =>"
            "d.projections[k]))]"
        )


@pytest.fixture
def projector_page(browser):
    return ProjectorPage(browser)


def serve_folder(folder):
    """Starts a server on a folder that any page may read; returns it and its address."""

    class Files(SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Access-Control-Allow-Origin", "*")
            super().end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Files(*a, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def shared_folder(tmp_path):
    """A folder, and the address at which any page may read it."""
    server, address = serve_folder(tmp_path)
    yield tmp_path, address
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def lone_page(tmp_path_factory):
    """The address of the Projector's page outside TensorBoard, made of TensorBoard's own script."""
    from tensorboard.plugins import projector

    folder = tmp_path_factory.mktemp("page")
    home = Path(projector.__file__).parent / "tf_projector_plugin"
    shutil.copy(home / "projector_binary.js", folder)
    (folder / "page.html").write_text(
        "<!DOCTYPE html><style>html, body { height: 100%; margin: 0 }</style>"
        '<vz-projector serving-mode="demo" projector-config-json-path=""></vz-projector>'
        '<script src="projector_binary.js"></script>'
    )
    server, address = serve_folder(folder)
    yield f"{address}/page.html"
    server.shutdown()
    server.server_close()
