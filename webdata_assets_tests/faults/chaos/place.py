"""The whole deployment: store on S3, Dagster's storage in PostgreSQL, daemon and webserver by themselves.

What belongs here: setting it up, its addresses, and looking into it. What does not: killing (parts.py), and
what a person does there (work.py).
"""

import base64
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import dagster as dg
import pytest
import yaml

from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.demo.server import DemoSite
from webdata_assets.partitions import Partition
from webdata_assets.settings import PACKAGED_SINKS, PACKAGED_SOURCES, Settings
from webdata_assets.store import Store
from webdata_assets_tests.automation.daemon import Daemon
from webdata_assets_tests.deployment import REPOSITORY
from webdata_assets_tests.faults.chaos.clock import Clock
from webdata_assets_tests.faults.chaos.parts import Service
from webdata_assets_tests.faults.chaos.processes import environment_of
from webdata_assets_tests.faults.dev import Dev
from webdata_assets_tests.servers.postgres import PostgresServer, postgres_server
from webdata_assets_tests.servers.s3 import BUCKET, S3Server
from webdata_assets_tests.site.mailboxes import Webhook, free_port, webhook

HOME_MEGABYTES = 192
"""Of the working folder, so that it can be filled."""
_SECRET_NAME = "CHAOS_SECRET"
_SECRET = "whsec_" + base64.b64encode(b"known to both sides here").decode()
ANNOUNCED = ("records", "records_parquet", "warehouse")
"""Sinks whose deliveries are announced: the packaged ones, and a table in PostgreSQL."""
_MANY_ATTEMPTS = {"WEBDATA_REPAIR_ATTEMPTS_PER_DAY": "1000", "WEBDATA_REPAIR_RUNS_PER_DAY": "100000"}
"""Kills are not what budgets are for."""


@dataclass
class Place:
    """What is killed, and what it works for.

    Attributes:
        folder: short-lived, with logs; `folder / "home"` is small where it could be mounted.
        wanted: the partitions that are to be made.
        announced: takes the webhooks.
        can_fill: whether the working folder is a disk of its own.
        clock: the wall clock that its runs see.
    """

    folder: Path
    wanted: Sequence[Partition]
    site: DemoSite
    s3: S3Server
    postgres: PostgresServer
    announced: Webhook
    can_fill: bool
    clock: Clock
    port: int

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @cached_property
    def variables(self) -> dict[str, str]:
        """Settings of every process."""
        return {
            **self.s3.environment,
            **_MANY_ATTEMPTS,
            **self.clock.variables,
            "HOME": str(self.home),
            "TMPDIR": str(self.home / "tmp"),
            "WEBDATA_STORE": f"s3://{BUCKET}/chaos",
            "WEBDATA_HOME": str(self.home),
            "WEBDATA_SOURCES": str(self.folder / "sources"),
            "WEBDATA_SINKS": str(self.folder / "sinks"),
            "WEBDATA_DAGSTER_STORAGE": self.postgres.address,
            "WEBDATA_CONNECT_TO": ",".join(f"{host}={to}" for host, to in self.site.connect_to.items()),
            "WEBDATA_SENSOR_SECONDS": "2",
            _SECRET_NAME: _SECRET,
        }

    @cached_property
    def environment(self) -> dict[str, str]:
        """Of every process of Dagster."""
        return environment_of({**self.variables, "DAGSTER_HOME": str(self.dagster_home)})

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @cached_property
    def store(self) -> Store:
        return Store.open(
            self.variables["WEBDATA_STORE"], options=self.s3.environment, cache=self.folder / "cache"
        )

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """Dagster's storage, as this process sees it."""
        return dg.DagsterInstance.from_config(str(self.dagster_home))

    @cached_property
    def daemon(self) -> Service:
        command = [_program("dagster-daemon"), "run", "--workspace", str(REPOSITORY / "workspace.yaml")]
        return Service("daemon", command, self.folder, self.environment)

    @cached_property
    def webserver(self) -> Service:
        command = [
            _program("dagster-webserver"), "--workspace", str(REPOSITORY / "workspace.yaml"),
            "--host", "127.0.0.1", "--port", str(self.port),
        ]  # fmt: skip
        return Service("webserver", command, self.folder, self.environment)

    @property
    def ui(self) -> Dev:
        """The webserver, asked as a browser asks it, and what its instance knows of the daemon."""
        watched = Daemon(self.webserver.process, self.instance, self.daemon.log)
        return Dev(watched, f"http://127.0.0.1:{self.port}", self.environment, self.folder)


@contextmanager
def whole_deployment(wanted: Sequence[Partition], encoders: Path) -> Iterator[Place]:
    """Yield a deployment whose servers run, and whose daemon and webserver do not yet; all end with it."""
    with ExitStack() as stack:
        # a socket's path is at most 107 characters, so pytest's own folders will not do
        folder = Path(tempfile.mkdtemp(prefix="chaos", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "home").mkdir()
        can_fill = _mount(folder / "home")
        if can_fill:
            stack.callback(subprocess.run, ["umount", "--lazy", str(folder / "home")], check=True)
        (folder / "home" / "tmp").mkdir()
        (folder / "home" / "encoders").symlink_to(encoders)
        _take_sources(folder / "sources", {partition.source for partition in wanted})
        s3 = S3Server(folder / "s3")
        s3.start()
        stack.callback(s3.kill)
        postgres = stack.enter_context(postgres_server())
        site = stack.enter_context(DemoSite())
        announced = stack.enter_context(webhook())
        _write_sinks(folder / "sinks", postgres.address, announced)
        place = Place(
            folder, wanted, site, s3, postgres, announced, can_fill, Clock.make(folder), free_port()
        )
        with pytest.MonkeyPatch.context() as patched:
            # Dagster's storage is opened at the settings of the process
            for name, value in place.variables.items():
                if name.startswith("WEBDATA_"):
                    patched.setenv(name, value)
            patched.delenv("DAGSTER_HOME", raising=False)
            ensure_dagster_home(Settings())
            stack.callback(place.daemon.kill)
            stack.callback(place.webserver.kill)
            with place.instance:
                yield place
            # before the servers that they use
            place.daemon.kill()
            place.webserver.kill()


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _mount(folder: Path) -> bool:
    """Return whether a small disk of its own could be mounted there."""
    if os.geteuid() != 0:
        return False
    options = ["-t", "tmpfs", "-o", f"size={HOME_MEGABYTES}m", "chaos", str(folder)]
    return subprocess.run(["mount", *options], check=False, capture_output=True).returncode == 0


def _take_sources(folder: Path, names: set[str]) -> None:
    folder.mkdir()
    for name in names:
        shutil.copy(PACKAGED_SOURCES / f"{name}.yaml", folder)


def _write_sinks(folder: Path, database: str, hook: Webhook) -> None:
    folder.mkdir()
    announce = [
        {"by": "webhook", "url": f"http://127.0.0.1:{hook.port}/{hook.path}", "secret_env": _SECRET_NAME},
        {"by": "file"},
    ]
    declared = [yaml.safe_load((PACKAGED_SINKS / f"{name}.yaml").read_text()) for name in ANNOUNCED[:2]]
    warehouse = {
        "name": "warehouse", "kind": "postgres", "description": "Every live record", "uri": database,
        "table": "records",
    }  # fmt: skip
    for sink in (*declared, warehouse):
        (folder / f"{sink['name']}.yaml").write_text(yaml.safe_dump({**sink, "announce": announce}))
