"""One partition's run in a process that kills itself at a stage: `python -m …killable SOURCE DATE`.

It reads stages from standard input, a line each, and answers each with how the run's process ended: a copy of
this one, so that all that is to be imported is imported once.
"""

import datetime as dt
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from webdata_assets.cli.instance import open_instance
from webdata_assets.cli.partitions import run_partition
from webdata_assets.definitions import build_defs
from webdata_assets.resources import FetcherResource
from webdata_assets.settings import Settings
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


def run_in_a_copy(stage: str, source: str, date: dt.date) -> int:
    """Run the partition in a copy of this process, which dies at the stage; return its wait status."""
    pid = os.fork()
    if pid == 0:
        STAGES[stage]()
        run_partition(source, date, replay=False)
        # ends the copy, which must not go on to read the stages
        sys.exit(f"{stage!r} was never reached")
    _, status = os.waitpid(pid, 0)
    return status


def main() -> None:
    source, date = sys.argv[1:]
    # what a run imports when it begins
    with open_instance(Settings()):
        build_defs(settings=Settings())
    for line in sys.stdin:
        print(run_in_a_copy(line.strip(), source, dt.date.fromisoformat(date)), flush=True)


if __name__ == "__main__":
    main()
