"""`webdata trace`: where a record came from and where it went, as a tree.

What belongs here: opening the store, and how a trace looks on a terminal. What does not: following keys
(store/trace.py).
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from webdata_assets.cli.output import PIPE_COLUMNS, printable
from webdata_assets.settings import Settings
from webdata_assets.store import Store

if TYPE_CHECKING:
    from rich.tree import Tree

    from webdata_assets.store.trace import LayerState, Trace

_SHOWN = 20
_HASH_DIGITS = 16


def trace_key(key: str) -> "Trace":
    """Follow a key through the deployment's store. Raises UnknownKeyError, saying what was looked through."""
    from webdata_assets.store.trace import trace

    return trace(Store.of(Settings()), key.strip())


def print_trace(trace: "Trace") -> None:
    """Print a trace as a tree; nothing is interpreted as markup."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)
    console.print(_tree(trace))


def _tree(trace: "Trace") -> "Tree":
    from rich.tree import Tree

    root = Tree(_text(f"{trace.found_as} {trace.key}", bold=True))
    _branch(root, "visits", [_visit(page) for page in trace.pages])
    records = root.add(_text(f"record versions: {len(trace.records)}"))
    for record in trace.records[:_SHOWN]:
        _add_record(records, record, trace)
    _branch(
        root,
        "refused",
        [f"{row['date']} {row['rule']} of {row['url']} ({row['disposition']})" for row in trace.quarantined],
    )
    _branch(root, "corpus", [_current(row) for row in trace.corpus])
    if trace.index:
        releases = ", ".join(str(release["release"]) for release in trace.index["releases"]) or "none yet"
        _branch(root, "index", [f"snapshot {trace.index['snapshot']}, searched by releases: {releases}"])
    _branch(
        root,
        "training set",
        [f"{row['record_id']} as {row['label']!r}, {row['split']} side" for row in trace.training],
    )
    _branch(
        root,
        "models trained on it",
        [f"{row['version']} {row['metric']} {row['score']:.3f}, {row['trained_at']}" for row in trace.models],
    )
    _branch(root, "deliveries", [_delivery(row) for row in trace.deliveries])
    partitions = root.add(_text(f"partitions: {len(trace.partitions)}"))
    for state in trace.partitions[:_SHOWN]:
        _add_partition(partitions, state)
    return root


def _add_record(tree: "Tree", record: dict[str, Any], trace: "Trace") -> None:
    branch = tree.add(
        _text(f"{record['record_id']} of {record['date']}|{record['source']}: {record['title']}")
    )
    branch.add(_text(f"page {record['url']}, number {record['ordinal']} on it"))
    branch.add(_text(f"payload {record['payload_hash']} of {record['payload_date']}"))
    branch.add(_text(f"extractor {record['extractor']}"))
    chunks = [
        f"{chunk['chunk_id']} by {chunk['model_id']}{', in the index' if chunk['in_index'] else ''}"
        for chunk in trace.chunks
        if (chunk["record_id"], chunk["date"]) == (record["record_id"], record["date"])
    ]
    _branch(branch, "chunks", chunks)


def _add_partition(tree: "Tree", state: "LayerState") -> None:
    verdict = "admitted" if state.admitted else "not admitted"
    branch = tree.add(_text(f"{state.layer} {state.partition}: {verdict}"))
    branch.add(_text(f"run {state.run_id}, code {state.code_version or '–'}, written {state.written_at}"))
    failed = [
        f"{check['check']} failed: {check['detail'] or check['value']}"
        for check in state.checks
        if not check["passed"]
    ]
    branch.add(_text(f"{len(state.checks) - len(failed)} of {len(state.checks)} checks passed"))
    for line in failed:
        branch.add(_text(line))


def _visit(page: dict[str, Any]) -> str:
    line = f"{page['date']}|{page['source']} {page['outcome']} {page['http_status'] or ''} {page['url']}"
    if page["payload_hash"]:
        size = f", {page['payload_bytes']} bytes" if page["payload_bytes"] is not None else ""
        line += f": payload {page['payload_hash'][:_HASH_DIGITS]} of {page['payload_date']}{size}"
    return f"{line} ({page['reason']})" if page["reason"] else line


def _current(row: dict[str, Any]) -> str:
    line = f"{row['record_id']} is {row['state']}, version of {row['date']}"
    return f"{line}, duplicate of {row['duplicate_of']}" if row["duplicate_of"] else line


def _delivery(row: dict[str, Any]) -> str:
    state = "the corpus as it is" if row["of_current_corpus"] else "an earlier corpus"
    what = f"{row['sink']} ({row['target']}): {row['rows']} rows of {state}"
    return f"{what}, {row['delivered_at']}, run {row['run_id']}"


def _branch(tree: "Tree", name: str, lines: Sequence[str]) -> None:
    """Add a branch with its lines; of many, the first ones and how many more there are."""
    if not lines:
        return
    branch = tree.add(_text(f"{name}: {len(lines)}"))
    for line in lines[:_SHOWN]:
        branch.add(_text(line))
    if len(lines) > _SHOWN:
        branch.add(_text(f"… and {len(lines) - _SHOWN} more; --json shows all"))


def _text(line: str, *, bold: bool = False) -> Any:
    from rich.text import Text

    return Text(printable(line).replace("\n", " "), style="bold" if bold else "")
