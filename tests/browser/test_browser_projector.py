"""TensorBoard's own Projector page shows our bundles as they are meant."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from w2vtrain.corpus.vocabulary import Vocabulary
from w2vtrain.run.directory import RunDirectory
from w2vtrain.run.stage import atomic_stage
from w2vtrain.show.projector.bundle import BundleSettings, make_bundle
from w2vtrain.show.projector.check import check
from w2vtrain.show.projector.server import serve_config, serve_tensorboard

from conftest import requests_of, wait_for  # isort: skip

pytestmark = pytest.mark.slow
ODD = ['"quoted"', "007", "1e5", "0x1F", "naïve", "\u3000", "犬", "a\u3000b", "tab\there", "<b>&"]
SHOWN = {
    "007": '"007"',
    "1e5": '"1e5"',
    "0x1F": '"0x1F"',
    "\u3000": '"\u3000"',
    "tab\there": "tab\\there",
}


def make_run(path, tokens, dim=8):
    vectors = np.random.default_rng(0).normal(size=(len(tokens), dim)).astype(np.float32)
    with atomic_stage(RunDirectory(path).model, {}) as folder:
        Vocabulary(tuple(tokens), np.arange(len(tokens), 0, -1)).save(folder / "vocabulary.tsv")
        np.save(folder / "vectors.npy", vectors)
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projector")
    tokens = [*ODD, "whale", "whales", *(f"word{i}" for i in range(88))]
    run = make_run(folder / "run", tokens)
    make_bundle(run, folder / "bundle", BundleSettings(layouts=("pca",), clusters=4))
    return folder / "bundle"


def test_tensorboard_shows_points_labels_and_finds_words(projector_page, bundle):
    shown = projector_page.open_in_tensorboard(serve_tensorboard(bundle)).wait()
    assert shown.counts == (100, 8)
    labels = [SHOWN.get(token, token) for token in ODD]
    assert shown.labels(*range(10), 10, 99) == [*labels, "whale", "word87"]
    assert shown.search("whales") == ("1 matches.", ["whales"])
    assert shown.search("whale") == ("2 matches.", ["whale", "whales"])
    for token in ODD:
        label = SHOWN.get(token, token)
        assert label in shown.search(label)[1]
    assert shown.search("007") == ("1 matches.", ['"007"'])
    addresses = [address for address in requests_of(shown.browser) if address.startswith("http")]
    assert addresses
    assert all(address.startswith("http://127.0.0.1:") for address in addresses)


def test_the_address_without_a_fragment_opens_the_projector_too(projector_page, bundle):
    address = serve_tensorboard(bundle).partition("#")[0]
    assert projector_page.open_in_tensorboard(address).wait().counts == (100, 8)


def test_a_bookmark_places_every_point(projector_page, bundle):
    shown = projector_page.open_in_tensorboard(serve_tensorboard(bundle)).wait()
    tab, places = shown.choose_bookmark(0)
    (state,) = json.loads((bundle / "bookmarks.json").read_bytes())
    assert tab == state["selectedProjection"] == "custom"
    assert places == [[p["linear-x"], p["linear-y"]] for p in state["projections"]]


def test_the_page_alone_reads_the_bundle_from_serve_config(projector_page, lone_page, bundle):
    """As projector.tensorflow.org does, from another address than the files'."""
    config = serve_config(bundle, page=lone_page).partition("?config=")[2]
    shown = projector_page.open_alone(lone_page, config).wait()
    assert shown.counts == (100, 8)
    assert shown.labels(1, 10) == ['"007"', "whale"]


def test_what_the_check_warns_of_is_what_the_page_does(projector_page, lone_page, shared_folder):
    """Labels and first values by hand, on files that are not as they should be."""
    folder, address = shared_folder
    for metadata, labels, kind in (
        ("a\n\nb\nc\n", ["a", "b", "c"], "dropped"),  # the blank line is skipped
        ("a\n\u3000\n007\nc\n", ["a", 7, "c"], "coerced"),
        ("n\tw\n1\ta\n2\tb\n3\tc\n", ["a", "b", "c"], "mangled"),  # labeled by w, not by n
        ("label\na\nb\nc\n", None, "refused"),  # one column has no header: 4 labels, 3 points
    ):
        (folder / "metadata.tsv").write_text(metadata, encoding="utf-8")
        (folder / "vectors.tsv").write_text("1\t2\t0\n3\t4\t1\n5\t6\t2\n")
        entry = {
            "tensorName": "t",
            "tensorShape": [3, 3],
            "tensorPath": f"{address}/vectors.tsv",
            "metadataPath": f"{address}/metadata.tsv",
        }
        (folder / "config.json").write_text(json.dumps({"embeddings": [entry]}))
        shown = projector_page.open_alone(lone_page, f"{address}/config.json")
        if labels is None:
            assert "do not match" in wait_for(shown.errors)
        else:
            assert shown.wait().labels(0, 1, 2) == labels
        assert kind in {finding.kind for finding in check(folder).findings}


def test_the_command_serves_until_it_is_interrupted(projector_page, tmp_path):
    run = make_run(tmp_path / "run", [f"w{i}" for i in range(20)])
    command = [sys.executable, "-m", "w2vtrain", "projector", str(run), "--no-open", "--no-layout"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        shown = projector_page.open_in_tensorboard(address).wait()
        assert shown.counts == (20, 8)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "metadata.tsv" in said


def test_a_hundred_thousand_words(projector_page, tmp_path):
    number = 100_000
    run = make_run(tmp_path / "run", ["whale", *(f"word{i}" for i in range(number - 1))], dim=50)
    make_bundle(run, tmp_path / "b", BundleSettings(layouts=("pca",), clusters=10))
    shown = projector_page.open_in_tensorboard(serve_tensorboard(tmp_path / "b")).wait()
    assert shown.counts == (number, 50)
    assert shown.labels(0, 99_999) == ["whale", "word99998"]
    assert shown.search("whale") == ("1 matches.", ["whale"])
    tab, places = shown.choose_bookmark(0)
    assert tab == "custom"
    assert len(places) == number
    assert all(isinstance(x, float | int) for place in places for x in place)
