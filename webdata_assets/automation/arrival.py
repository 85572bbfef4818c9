"""Data arrival: which partitions' data is complete, or has grown, and the runs that follow.

What belongs here: settling, and starting each state of a delivery once. What does not: looking at what lies
there (stages/crawl/stored/arrivals.py, stages/crawl/polling.py), and the alert for what never comes
(alerts/lateness.py).
"""

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field

import dagster as dg
import orjson

from webdata_assets.assets.kept_pages import NEW_ONLY
from webdata_assets.automation.budget import created_at, hold_back
from webdata_assets.automation.jobs import CRAWL
from webdata_assets.automation.tags import ARRIVAL_TAG, CAUSE_TAG, IN_PROGRESS
from webdata_assets.errors import PermanentError, WebdataError
from webdata_assets.partitions import Partition
from webdata_assets.resources import FetcherResource
from webdata_assets.schemas.pages import PAGES
from webdata_assets.sources.discover import DiscoverFeed, DiscoverFiles, DiscoverWarc
from webdata_assets.sources.model import Source
from webdata_assets.sources.registry import Registry
from webdata_assets.stages.crawl.frontier import check_date
from webdata_assets.stages.crawl.polling import Polled
from webdata_assets.stages.crawl.stored.arrivals import look
from webdata_assets.store import Store


@dataclass
class Memory:
    """What one look leaves to the next. Without it nothing is lost: it is only looked at or waited for again.

    Attributes:
        seen: partition key → fingerprint of what lies there, and since when it has been the same.
        started: partition key → fingerprint that needs no run any more.
        polled: source → when its feeds were asked last, and what they said.
    """

    seen: dict[str, tuple[str, dt.datetime]] = field(default_factory=dict)
    started: dict[str, str] = field(default_factory=dict)
    polled: dict[str, tuple[dt.datetime, dict[str, Polled]]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return it as a sensor's cursor."""
        polled = {
            source: [at, {url: asdict(said) for url, said in feeds.items()}]
            for source, (at, feeds) in self.polled.items()
        }
        return orjson.dumps({"seen": self.seen, "started": self.started, "polled": polled}).decode()

    @classmethod
    def from_json(cls, text: str | None) -> "Memory":
        """Read a sensor's cursor; None for none."""
        if not text:
            return cls()
        values = orjson.loads(text)
        return cls(
            {
                key: (found, dt.datetime.fromisoformat(since))
                for key, (found, since) in values["seen"].items()
            },
            values["started"],
            {
                source: (dt.datetime.fromisoformat(at), {url: Polled(**said) for url, said in feeds.items()})
                for source, (at, feeds) in values["polled"].items()
            },
        )

    def same_since(self, key: str, fingerprint: str, now: dt.datetime) -> dt.datetime:
        """Note what lies there now; return since when it has been the same."""
        known = self.seen.get(key)
        since = known[1] if known and known[0] == fingerprint else now
        self.seen[key] = (fingerprint, min(since, now))
        return self.seen[key][1]

    def forget_before(self, date: dt.date) -> None:
        """Drop what is known of partitions before a date."""
        for keys in (self.seen, self.started):
            for key in [key for key in keys if Partition.from_key(key).date < date]:
                del keys[key]


@dataclass(frozen=True)
class Arrival:
    """Data of a partition that is complete as it lies there.

    Attributes:
        partition: whose data it is.
        fingerprint: of what lies there.
        what: in words.
    """

    partition: Partition
    fingerprint: str
    what: str

    @property
    def name(self) -> str:
        """The same for the same state of the same source's data, on whichever date it is seen."""
        return f"{self.partition.source}:{self.fingerprint}"


def complete_arrivals(
    registry: Registry, fetcher: FetcherResource, memory: Memory, now: dt.datetime
) -> Iterator[Arrival | str]:
    """Yield what is complete now, and in words what is waited for or cannot be looked at.

    Args:
        registry: its enabled sources with `arrival` are looked at.
        fetcher: has the ways to look.
        memory: is brought up to date.
        now: the moment of the look, in UTC.
    """
    kept_days = max(
        (source.arrival.days for source in registry.enabled.values() if source.arrival), default=1
    )
    memory.forget_before(now.date() - dt.timedelta(days=kept_days))
    for source in registry.enabled.values():
        if source.arrival is None:
            continue
        try:
            if any(isinstance(rule, DiscoverFeed) for rule in source.fetch.discover):
                yield from _polled(source, fetcher, memory, now)
            else:
                yield from _delivered(source, fetcher, memory, now)
        except WebdataError as error:
            # one source's trouble is no reason to leave the others alone
            yield f"{source.name}: {error}"


def requests_for(
    arrivals: Iterator[Arrival | str],
    instance: dg.DagsterInstance,
    store: Store,
    memory: Memory,
    *,
    attempts_per_day: int,
    now: dt.datetime,
) -> Iterator[dg.RunRequest | str]:
    """Yield a run for each arrival that none has taken in, and in words why others wait.

    A partition that is stored already is added to: what was visited stays, and only what is new or was
    replaced is fetched. A run that failed before it had stored pages is repeated, within the budget of
    attempts; what failed later is the recrawl sensor's.
    """
    written = {
        Partition(date, source): at
        for date, source, at in store.ledger.states(PAGES).select("date", "source", "at").iter_rows()
    }
    for arrival in arrivals:
        if isinstance(arrival, str):
            yield arrival
            continue
        key = arrival.partition.key
        if memory.started.get(key) == arrival.fingerprint:
            continue
        records = instance.get_run_records(dg.RunsFilter(tags={ARRIVAL_TAG: arrival.name}), limit=100)
        if _is_taken_in(records, arrival.partition, written):
            memory.started[key] = arrival.fingerprint
            continue
        in_progress = dg.RunsFilter(statuses=IN_PROGRESS, tags={"dagster/partition": key})
        if instance.get_runs(in_progress, limit=1):
            yield f"{key}: a run is in progress"
        elif held_back := hold_back(records, arrival.what, attempts_per_day, now):
            yield f"{key}: {held_back.reason}"
        else:
            yield dg.RunRequest(
                run_key=f"arrival:{key}:{arrival.fingerprint}:{len(records)}",
                job_name=CRAWL,
                partition_key=key,
                tags={
                    ARRIVAL_TAG: arrival.name,
                    CAUSE_TAG: arrival.what,
                    **(NEW_ONLY if arrival.partition in written else {}),
                },
            )


def _is_taken_in(
    records: Sequence[dg.RunRecord], partition: Partition, written: dict[Partition, dt.datetime]
) -> bool:
    for record in records:
        if record.dagster_run.is_success:
            return True
        at = written.get(partition)
        if record.dagster_run.is_finished and at is not None and at > created_at(record):
            return True
    return False


def _delivered(
    source: Source, fetcher: FetcherResource, memory: Memory, now: dt.datetime
) -> Iterator[Arrival | str]:
    assert source.arrival is not None
    options = fetcher.object_options()
    rules = [rule for rule in source.fetch.discover if isinstance(rule, DiscoverFiles | DiscoverWarc)]
    days = source.arrival.days if any(rule.is_dated for rule in rules) else 1
    for date in (now.date() - dt.timedelta(days=back) for back in reversed(range(days))):
        partition = Partition(date, source.name)
        if not _may_crawl(source, date, now):
            continue
        arrived = look(source, date, options)
        if arrived is None:
            continue
        same_for = now - memory.same_since(partition.key, arrived.fingerprint, now)
        what = f"{arrived.files} files, {arrived.size} bytes"
        if source.arrival.marker is not None and not arrived.is_marked:
            yield f"{partition}: {what} without {source.arrival.marker}"
        elif source.arrival.marker is None and same_for.total_seconds() < source.arrival.settled_seconds:
            yield f"{partition}: {what}, not settled yet"
        else:
            yield Arrival(partition, arrived.fingerprint, f"arrived: {what}")


def _polled(
    source: Source, fetcher: FetcherResource, memory: Memory, now: dt.datetime
) -> Iterator[Arrival | str]:
    assert source.arrival is not None
    if not _may_crawl(source, now.date(), now):
        return
    at, known = memory.polled.get(source.name, (None, {}))
    if at is None or (now - at).total_seconds() >= source.arrival.poll_seconds:
        known = asyncio.run(fetcher.poll_feeds(source, now.date(), known, now=lambda: now))
        memory.polled[source.name] = (now, known)
    if known:
        fingerprint = "".join(known[url].entries[:16] for url in sorted(known))
        yield Arrival(Partition(now.date(), source.name), fingerprint, "the feed names new pages")


def _may_crawl(source: Source, date: dt.date, now: dt.datetime) -> bool:
    try:
        check_date(source, date, now)
    except PermanentError:
        return False
    return True
