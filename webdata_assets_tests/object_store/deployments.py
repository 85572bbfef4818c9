"""Whole demo deployments, on a folder or on an object store, driven as `webdata` drives them.

What belongs here: setting them up and what they hold. What does not: assertions.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from typer.testing import CliRunner

import webdata_assets.cli.demo
import webdata_assets.cli.instance
from webdata_assets.cli.demo import run_demo
from webdata_assets.cli.demo_summary import Summary
from webdata_assets.cli.main import app
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets.store import Store


@dataclass(frozen=True)
class DemoDeployment:
    """The demo's sources, with a home of their own and the store at an address.

    Attributes:
        instance: in place of the one in the home, for runs whose history need not outlive this process.
    """

    home: Path
    store: str
    environment: Mapping[str, str]
    instance: dg.DagsterInstance | None = None

    @classmethod
    def make(
        cls,
        home: Path,
        encoders: Path,
        store: str = "",
        environment: Mapping[str, str] | None = None,
        instance: dg.DagsterInstance | None = None,
    ) -> "DemoDeployment":
        """Return a deployment in a new home; its store is a folder there unless one is given."""
        home.mkdir(parents=True)
        (home / "encoders").symlink_to(encoders)
        return cls(home, store or str(home / "store"), environment or {}, instance)

    def tell(self, *, dates: int | None = None, sources: Sequence[str] = ()) -> Summary:
        """Run what is missing of the demo."""
        with self._set():
            return run_demo(quiet=True, first_dates=dates, sources=sources)

    def __call__(self, *arguments: str) -> str:
        """Run a command of `webdata` in the home; return what it printed."""
        with self._set():
            result = CliRunner().invoke(app, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    def open(self) -> Store:
        """Return the store, for readers of whatever environment."""
        return Store.open(self.store, options=self.environment, cache=self.home / "cache")

    def hashes(self) -> dict[str, str]:
        """Return the content hash of each table."""
        return self.open().content_hashes()

    def index_rows(self) -> list[dict[str, Any]]:
        """Return all chunks of the searchable index."""
        names = ["chunk_id", "record_id", "source", "date", "text_hash", "model_id", "vector"]
        return self.open().index().at().rows(names).to_dicts()

    def payloads(self) -> dict[str, bytes]:
        """Return the bytes of every payload by hash, those of blobs too."""
        store = self.open()
        pages = store.tables.scan(TABLES["pages"]).filter(pl.col("outcome") == "fetched").collect()
        rows = pages.select("payload_hash", "payload", "in_blobs").iter_rows()
        return {digest: store.blobs.get(digest) if in_blobs else body for digest, body, in_blobs in rows}

    @contextmanager
    def _set(self) -> Iterator[None]:
        folder = Path.cwd()
        with pytest.MonkeyPatch.context() as patched:
            patched.delenv("DAGSTER_HOME", raising=False)
            for name in [name for name in os.environ if name.startswith(("WEBDATA_", "AWS_"))]:
                patched.delenv(name)
            for name, value in self.environment.items():
                patched.setenv(name, value)
            patched.setenv("WEBDATA_STORE", self.store)
            patched.setenv("WEBDATA_HOME", str(self.home))
            if self.instance is not None:
                for module in (webdata_assets.cli.demo, webdata_assets.cli.instance):
                    patched.setattr(module, "open_instance", self._open_instance)
            os.chdir(self.home)
            try:
                yield
            finally:
                os.chdir(folder)

    @contextmanager
    def _open_instance(self, _settings: Settings) -> Iterator[dg.DagsterInstance | None]:
        yield self.instance
