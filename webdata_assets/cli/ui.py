"""`webdata ui`: Dagster's webserver and daemon on loopback, with the demo site beside them."""

import os
import subprocess
import sys
from pathlib import Path

from webdata_assets.cli.demo_hosts import demo_hosts
from webdata_assets.cli.instance import PROJECT_ROOT, ensure_dagster_home, open_instance
from webdata_assets.cli.output import say
from webdata_assets.settings import Settings
from webdata_assets.sources.registry import load_sources


def serve_ui(port: int) -> int:
    """Serve until interrupted, and return the exit code.

    Where demo sources are enabled, the demo site is served as well, so that its partitions can be
    materialized from the UI.
    """
    settings = Settings()
    registry = load_sources(settings.sources, patches=settings.patches)
    environment = {**os.environ, "DAGSTER_HOME": str(ensure_dagster_home(settings))}
    with open_instance(settings):
        pass  # reports runs of killed commands as failed before the daemon counts them
    with demo_hosts(registry.enabled.values(), settings) as hosts:
        pairs = {**hosts, **settings.connect_to}.items()
        environment["WEBDATA_CONNECT_TO"] = ",".join(f"{host}={target}" for host, target in pairs)
        say(f"Dagster UI: http://127.0.0.1:{port}   (Ctrl-C ends it)")
        dagster = str(Path(sys.executable).with_name("dagster"))
        command = [dagster, "dev", *_location(), "--host", "127.0.0.1", "--port", str(port)]
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - our own interpreter's dagster
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()


def _location() -> list[str]:
    """Return the arguments that name the code location: the workspace file, or the installed module."""
    workspace = PROJECT_ROOT / "workspace.yaml"
    if workspace.exists():
        return ["--workspace", str(workspace)]
    return ["--module-name", "webdata_assets.definitions"]
