"""What `webdata demo` ends with: figures of the whole store, an example search, and where to look.

What belongs here: counting and printing. What does not: the story that leads there (demo.py).
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import polars as pl

from webdata_assets.cli.output import print_table, say
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES
from webdata_assets.stages.hashing import content_hash
from webdata_assets.store import Store
from webdata_assets.store.releases import admitted_release

QUERY = "how to plan a small vegetable garden"
"""The example search."""


@dataclasses.dataclass
class Summary:
    """What the demo did and what is there now."""

    seconds: float = 0.0
    runs: int = 0
    requests: int = 0
    payloads_fetched: int = 0
    replay_requests: int | None = None
    """HTTP requests that the site saw during the replay; None when nothing was replayed this time."""
    rows: dict[str, int] = dataclasses.field(default_factory=dict)
    release: int | None = None
    """The pair of index and model in use."""
    model_score: float | None = None
    delivered: int = 0
    checks_passed: int = 0
    checks_failed: int = 0
    not_admitted: list[str] = dataclasses.field(default_factory=list)
    not_run: list[str] = dataclasses.field(default_factory=list)
    hits: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    content_hash: str = ""

    @property
    def healthy(self) -> bool:
        """Whether everything that could run is admitted."""
        return not self.not_admitted

    def as_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {**dataclasses.asdict(self), "healthy": self.healthy}


def describe_store(summary: Summary, store: Store, wanted: Sequence[Partition]) -> None:
    """Fill in what the store holds now: rows, model, deliveries, checks, what is not admitted, a search."""
    tables = store.tables
    for name in ("pages", "records", "quarantine", "dead_letters", "embeddings"):
        summary.rows[name] = int(tables.scan(TABLES[name]).select(pl.len()).collect().item())
    released = admitted_release(store)
    version = released.model_version if released else None
    summary.release = released.release if released else None
    champion = tables.read(TABLES["model"]).filter(pl.col("version") == (version or ""))
    summary.model_score = champion.item(0, "score") if champion.height else None
    summary.delivered = max(tables.read(TABLES["delivery"])["rows"].drop_nulls().to_list(), default=0)
    summary.checks_passed, summary.checks_failed = store.ledger.verdict_counts()
    not_run = {line.partition(":")[0] for line in summary.not_run}
    for name in ("records", "features", "embeddings"):
        admitted = set(store.ledger.admitted(TABLES[name]).select("date", "source").iter_rows())
        summary.not_admitted += [
            f"{name} {partition}"
            for partition in wanted
            if (partition.date, partition.source) not in admitted and partition.source not in not_run
        ]
    hashes = store.content_hashes()
    summary.content_hash = content_hash(
        pl.DataFrame({"table": list(hashes), "hash": list(hashes.values())}), sort_by=["table"]
    )
    if tables.exists(TABLES["release"]):
        from webdata_assets.cli.search import search_release

        summary.hits = [dataclasses.asdict(hit) for hit in search_release(QUERY, limit=3).hits]


def print_summary(summary: Summary) -> None:
    """Print one table of figures, the example search with its answers, and where to look in the UI."""
    rows = summary.rows
    score = "none" if summary.model_score is None else f"{summary.model_score:.3f}"
    figures = {
        "pages": rows["pages"],
        "records": rows["records"],
        "quarantined": rows["quarantine"],
        "dead letters": rows["dead_letters"],
        "vectors": rows["embeddings"],
        "model score (macro F1)": score,
        "release in use": summary.release or "none",
        "delivered records": summary.delivered,
        "checks passed": summary.checks_passed,
        "checks failed": summary.checks_failed,
        "runs this time": summary.runs,
        "seconds": round(summary.seconds, 1),
    }
    print_table("The demo", [{"what": what, "value": str(value)} for what, value in figures.items()])
    say(f"{summary.requests} HTTP requests, {summary.payloads_fetched} payloads fetched anew this time.")
    if summary.replay_requests is not None:
        say(f"The replay healed the broken layout with {summary.replay_requests} HTTP requests.")
    for line in summary.not_admitted:
        say(f"not admitted: {line}")
    print_table(
        f"webdata search “{QUERY}”",
        [
            {"title": hit["title"], "source": hit["source"], "snippet": " ".join(hit["snippet"].split())}
            for hit in summary.hits
        ],
    )
    say(f"content hash of all tables: {summary.content_hash[:16]}")
    say(
        "Look at it: `make ui`, then http://127.0.0.1:3000\n"
        "  the graph               /asset-groups\n"
        "  red, then green         /assets/records?view=checks&checkDetail=completeness\n"
        "  partitions by state     /assets/records?view=partitions\n"
        "  the model's pictures    /assets/model?view=events\n"
        "  every run               /runs\n"
        "and the report of the day: webdata report --open"
    )
