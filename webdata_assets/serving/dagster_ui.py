"""Dagster's webserver behind the guard against pages of others, with the daemon and the code servers.

What belongs here: these processes, from start to end. What does not: settings and sources (cli/ui.py).
`dagster dev` runs the same, without the guard.
"""

import argparse
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from webdata_assets.dagster_internals import running_code_servers, webserver_context
from webdata_assets.errors import PermanentError
from webdata_assets.serving.browser_guard import BrowserGuard
from webdata_assets.serving.listening import listen, names_of

HOST = "127.0.0.1"
STOP_SECONDS = 30.0
_GRACE_SECONDS = 5
"""For requests in flight; open pages keep web sockets that never end."""
_POLL_MILLISECONDS = 2_000
"""Between two looks of an open page, as `dagster dev` has it."""
_STATEMENT_MILLISECONDS, _RECYCLE_SECONDS, _OVERFLOW = 15_000, 3_600, 20
"""Of the database's connections, as `dagster-webserver` has them."""


def serve_dagster(workspace: Path, port: int, allowed_hosts: Sequence[str] = ()) -> int:
    """Serve the UI on loopback until interrupted, with DAGSTER_HOME's instance; return the exit code.

    Args:
        workspace: file that names the code locations.
        port: to listen on.
        allowed_hosts: names, beside those of the loopback address, that the UI may be called by, as when a
            proxy that asks for a login stands before it.

    Raises:
        PermanentError: CONFIGURATION, the port cannot be listened on.
    """
    with (
        listen(HOST, port) as listener,
        dg.DagsterInstance.get() as instance,
        running_code_servers(instance, str(workspace)) as entries,
        TemporaryDirectory() as folder,
    ):
        shared = Path(folder) / "workspace.yaml"
        shared.write_text(json.dumps({"load_from": list(entries)}))  # JSON is YAML
        with _daemon(shared) as daemon:
            return _serve(instance, shared, listener, names_of(HOST, allowed_hosts), daemon)


def _serve(
    instance: dg.DagsterInstance,
    workspace: Path,
    listener: socket.socket,
    hosts: Sequence[str],
    daemon: subprocess.Popen[bytes],
) -> int:
    """Answer until interrupted, or until the daemon ends, without which nothing that is asked for is done."""
    import uvicorn
    from dagster_webserver.version import __version__
    from dagster_webserver.webserver import DagsterWebserver

    instance.optimize_for_webserver(_STATEMENT_MILLISECONDS, _RECYCLE_SECONDS, _OVERFLOW)
    with webserver_context(instance, str(workspace), __version__) as context:
        webserver: DagsterWebserver[Any, Any] = DagsterWebserver(
            context, live_data_poll_rate=_POLL_MILLISECONDS
        )
        config = uvicorn.Config(
            BrowserGuard(webserver.create_asgi_app(), hosts=hosts),
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = uvicorn.Server(config)

        def end_with_daemon() -> None:
            daemon.wait()
            server.should_exit = True

        threading.Thread(target=end_with_daemon, daemon=True).start()
        # the server hands the signal on when it has come to its end
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:
            return 0
    return daemon.wait() or 1


@contextmanager
def _daemon(workspace: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run Dagster's daemon: schedules, sensors, the queue of runs."""
    command = [str(Path(sys.executable).with_name("dagster-daemon")), "run", "--workspace", str(workspace)]
    with subprocess.Popen(command) as process:  # noqa: S603 - our own interpreter's dagster-daemon
        try:
            yield process
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
            process.kill()


def main() -> int:
    """Serve as the arguments say; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m webdata_assets.serving.dagster_ui")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--allow-host", action="append", default=[])
    given = parser.parse_args()
    try:
        return serve_dagster(given.workspace, given.port, given.allow_host)
    except PermanentError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    sys.exit(main())
