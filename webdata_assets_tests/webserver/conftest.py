"""The servers: Dagster's own, one that only reads, the guarded one, the proxy; one code server for all."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import dagster as dg
import pytest

from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.real_sites.nginx import NEEDS_NGINX, NGINX
from webdata_assets_tests.site.mailboxes import free_port
from webdata_assets_tests.ui.webserver import running, serving
from webdata_assets_tests.webserver.calling import Caller, History
from webdata_assets_tests.webserver.proxy import EDITOR, NAME, PASSWORD, VIEWER, DocumentedProxy

_INSTANCE = """\
telemetry: {enabled: false}
nux: {enabled: false}
sensors: {use_threads: true, num_workers: 1}
# what is launched waits for ever: that it was launched is what counts
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1000}
concurrency: {runs: {max_concurrent_runs: 0}}
"""


@dataclass(frozen=True)
class Place:
    """A folder with a workspace, whose code server runs, and an instance for each server over it."""

    folder: Path
    workspace: Path

    def environment(self, name: str) -> dict[str, str]:
        """Make the instance of a server, and return the variables that name it."""
        home = self.home(name)
        home.mkdir(parents=True, exist_ok=True)
        (home / "dagster.yaml").write_text(_INSTANCE)
        return {"DAGSTER_HOME": str(home), "HOME": str(self.folder), "PYTHONPATH": str(REPOSITORY)}

    def home(self, name: str) -> Path:
        return self.folder / name

    @contextmanager
    def history(self, name: str) -> Iterator[History]:
        with dg.DagsterInstance.from_config(str(self.home(name))) as instance:
            yield History(instance)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("webserver")
    port = free_port()
    workspace = folder / "workspace.yaml"
    workspace.write_text(
        f"load_from: [{{grpc_server: {{port: {port}, host: 127.0.0.1, location_name: tiny}}}}]"
    )
    command = [
        str(Path(sys.executable).with_name("dagster")), "api", "grpc", "--port", str(port),
        "--python-file", str(Path(__file__).with_name("location.py")), "--location-name", "tiny",
    ]  # fmt: skip
    with (folder / "code.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env={"PATH": os.environ["PATH"], "HOME": str(folder)}
        )
    yield Place(folder, workspace)
    process.terminate()
    process.wait()


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@dataclass(frozen=True)
class Bare:
    """Dagster's own webservers: one that does all, one that only reads, over one instance."""

    editors: Caller
    viewers: Caller
    history: History


@pytest.fixture(scope="module")
def bare(place: Place) -> Iterator[Bare]:
    environment = place.environment("bare")
    (place.folder / "viewers").mkdir()
    with ExitStack() as stack:
        editors, viewers = (
            stack.enter_context(
                serving(environment, place.folder / folder, *options, workspace=place.workspace)
            )
            for folder, options in (("bare", ()), ("viewers", ("--read-only",)))
        )
        callers = (Caller(_port(url), f"127.0.0.1:{_port(url)}") for url in (editors, viewers))
        yield Bare(*callers, stack.enter_context(place.history("bare")))


@dataclass(frozen=True)
class Proxied:
    """The documented proxy before both of Dagster's webservers."""

    proxy: DocumentedProxy
    history: History

    def caller(self, user: str = "", password: str = PASSWORD) -> Caller:
        return Caller(self.proxy.port, NAME, user, password, self.proxy.trusting())

    @property
    def editor(self) -> Caller:
        return self.caller(EDITOR)

    @property
    def viewer(self) -> Caller:
        return self.caller(VIEWER)


@pytest.fixture(scope="module")
def proxied(bare: Bare, place: Place) -> Iterator[Proxied]:
    if NGINX is None:
        pytest.skip(NEEDS_NGINX)
    folder = place.folder / "nginx"
    folder.mkdir()
    with DocumentedProxy(folder, editors=bare.editors.name, viewers=bare.viewers.name) as proxy:
        yield Proxied(proxy, bare.history)


@dataclass(frozen=True)
class Guarded:
    """What `webdata ui` starts."""

    caller: Caller
    history: History


@pytest.fixture(scope="module")
def guarded(place: Place) -> Iterator[Guarded]:
    port = free_port()
    command = [
        sys.executable, "-m", "webdata_assets.serving.dagster_ui",
        "--workspace", str(place.workspace), "--port", str(port), "--allow-host", NAME,
    ]  # fmt: skip
    folder = place.home("guarded")
    environment = place.environment("guarded")
    with (
        running(command, f"http://127.0.0.1:{port}", environment, folder),
        place.history("guarded") as history,
    ):
        yield Guarded(Caller(port, f"127.0.0.1:{port}"), history)
