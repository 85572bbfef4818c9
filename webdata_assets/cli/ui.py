"""`webdata ui`: Dagster's webserver and daemon on loopback, with the demo site beside them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from webdata_assets.cli.demo_hosts import demo_hosts
from webdata_assets.cli.instance import PROJECT_ROOT, ensure_dagster_home, open_instance
from webdata_assets.cli.output import say
from webdata_assets.settings import Settings
from webdata_assets.sources.registry import load_sources

_INSTALLED = (
    "load_from: [{python_module: {module_name: webdata_assets.definitions, location_name: webdata_assets}}]"
)
"""The workspace where there is no file of the project, as in an installed package."""


def serve_ui(port: int, allowed_hosts: Sequence[str] = ()) -> int:
    """Serve until interrupted, and return the exit code.

    Where demo sources are enabled, the demo site is served as well, so that its partitions can be
    materialized from the UI.

    Args:
        port: on loopback.
        allowed_hosts: names that the UI may be called by beside the loopback address's own.
    """
    settings = Settings()
    registry = load_sources(settings.sources, patches=settings.patches)
    environment = {**os.environ, "DAGSTER_HOME": str(ensure_dagster_home(settings))}
    with open_instance(settings):
        pass  # reports runs of killed commands as failed before the daemon counts them
    with demo_hosts(registry.enabled.values(), settings) as hosts, _workspace() as workspace:
        pairs = {**hosts, **settings.connect_to}.items()
        environment["WEBDATA_CONNECT_TO"] = ",".join(f"{host}={target}" for host, target in pairs)
        command = [
            sys.executable, "-m", "webdata_assets.serving.dagster_ui",
            "--workspace", str(workspace), "--port", str(port),
            *(f"--allow-host={name}" for name in allowed_hosts),
        ]  # fmt: skip
        say(f"Dagster UI: http://127.0.0.1:{port}   (Ctrl-C ends it)")
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter and module
        # a signal from the keyboard reaches it by itself
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


@contextmanager
def _workspace() -> Iterator[Path]:
    """Yield the file that names the code locations: the project's, or that of the installed module."""
    if (file := PROJECT_ROOT / "workspace.yaml").exists():
        yield file
        return
    with TemporaryDirectory() as folder:
        made = Path(folder) / "workspace.yaml"
        made.write_text(_INSTALLED)
        yield made
