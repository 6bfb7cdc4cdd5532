"""What `w2v projector` gives away over HTTP, asked as a browser or a hostile page would ask."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import urllib.parse

import pytest

PAGE = "https://projector.tensorflow.org"
CONFIG = "/projector_config.json"


@contextlib.contextmanager
def serving(folder, *options):
    """The command, serving a bundle of three words in `folder`; yields the address it prints."""
    words = folder / "words.txt"
    words.write_text("3 3\nwhale 1 0 0\nship 0 1 0\nsea 0 0 1\n")
    command = [sys.executable, "-m", "w2vtrain", "projector", words, "-o", folder / "bundle"]
    options = ["--no-open", "--no-layout", "--clusters", "0", *options]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A bundle's folder, and the address at which `--serve-config` serves it."""
    folder = tmp_path_factory.mktemp("serving")
    (folder / "secret.txt").write_text("dear to me")
    with serving(folder, "--serve-config") as address:
        page, _, config = address.partition("/?config=")
        assert page == PAGE
        bundle = folder / "bundle"
        (bundle / "private.txt").write_text("dear to me")
        (bundle / "link.txt").symlink_to(folder / "secret.txt")
        yield bundle, urllib.parse.urlsplit(config)


def ask(at, path, method="GET", **headers):
    """Returns the status, headers and body of a request."""
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def test_the_page_on_the_web_reads_the_config_and_the_files_that_it_names(shared):
    bundle, at = shared
    status, headers, body = ask(at, CONFIG, Origin=PAGE)
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, PAGE)
    (entry,) = json.loads(body)["embeddings"]
    for key, name in (("tensorPath", "vectors.bytes"), ("metadataPath", "metadata.tsv")):
        assert entry[key] == f"http://{at.netloc}/{name}"
        status, headers, body = ask(at, f"/{name}", Origin=PAGE)
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, PAGE)
        assert body == (bundle / name).read_bytes()
    status, headers, _ = ask(at, "/vectors.bytes", "OPTIONS", Origin=PAGE)
    assert (status, headers["Access-Control-Allow-Private-Network"]) == (204, "true")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE}.evil.example"])
def test_no_other_site_reads_anything(shared, origin):
    _, at = shared
    for method in ("GET", "OPTIONS"):
        status, headers, body = ask(at, "/vectors.bytes", method, Origin=origin)
        assert status == 403
        assert headers["Access-Control-Allow-Origin"] not in ("*", origin)
        assert b"\x00\x00\x80\x3f" not in body  # 1.0, the first number


def test_a_name_that_is_not_this_machines_is_refused(shared):
    """A site whose own name is made to point here asks under that name."""
    _, at = shared
    for host in ("evil.example", f"evil.example:{at.port}"):
        assert ask(at, CONFIG, Host=host)[0] == 403
    assert ask(at, CONFIG, Host=f"localhost:{at.port}")[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/private.txt", "/link.txt", "/manifest.json", "/../secret.txt", "/%2e%2e/secret.txt"],
)
def test_nothing_but_the_files_of_the_config_is_served(shared, path):
    _, at = shared
    status, _, body = ask(at, path, Origin=PAGE)
    assert status == 404
    assert b"dear to me" not in body
    assert b"private" not in body  # no list of the folder


def test_a_config_that_names_a_link_is_refused(tmp_path):
    from w2vtrain.errors import W2VError
    from w2vtrain.show.projector.server import serve_config

    (tmp_path / "secret.txt").write_text("dear to me")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "link.txt").symlink_to(tmp_path / "secret.txt")
    for name in ("link.txt", "../secret.txt", str(tmp_path / "secret.txt"), "none.txt"):
        config = {"embeddings": [{"tensorName": "t", "tensorPath": name}]}
        (bundle / "projector_config.json").write_text(json.dumps(config))
        with pytest.raises(W2VError, match="no file in its folder"):
            serve_config(bundle)


def test_tensorboards_page_opens_the_projector_at_any_address(tmp_path):
    """Its page opens the first active dashboard, and asks once: "none is active" was the answer."""
    with serving(tmp_path) as address:
        at = urllib.parse.urlsplit(address)
        assert at.fragment == "projector"
        listing = json.loads(ask(at, "/data/plugins_listing")[2])
        assert listing["projector"]["enabled"]
