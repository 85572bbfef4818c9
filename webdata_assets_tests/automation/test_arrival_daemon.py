"""A page that is dropped into a folder becomes searchable by itself, under a real daemon."""

import datetime as dt
import random
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webdata_assets.automation.jobs import CRAWL, PUBLISH, RETRAIN
from webdata_assets.cli.instance import ensure_dagster_home
from webdata_assets.schemas import TABLES
from webdata_assets.settings import Settings
from webdata_assets_tests.automation.daemon import Daemon, running_daemon
from webdata_assets_tests.deployment import Deployment

TODAY = dt.datetime.now(dt.UTC).date()
SEARCHABLE_WITHIN = 180.0
"""Seconds, on a busy machine too; docs/arriving.md has what was measured."""
WORDS = (
    "harbour", "tram", "spring", "station", "bridge", "market", "river", "garden", "museum", "winter",
    "library", "street", "baker", "engine", "clock", "school", "island", "valley", "meadow", "lantern",
)  # fmt: skip


@pytest.fixture
def lasting(tmp_path: Path, encoder_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    (tmp_path / "drop").mkdir()
    dagster_home = ensure_dagster_home(Settings(home=tmp_path / "home"))
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:
        deployment = Deployment(tmp_path, instance, {})
        rule = {"by": "files", "path": str(tmp_path / "drop"), "base_url": "https://drop.test/"}
        deployment.write_source(
            {
                "name": "drop",
                "description": "Delivered by others",
                "start": str(TODAY - dt.timedelta(days=3)),
                "arrival": {"settled_seconds": 2},
                "fetch": {"via": "files", "discover": [rule]},
                "extract": {"kind": "article"},
            }
        )
        yield deployment


def _drop(deployment: Deployment, name: str) -> float:
    """Write a page as a sender that knows nothing of us; return when it was whole."""
    # texts of their own: near duplicates of a page are left out of the index
    chosen = random.Random(name)
    text = " ".join(f"The {' '.join(chosen.choices(WORDS, k=9))} was opened." for _ in range(20))
    head = f"<!doctype html><html lang=en><title>{name}</title><body><article>"
    (deployment.folder / "drop" / f"{name}.html").write_text(f"{head}<p>{text}</p></article>")
    return time.monotonic()


def _is_searchable(deployment: Deployment, name: str) -> bool:
    store = deployment.store
    if store.ledger.admitted(TABLES["release"]).is_empty():
        return False
    chunks = store.tables.read(TABLES["vector_index"])
    records = store.tables.read(TABLES["corpus"]).filter(title=name)
    return chunks.join(records, on="record_id", how="semi").height > 0


def _until_searchable(daemon: Daemon, deployment: Deployment, name: str, *, seconds: float) -> float:
    dropped = _drop(deployment, name)
    daemon.wait(f"{name} in the index", lambda: _is_searchable(deployment, name), seconds=seconds)
    return time.monotonic() - dropped


@pytest.mark.soak
def test_a_page_that_is_dropped_is_searchable_within_the_stated_time(lasting: Deployment) -> None:
    with running_daemon(lasting, lasting.settings.dagster_home) as daemon:
        _until_searchable(daemon, lasting, "first", seconds=300)
        took = [_until_searchable(daemon, lasting, name, seconds=300) for name in ("second", "third")]
        print("seconds until searchable:", [round(each, 1) for each in took])
        assert max(took) < SEARCHABLE_WITHIN, daemon.report()
        for job in (CRAWL, PUBLISH, RETRAIN):
            assert all(run.is_success or not run.is_finished for run in daemon.runs(job)), daemon.report()
    pages = lasting.store.tables.read(TABLES["pages"])
    assert pages.height == 3
    assert pages["fetched_at"].n_unique() == 3
