"""Ray, imported only where it is asked for: joining a cluster, and what its nodes must agree on."""

import contextlib
import importlib.metadata
import logging
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from w2vtrain.errors import W2VError
from w2vtrain.tensorflow_runtime import quiet_stderr
from w2vtrain.version import VERSION

_LOG = logging.getLogger(__name__)
LOCAL, AUTO = "local", "auto"
_PLACING = 60.0  # seconds within which Ray must find room on a node, and start a process there
_REACHING = 5.0  # seconds within which a node must answer


def versions() -> dict[str, str]:
    """Return what must be the same on all nodes for the same bytes."""
    return {
        "w2vtrain": VERSION,
        **{name: importlib.metadata.version(name) for name in ("tensorflow", "numpy")},
        "Python": platform.python_version(),
    }


def check_node(there: dict[str, str], here: dict[str, str]) -> None:
    """Compare the versions of a node with those of this one; another processor is warned of.

    Raises:
        W2VError: versions differ.
    """
    different = [name for name in here if there[name] != here[name]]
    if different == ["processor"]:
        _LOG.warning(
            "A node has another processor (%s, here %s): the last bits of the vectors may depend "
            "on which shards it carries out.",
            there["processor"],
            here["processor"],
        )
    elif different:
        named = ", ".join(f"{name} {there[name]} (here {here[name]})" for name in different)
        raise W2VError(
            f"A node of the cluster has {named}.",
            "Install the same versions on all nodes; the bytes depend on them.",
        )


@contextlib.contextmanager
def connected(address: str, processors: int) -> Iterator[Any]:
    """Yield Ray, connected to a cluster; one that is started here ends after the body.

    Args:
        address: `local`, `auto` or HOST:PORT.
        processors: that are needed.
    Raises:
        W2VError: Ray is not installed, the cluster does not answer or is too small.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError:
        raise W2VError(
            "--cluster needs Ray, which is not installed.",
            "Install it: pip install 'w2vtrain[ray]'",
        ) from None
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, address, processors)
    try:
        there = int(ray.cluster_resources().get("CPU", 0))
        if there < processors:
            raise W2VError(
                f"The cluster has {there} processors, and {processors} are needed.",
                "Give fewer --workers (or --threads of a training), or add nodes.",
            )
        with contextlib.redirect_stdout(sys.stderr):  # Ray prints there that an actor has died
            yield ray
    finally:
        if ours:
            ray.shutdown()


def first_answer(ray: Any, reference: Any, task: str) -> Any:
    """Return what a node answers that Ray must find, and start a process on, first.

    Args:
        reference: to the answer.
        task: what the node is asked to do, for errors.
    Raises:
        W2VError: no node has answered within a minute, or one fails.
    """
    try:
        return ray.get(reference, timeout=_PLACING)
    except ray.exceptions.GetTimeoutError:
        raise W2VError(
            f"No node of the Ray cluster was free to {task} within {_PLACING:.0f} s.",
            "Wait until the cluster is free (`ray status`), or give fewer --workers.",
        ) from None
    except ray.exceptions.RayError as error:
        raise W2VError(
            f"Ray cannot {task} on a node: {last_line(error)}",
            "Each node needs w2vtrain, in the same version: pip install 'w2vtrain[ray]'.",
        ) from None


def _connect(ray: Any, address: str, processors: int) -> None:
    options: dict[str, Any] = {"address": address}
    if address == LOCAL:
        options |= {"num_cpus": processors, "include_dashboard": False}
    elif address != AUTO:
        _reach(address)
    on_sigterm, failure = signal.getsignal(signal.SIGTERM), None
    with quiet_stderr():
        try:
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            failure = error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_sigterm)  # Ray has set its own
    if failure is not None:
        raise W2VError(
            f"Cannot join the Ray cluster {address}: {first_line(failure)}",
            "This machine must be a node of it (`ray start --address HOST:PORT`): then give "
            "--cluster auto. An address needs RAY_AUTH_MODE=token where Ray asks for a token.",
        ) from failure


def _reach(address: str) -> None:
    """Find out within seconds whether anything answers; Ray itself takes minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _REACHING).close()
    except (OSError, ValueError, OverflowError) as error:
        raise W2VError(
            f"No Ray cluster answers at {address!r}: {error}",
            "Give HOST:PORT as `ray start --head` prints it, auto, or local.",
        ) from None


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().partition("\n")[0]


def last_line(error: Exception) -> str:
    """Return the last line of what an error says."""
    return str(error).strip().rpartition("\n")[2]
