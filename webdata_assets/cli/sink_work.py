"""The work of `webdata sinks`: files and deliveries side by side, reading sinks, and delivering to one.

What belongs here: bringing settings, store and sinks together. What does not: printing (sinks.py), and
delivering itself, which is a run like any other.
"""

import datetime as dt
import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from webdata_assets.checks.sink_verdicts import verified_sinks
from webdata_assets.errors import FailureDomain, NotAdmittedError, PermanentError, WebdataError
from webdata_assets.schemas.corpus import CORPUS
from webdata_assets.schemas.delivery import DELIVERY
from webdata_assets.settings import Settings
from webdata_assets.sinks.loading import load_sinks
from webdata_assets.sinks.model import SinkFile
from webdata_assets.sources.registry import load_sources
from webdata_assets.stages.objects import RETRY_SECONDS
from webdata_assets.store import Store
from webdata_assets.store.location import Location
from webdata_assets.store.sinks import open_sink, shape_of, target_of

_ASKED_AT_ONCE = 8


def list_sinks() -> list[dict[str, Any]]:
    """Return a row for each declared sink: where it is, what it holds, whether that was verified.

    Raises:
        SinkFileError: a sink file cannot be used.
    """
    settings = Settings()
    store = Store.of(settings)
    delivered = {row["sink"]: row for row in store.tables.read(DELIVERY).iter_rows(named=True)}
    verified = verified_sinks(store)
    return [
        {
            "sink": name,
            "kind": sink.kind,
            "content": sink.content,
            "target": target_of(sink, store.location),
            "enabled": sink.enabled,
            "state": delivered.get(name, {}).get("state"),
            "verified": name in verified,
            "rows": delivered.get(name, {}).get("rows"),
            "delivered_at": delivered.get(name, {}).get("delivered_at"),
            "error": delivered.get(name, {}).get("error"),
        }
        for name, sink in _declared(settings).items()
    ]


def check_sinks(
    names: Collection[str], *, offline: bool, on_progress: Callable[[str], None] = lambda _line: None
) -> list[dict[str, Any]]:
    """Return a row for each sink: whether its contract can be kept, and whether it can be opened and read.

    Sinks are asked side by side: one that is away is waited for as long as a delivery would wait, and holds
    up no other.

    Args:
        names: of the sinks; every enabled one if none.
        offline: whether sinks are left alone.
        on_progress: called with a sentence before sinks are asked, and for each that has answered.

    Raises:
        SinkFileError: a sink file cannot be used; the message names file, line, field and remedy.
        PermanentError: there is no sink of a name.
    """
    settings = Settings()
    store, declared = Store.of(settings), _declared(settings)
    chosen = {name: _get(declared, name) for name in names} or {
        name: sink for name, sink in declared.items() if sink.enabled
    }
    if offline or not chosen:
        return [_checked(name, sink, store.location, offline=True) for name, sink in chosen.items()]
    on_progress(f"asking {', '.join(chosen)}; an object store that is away is asked for {RETRY_SECONDS} s")
    rows = {}
    with ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="sink") as pool:
        asked = [
            pool.submit(_checked, name, sink, store.location, offline=False) for name, sink in chosen.items()
        ]
        for answer in as_completed(asked):
            row = answer.result()
            rows[row["sink"]] = row
            on_progress(
                f"{row['sink']}: {'can be read' if row['ok'] else 'a problem'} ({len(rows)} of {len(chosen)})"
            )
    return [rows[name] for name in chosen]


def deliver_now(name: str, *, take_over: bool) -> dict[str, Any]:
    """Deliver to one sink by a run with all checks of deliveries, and announce what they have verified.

    Args:
        name: of the sink.
        take_over: whether to follow what another store delivered to it, though that be newer.

    Returns:
        `run_id`, `ok` (the sink's own delivery was verified), `delivery` (its row) and `problems`.

    Raises:
        NotAdmittedError: there is nothing to deliver yet.
        PermanentError: there is no such sink, or it is not enabled.
    """
    from webdata_assets.assets.delivery import SINKS_TAG, TAKE_OVER_TAG
    from webdata_assets.automation.delivery_events import announce_deliveries
    from webdata_assets.automation.jobs import DELIVER
    from webdata_assets.cli.instance import execute, open_instance
    from webdata_assets.definitions import build_defs

    settings = Settings()
    store, declared = Store.of(settings), _declared(settings)
    if not _get(declared, name).enabled:
        raise PermanentError(
            f"the sink {name} is not enabled; write `enabled: true` into its file",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    if store.ledger.admitted(CORPUS).is_empty():
        raise NotAdmittedError("there is nothing to deliver yet: `webdata publish` makes the corpus")
    with open_instance(settings) as instance:
        tags = {SINKS_TAG: name, **({TAKE_OVER_TAG: "yes"} if take_over else {})}
        outcome = execute(build_defs(settings=settings), instance, DELIVER, tags=tags)
    rows = store.tables.read(DELIVERY).filter(sink=name).to_dicts()
    ok = name in verified_sinks(store) and rows[0]["run_id"] == outcome.run_id
    enabled = {each: sink for each, sink in declared.items() if sink.enabled}
    told = announce_deliveries(store, enabled, os.environ, dt.datetime.now(dt.UTC), {})
    details = dict(store.ledger.all_newest_verdicts(DELIVERY).select("check", "detail").iter_rows())
    problems = [
        f"{check} failed: {details.get(check.partition('.')[2]) or 'see the run'}"
        for check in outcome.failed_checks
    ]
    problems += [outcome.error] if outcome.error else []
    return {
        "run_id": outcome.run_id,
        "ok": ok,
        "delivery": rows[0] if rows else None,
        "problems": [*problems, *told.errors],
    }


def _checked(name: str, sink: SinkFile, location: Location, *, offline: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"sink": name, "kind": sink.kind, "target": target_of(sink, location)}
    row |= {"columns": None} if offline else {"columns": None, "rows": None}
    try:
        row["columns"] = len(shape_of(sink).schema)
        if not offline:
            row["rows"] = open_sink(sink, location, os.environ).read().height
    except WebdataError as error:
        return {**row, "ok": False, "problem": str(error)}
    return {**row, "ok": True, "problem": ""}


def _declared(settings: Settings) -> Mapping[str, SinkFile]:
    sources = load_sources(settings.sources, patches=settings.patches)
    return load_sinks(settings.sinks, sources=sources.all)


def _get(declared: Mapping[str, SinkFile], name: str) -> SinkFile:
    if name not in declared:
        raise PermanentError(
            f"there is no sink {name!r}; known: {', '.join(declared)}",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return declared[name]
