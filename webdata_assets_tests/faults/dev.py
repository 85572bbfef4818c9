"""A real `dagster dev` over a deployment: webserver, daemon and code server, and the commands beside it.

What belongs here: starting and ending it, launching runs as the UI does, and `webdata` in a process of its
own. What does not: assertions.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webdata_assets.partitions import Partition
from webdata_assets_tests.automation.daemon import Daemon
from webdata_assets_tests.deployment import REPOSITORY, Deployment
from webdata_assets_tests.site.mailboxes import free_port

START_SECONDS = 120.0
STOP_SECONDS = 15.0
COMMAND_SECONDS = 120.0
ANSWER_SECONDS = 60.0
LOCATION, REPOSITORY_NAME = "webdata_assets", "__repository__"

_LAUNCH = """
mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
  }
}
"""
_LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries {
    loadStatus
    locationOrLoadError { __typename }
} } } }
"""
_RELOAD = "mutation { reloadWorkspace { __typename } }"


@dataclass(frozen=True)
class Dev:
    """A running `dagster dev`.

    Attributes:
        daemon: its runs and ticks, seen through the instance.
        url: of its webserver.
        environment: that it and the commands run in.
        folder: where they work.
    """

    daemon: Daemon
    url: str
    environment: Mapping[str, str]
    folder: Path

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask its GraphQL; return `data`. Raises OSError while nobody answers."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)["data"]
        return answer

    def is_loaded(self) -> bool:
        """Return whether the webserver answers and has loaded the code location."""
        with suppress(OSError):
            [entry] = self.ask(_LOCATIONS)["workspaceOrError"]["locationEntries"]
            location = entry["locationOrLoadError"] or {"__typename": "none yet"}
            return entry["loadStatus"] == "LOADED" and location["__typename"] == "RepositoryLocation"
        return False

    def load_again(self) -> None:
        """Load the code location anew where it could not be loaded, as the UI's button does."""
        [entry] = self.ask(_LOCATIONS)["workspaceOrError"]["locationEntries"]
        if (entry["locationOrLoadError"] or {}).get("__typename") == "PythonError":
            self.ask(_RELOAD)

    def launch(self, job: str, partition: Partition | None) -> str:
        """Launch a run as the UI's button does; return its id."""
        tags = {} if partition is None else partition.tags
        selector = {
            "repositoryLocationName": LOCATION,
            "repositoryName": REPOSITORY_NAME,
            "jobName": job,
        }
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        params = {"selector": selector, "mode": "default", "executionMetadata": metadata}
        launched = self.ask(_LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return str(launched["run"]["runId"])

    def webdata(self, *arguments: str) -> str:
        """Run `webdata` in this deployment; return what it prints. Fails with it where it does not exit 0."""
        command = [str(Path(sys.executable).with_name("webdata")), *arguments]
        done = subprocess.run(
            command, env=dict(self.environment), cwd=self.folder, check=False, capture_output=True, text=True,
            timeout=COMMAND_SECONDS,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def running_dev(deployment: Deployment, dagster_home: Path, **variables: str) -> Iterator[Dev]:
    """Run `dagster dev` on loopback until the block ends; yields once the code location is loaded.

    Args:
        deployment: its settings become the environment.
        dagster_home: of its instance.
        variables: further ones, which replace those of the settings.
    """
    settings = deployment.settings
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(deployment.folder),
        "DAGSTER_HOME": str(dagster_home),
        "WEBDATA_STORE": settings.store,
        "WEBDATA_SOURCES": str(settings.sources),
        "WEBDATA_HOME": str(settings.home),
        "WEBDATA_TASK": str(settings.task),
        "WEBDATA_CONNECT_TO": ",".join(f"{host}={target}" for host, target in settings.connect_to.items()),
        "WEBDATA_SENSOR_SECONDS": "1",
        **variables,
    }
    port, log = free_port(), deployment.folder / "dev.log"
    command = [
        str(Path(sys.executable).with_name("dagster")), "dev", "--workspace",
        str(REPOSITORY / "workspace.yaml"), "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=deployment.folder,  # so that no `.env` of the project is read
            stdout=output,
            stderr=output,
            start_new_session=True,  # all that it starts ends with it
        )
    daemon = Daemon(process, deployment.instance, log)
    dev = Dev(daemon, f"http://127.0.0.1:{port}", environment, deployment.folder)
    try:
        daemon.wait("the webserver", dev.is_loaded, seconds=START_SECONDS)
        yield dev
    finally:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
