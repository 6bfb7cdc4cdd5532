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
from w2vtrain.show.projector import page
from w2vtrain.show.projector.bundle import BundleSettings, make_bundle
from w2vtrain.show.projector.server import serve_config, serve_tensorboard

from conftest import requests_of  # isort: skip

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


def test_a_bookmark_places_every_point(projector_page, bundle):
    shown = projector_page.open_in_tensorboard(serve_tensorboard(bundle)).wait()
    tab, places = shown.choose_bookmark(0)
    (state,) = json.loads((bundle / "bookmarks.json").read_bytes())
    assert tab == state["selectedProjection"] == "custom"
    assert places == [[p["linear-x"], p["linear-y"]] for p in state["projections"]]


def test_the_page_alone_reads_the_bundle_from_serve_config(projector_page, lone_page, bundle):
    """As projector.tensorflow.org does, from another address than the files'."""
    config = serve_config(bundle).partition("?config=")[2]
    shown = projector_page.open_alone(lone_page, config).wait()
    assert shown.counts == (100, 8)
    assert shown.labels(1, 10) == ['"007"', "whale"]


NUMBERS = ["Infinity", "-Infinity", ".5", "5.", "+3", "1e400", "0b11", "0o17", "1_0", "NaN", "1e-7"]
METADATA = {
    "header": "token\tn\n007\t1\nb\t 2 \n",
    "one column": "a\n1e5\n\u3000\n0x1F\n\u0085\n\ufeff\nc\u3000\n",
    "short and long rows": "a\tb\tc\nx\ny\t\t\t\nz\t1\t2\t3\n",
    "carriage returns": "a\tb\r\nx\t5\r\n",
    "no line end": "a\nb",
    "blank header": "\n \na\tb\n1\t2\n",
    "odd names": "constructor\t__proto__\tb\nx\ty\t-0\n",
    "numbers": "a\tb\n" + "".join(
        f"x\t{n}\n" for n in NUMBERS
    ),
    "edge": "a" * 999_998 + "\né\n" + "b" * 999_990 + "\n犬犬犬犬\n",
}  # fmt: skip


@pytest.mark.slow
def test_the_replayed_parser_is_the_pages(projector_page, lone_page, shared_folder):
    """The real page, on files that are not as they should be, against `page.parse_metadata`."""
    folder, address = shared_folder
    for name, text in METADATA.items():
        (folder / "metadata.tsv").write_bytes(text.encode())
        expected = page.parse_metadata(text.encode())
        rows = len(expected.rows)
        np.arange(rows * 2, dtype="<f4").tofile(folder / "v.bytes")
        entry = {
            "tensorName": "t",
            "tensorShape": [rows, 2],
            "tensorPath": f"{address}/v.bytes",
            "metadataPath": f"{address}/metadata.tsv",
        }
        (folder / "config.json").write_text(json.dumps({"embeddings": [entry]}))
        shown = projector_page.open_alone(lone_page, f"{address}/config.json").wait()
        values = shown.run(
            "const names = arguments[0]; const text = v => v === undefined ? 'undefined' :"
            "v === null ? 'null' : typeof v === 'number' ? 'n' + v : 's' + v;"
            "return projector().dataSet.points.map(p => names.map(n => text(p.metadata[n])))",
            [c.name for c in expected.columns if c.name != "__proto__"],
        )
        assert values == [
            [_text(row, c.name) for c in expected.columns if c.name != "__proto__"]
            for row in expected.rows
        ], name
        assert shown.run("return projector().selectedLabelOption") == expected.label, name


def _text(row, name):
    from w2vtrain.vectors.javascript import number_text

    if name not in row:
        return "undefined"
    value = row[name]
    if value is None:
        return "null"
    return f"n{number_text(value)}" if isinstance(value, float) else f"s{value}"


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


@pytest.mark.slow
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
