"""Every row of the fault matrix, injected for real, run through the real job: state, alert, next."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from webdata_assets.automation.budget import plan_answers
from webdata_assets.automation.jobs import CRAWL
from webdata_assets.cli.instance import Outcome
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.sources.registry import load_sources
from webdata_assets.store.alerts import open_alerts
from webdata_assets_tests.automation.alerts.told import look
from webdata_assets_tests.automation.history import MODEL_ID, History
from webdata_assets_tests.deployment import Deployment
from webdata_assets_tests.faults.injecting import HOST, Broken
from webdata_assets_tests.faults.matrix import MATRIX, Fault
from webdata_assets_tests.site.mailboxes import Webhook, webhook
from webdata_assets_tests.site.server import FaultServer

BRIEF = [fault for fault in MATRIX if fault.cheap]
LONG = [fault for fault in MATRIX if not fault.cheap]
GOOD_OUTCOMES = ("fetched", "unchanged")
READERS = ("features", "embeddings")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Path:
    """The store of a deployment in which nothing has broken yet."""
    folder = tmp_path_factory.mktemp("crawled")
    (folder / "home").mkdir()
    (folder / "home" / "encoders").symlink_to(encoder_folder)
    with (
        dg.DagsterInstance.ephemeral() as instance,
        FaultServer() as site,
        pytest.MonkeyPatch.context() as monkeypatch,
    ):
        deployment = Deployment(folder, instance, {HOST: site.address})
        whole = Broken(deployment, site, monkeypatch, folder / "store")
        whole.declare({})
        whole.label_at_random()
        whole.crawl_well()
    return folder / "store"


@pytest.fixture
def broken(deployment: Deployment, crawled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broken]:
    monkeypatch.setenv("WEBDATA_EXTRACT_PAGE_SECONDS", "2")
    monkeypatch.setenv("WEBDATA_EXTRACT_WORKERS", "1")
    with FaultServer() as site:
        deployment.connect_to = {HOST: site.address}
        yield Broken(deployment, site, monkeypatch, crawled)


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with webhook() as serving:
        monkeypatch.setenv("WEBDATA_ALERTS", serving.url)
        yield serving


def test_the_short_form_has_every_domain():
    assert {fault.domain for fault in BRIEF} == {fault.domain for fault in MATRIX}


@pytest.mark.slow
@pytest.mark.parametrize("fault", BRIEF, ids=str)
def test_a_fault_of_each_domain(fault: Fault, broken: Broken, hook: Webhook):
    check(fault, broken, hook)


@pytest.mark.soak
@pytest.mark.parametrize("fault", LONG, ids=str)
def test_every_other_fault(fault: Fault, broken: Broken, hook: Webhook):
    check(fault, broken, hook)


def check(fault: Fault, broken: Broken, hook: Webhook) -> None:
    """Bring the fault about, run the job, look twice, and compare all of it with the row."""
    broken.declare(dict(fault.source))
    broken.serve_well()
    fault.inject(broken)
    outcome = broken.deployment.run(fault.job, broken.key if fault.job == CRAWL else None)
    history = History(broken.deployment, broken.deployment.store)
    look(history)
    look(history)
    alerts = open_alerts(history.store)
    found = {
        "follows": follows(broken, outcome, fault),
        "visits": visits(broken),
        "failed": failed(broken) if fault.job == CRAWL else (),
        "alert": alerts.select("kind", "failure_domain").unique().rows(),
        "messages": len(hook.messages),
        "next": next_action(broken),
    }
    assert found == {
        "follows": fault.follows,
        "visits": dict(fault.visits),
        "failed": tuple(sorted(fault.failed)),
        # nobody is at fault for a bug but ourselves
        "alert": [(fault.alert, None if fault.domain == "bug" else fault.domain)] if fault.alert else [],
        "messages": 1 if fault.alert else 0,
        "next": fault.next if fault.job == CRAWL else None,
    }, (outcome, alerts.to_dicts(), broken.site.targets()[-5:])


def follows(broken: Broken, outcome: Outcome, fault: Fault) -> str:
    if outcome.error is not None:
        return "crashed"
    if fault.job != CRAWL:
        return "goes on" if outcome.success else "halted"
    if not all(is_admitted(broken, layer) for layer in READERS):
        return "halted"
    return "paused" if deferred(broken) else "goes on"


def is_admitted(broken: Broken, layer: str) -> bool:
    partition = Partition.from_key(broken.key)
    admitted = broken.deployment.store.ledger.admitted(TABLES[layer])
    return (partition.date, partition.source) in admitted.select("date", "source").rows()


def visits(broken: Broken) -> dict[tuple[str, str | None], int]:
    """Return how many visits ended how, but for those that went well, were forbidden, or are left."""
    pages = pages_of(broken).filter(~pl.col("outcome").is_in([*GOOD_OUTCOMES, "skipped", "deferred"]))
    return dict(Counter(pages.select("outcome", "failure_domain").rows()))


def deferred(broken: Broken) -> bool:
    return pages_of(broken).filter(outcome="deferred").height > 0


def pages_of(broken: Broken) -> pl.DataFrame:
    return broken.deployment.store.tables.read_partition(TABLES["pages"], Partition.from_key(broken.key))


def failed(broken: Broken) -> tuple[str, ...]:
    """Return the blocking checks that failed."""
    ledger = broken.deployment.store.ledger
    return tuple(
        sorted(
            f"{table.name}.{check}"
            for table in TABLES.values()
            for checks in ledger.states(table)["failed"]
            for check in checks
        )
    )


def next_action(broken: Broken) -> str | None:
    """Return the job that is due for the partition, or what it waits for."""
    deployment, settings = broken.deployment, broken.deployment.settings
    answers = plan_answers(
        deployment.instance,
        deployment.store,
        load_sources(settings.sources),
        deployment.store.ledger.now(),
        model_id=MODEL_ID,
        attempts_per_day=3,
        runs_per_day=200,
    )
    for answer in answers:
        return answer.repair.job if answer.request else answer.waiting.kind if answer.waiting else None
    return None
