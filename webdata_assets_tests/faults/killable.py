"""One partition's run in a process that kills itself at a stage: `python -m …killable STAGE SOURCE DATE`."""

import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from webdata_assets.cli.partitions import run_partition
from webdata_assets.resources import FetcherResource
from webdata_assets.stages.crawl.folder_spool import FolderSpool
from webdata_assets.stages.crawl.spool import Place
from webdata_assets.stages.embed.encoders.onnx_runtime import OnnxEncoder
from webdata_assets.store.ledger import Ledger
from webdata_assets.store.tables import Tables

SPOOLED_SEGMENTS = 5
"""That are in the spool when the crawl is killed."""


def die(*_arguments: Any, **_named: Any) -> Any:
    """End at once, as the kernel ends a process for memory: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_for(table_name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that dies when it is called for the named table."""

    def method(self: Any, table: Any, *arguments: Any, **named: Any) -> Any:
        if table.name == table_name:
            die()
        return original(self, table, *arguments, **named)

    return method


def die_in_the_crawl() -> None:
    append = FolderSpool.append
    segments = iter(range(SPOOLED_SEGMENTS - 1))

    def append_and_die(self: FolderSpool, entries: list[tuple[bytes, bytes | None]]) -> list[Place]:
        places = append(self, entries)
        if next(segments, None) is None:
            die()
        return places

    FolderSpool.append = append_and_die  # type: ignore[method-assign]


def die_before_the_crawl() -> None:
    FetcherResource.crawl = die  # type: ignore[method-assign]


def die_before_the_commit_of_pages() -> None:
    Tables.overwrite = die_for("pages", Tables.overwrite)  # type: ignore[method-assign]


def die_before_the_checks_of_pages() -> None:
    Ledger.record = die_for("pages", Ledger.record)  # type: ignore[method-assign]


def die_in_embeddings() -> None:
    OnnxEncoder.encode = die  # type: ignore[method-assign]


STAGES: dict[str, Callable[[], None]] = {
    "after the frontier": die_before_the_crawl,
    "in the crawl": die_in_the_crawl,
    "before the commit of pages": die_before_the_commit_of_pages,
    "before the checks of pages": die_before_the_checks_of_pages,
    "in embeddings": die_in_embeddings,
}

if __name__ == "__main__":
    stage, source, date = sys.argv[1:]
    STAGES[stage]()
    run_partition(source, dt.date.fromisoformat(date), replay=False)
    sys.exit(f"{stage!r} was never reached")
