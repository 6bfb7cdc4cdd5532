"""Serves a bundle: to TensorBoard's own Projector page, or to the one on the web.

Both answer from a thread of their own until the process ends.
"""

import functools
import http.server
import json
import sys
import threading
import types
import urllib.parse
from pathlib import Path

from w2vtrain.errors import W2VError
from w2vtrain.show.projector.configs import PAGE_CONFIG

HOSTED_PAGE = "https://projector.tensorflow.org"
CONFIG_PORT = 6100  # the first that `serve_config` tries


def spare_tensorflow() -> None:
    """Makes TensorBoard start without TensorFlow, for the rest of the process.

    The Projector needs none of it, and its page is up in a second rather than six. For a process
    that does nothing else: what of TensorBoard needs TensorFlow fails from here on.
    """
    # TensorBoard asks for this module to learn whether to do without TensorFlow.
    sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("tensorboard.compat.notf"))


def serve_tensorboard(folder: Path, host: str = "127.0.0.1", port: int | None = None) -> str:
    """Starts TensorBoard with its Projector on the bundle in `folder`; returns the page's address.

    Args:
        folder: holds `projector_config.pbtxt`.
        host: the address to listen on.
        port: None takes 6006, or the next one that is free.
    Raises:
        W2VError: the port is taken, or the address cannot be listened on.
    """
    from tensorboard import program
    from tensorboard.plugins.core.core_plugin import CorePluginLoader
    from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin

    board = program.TensorBoard(plugins=[CorePluginLoader, ProjectorPlugin])
    board.configure(logdir=str(folder), host=host, port=port, load_fast="false")
    try:
        address = board.launch()
    except program.TensorBoardServerException as error:
        raise W2VError(f"{error.msg}.", "Leave out --port to take a free one.") from None
    except (SystemExit, OSError):  # werkzeug exits where the system refuses the address
        raise W2VError(f"Cannot listen on {host}.", "Try --host 127.0.0.1.") from None
    return f"{address}#projector"


def serve_config(folder: Path, host: str = "127.0.0.1", port: int | None = None) -> str:
    """Starts a server that lets the page on the web read the bundle; returns that page's address.

    Args:
        folder: holds `projector_config.json` and the files that it names.
        host: the address to listen on.
        port: None takes 6100, or the next one that is free.
    Raises:
        W2VError: the port is taken, or the address cannot be listened on.
    """
    ports = [port] if port is not None else [*range(CONFIG_PORT, CONFIG_PORT + 100), 0]
    handler = functools.partial(_SharedFiles, directory=str(folder))
    for candidate in ports:
        try:
            server = http.server.ThreadingHTTPServer((host, candidate), handler)
            break
        except (OSError, OverflowError) as error:
            reason = error
    else:
        raise W2VError(
            f"Cannot listen on {host}, port {ports[0]}: {reason}.",
            "Leave out --port to take a free one.",
        )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://{host}:{server.server_port}/{PAGE_CONFIG}"
    return f"{HOSTED_PAGE}/?config={urllib.parse.quote(at, safe=':/')}"


class _SharedFiles(http.server.SimpleHTTPRequestHandler):
    """The files of one folder, for pages of any site; the config with whole addresses in it."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        # Browsers ask for this before a page of the web may read from this machine.
        self.send_header("Access-Control-Allow-Private-Network", "true")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def do_OPTIONS(self) -> None:
        self.send_response(204)
        self.send_header("Access-Control-Allow-Methods", "GET")
        self.end_headers()

    def do_GET(self) -> None:
        if urllib.parse.urlsplit(self.path).path != f"/{PAGE_CONFIG}":
            super().do_GET()
            return
        try:
            body = self._config()
        except (OSError, ValueError):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _config(self) -> bytes:
        """Returns the config; the page would look for relative paths on its own site."""
        config = json.loads((Path(self.directory) / PAGE_CONFIG).read_bytes())
        here = f"http://{self.headers['Host']}/"
        for embedding in config["embeddings"]:
            for key in ("tensorPath", "metadataPath", "bookmarksPath"):
                if embedding.get(key):
                    embedding[key] = urllib.parse.urljoin(here, urllib.parse.quote(embedding[key]))
        return json.dumps(config).encode()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the command's output is its own."""
