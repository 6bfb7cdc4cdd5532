"""Serve a bundle: to TensorBoard's own Projector page, or to the page on the web.

Both servers answer from a thread of their own until the process ends.
"""

import functools
import http.server
import ipaddress
import json
import sys
import threading
import types
import urllib.parse
from pathlib import Path
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.show.projector.check import read_config
from w2vtrain.vectors.formats.projector import CONFIG_JSON

HOSTED_PAGE = "https://projector.tensorflow.org"
CONFIG_PORT = 6100  # the first that `serve_config` tries
_PATHS = ("tensorPath", "metadataPath", "bookmarksPath")


def spare_tensorflow() -> None:
    """Make TensorBoard start without TensorFlow, for the rest of the process.

    The Projector needs none of it, and its page is up in a second rather than six. Only for a
    process that does nothing else: what of TensorBoard needs TensorFlow fails from here on.
    """
    # TensorBoard asks for this module to learn whether to do without TensorFlow.
    sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("tensorboard.compat.notf"))


def serve_tensorboard(folder: Path, host: str = "127.0.0.1", port: int | None = None) -> str:
    """Start TensorBoard with its Projector on the bundle in `folder`; return the page's address.

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

    class ActiveProjector(ProjectorPlugin):
        """The Projector, known to have something to show before its files have been looked at.

        TensorBoard asks once while the page loads, and without the `#projector` in the address it
        opens the first dashboard that is active, or says that none is.
        """

        def is_active(self) -> bool:
            return True

    board = program.TensorBoard(plugins=[CorePluginLoader, ActiveProjector])
    board.configure(logdir=str(folder), host=host, port=port, load_fast="false")
    try:
        address = board.launch()
    except program.TensorBoardServerException as error:
        raise W2VError(f"{error.msg}.", "Leave out --port to take a free one.") from None
    except (SystemExit, OSError):  # werkzeug exits where the system refuses the address
        raise W2VError(f"Cannot listen on {host}.", "Try --host 127.0.0.1.") from None
    return f"{address}#projector"


def serve_config(
    folder: Path, host: str = "127.0.0.1", port: int | None = None, page: str = HOSTED_PAGE
) -> str:
    """Start a server that lets one page on the web read the bundle; return that page's address.

    Only `page` may read, and only the config and the files that it names: the config is read once,
    when the server starts. Requests that come from another site, or under a name that this machine
    was not asked by, are refused.

    Args:
        folder: holds `projector_config.json` and the files that it names.
        host: the address to listen on.
        port: None takes 6100, or the next one that is free.
        page: the address of the Projector's page.
    Raises:
        W2VError: the folder holds no config, the config names something that is no file in the
            folder, the port is taken, or the address cannot be listened on.
    """
    shared = _SharedBundle(folder, host, page)
    handler = functools.partial(_Handler, shared)
    ports = [port] if port is not None else [*range(CONFIG_PORT, CONFIG_PORT + 100), 0]
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
    config = f"http://{host}:{server.server_port}/{CONFIG_JSON}"
    return f"{page}/?config={urllib.parse.quote(config, safe=':/')}"


class _SharedBundle:
    """What the server gives away, and to whom.

    Attributes:
        origin: the one site whose pages may read.
    """

    def __init__(self, folder: Path, host: str, page: str) -> None:
        parts = urllib.parse.urlsplit(page)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._host = host
        self._folder = folder.resolve()
        self._entries = read_config(folder / CONFIG_JSON)
        self._names = {str(e[key]) for e in self._entries for key in _PATHS if e.get(key)}
        for name in sorted(self._names):
            if self._file(name) is None:
                raise W2VError(
                    f"{folder / CONFIG_JSON} names {name!r}, which is no file in its folder.",
                    "Make the bundle anew with --force.",
                )

    def serves_as(self, host: str | None) -> bool:
        """Return whether a request's `Host` is this machine's.

        A page of another site that lets its own name point here would ask under that name.
        """
        name = urllib.parse.urlsplit(f"//{host or ''}").hostname or ""
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in ("localhost", self._host.lower())
        return True

    def content(self, name: str, host: str) -> bytes | None:
        """Return the config or a file that it names, None for everything else."""
        if name == CONFIG_JSON:
            return self._config(f"http://{host}/")
        path = self._file(name) if name in self._names else None
        return None if path is None else path.read_bytes()

    def _file(self, name: str) -> Path | None:
        """Return the path of a regular file in the folder that is reached through no link."""
        path = self._folder / name
        inside = path.resolve() == path and path.is_relative_to(self._folder)
        return path if inside and path.is_file() else None

    def _config(self, here: str) -> bytes:
        """Return the config with whole addresses: the page takes relative ones for its own site."""
        entries: list[dict[str, Any]] = []
        for entry in self._entries:
            named = [key for key in _PATHS if entry.get(key)]
            paths = {key: here + urllib.parse.quote(str(entry[key])) for key in named}
            entries.append({**entry, **paths})
        return json.dumps({"embeddings": entries}).encode()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers requests for a shared bundle."""

    def __init__(self, shared: _SharedBundle, *arguments: Any) -> None:
        self._shared = shared
        super().__init__(*arguments)

    def do_GET(self) -> None:
        if not self._is_allowed():
            return
        name = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.removeprefix("/"))
        body = self._shared.content(name, self.headers["Host"])
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        is_json = name.endswith(".json")
        self.send_header("Content-Type", "application/json" if is_json else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_OPTIONS(self) -> None:
        if self._is_allowed():
            self.send_response(204)
            self.send_header("Access-Control-Allow-Methods", "GET")
            # Browsers ask for this before a page of the web may read from this machine.
            self.send_header("Access-Control-Allow-Private-Network", "true")
            self.end_headers()

    def _is_allowed(self) -> bool:
        allowed = self._shared.serves_as(self.headers["Host"])
        allowed = allowed and self.headers["Origin"] in (None, self._shared.origin)
        if not allowed:
            self.send_error(403)
        return allowed

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", self._shared.origin)
        self.send_header("Vary", "Origin")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")  # no <script> of others
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing: the command's output is its own."""
