"""`webdata deadletters`: what could not be fetched or extracted, and what shall become of it."""

import datetime as dt
import getpass
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from webdata_assets.cli.arguments import Json, as_date
from webdata_assets.cli.output import fail_clearly, print_json, print_table, say
from webdata_assets.errors import FailureDomain, PermanentError

if TYPE_CHECKING:
    from webdata_assets.store.dead_letters import DeadLetters

dead_letters_app = typer.Typer(
    help="Show what could not be fetched or extracted; ask URLs again, or drop them.", no_args_is_help=True
)

SourceName = Annotated[str, typer.Argument(help="The source's name.")]
Urls = Annotated[list[str] | None, typer.Argument(help="URLs of dead letters of the source.")]
All = Annotated[bool, typer.Option("--all", help="All that stand, in place of URLs.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever reads it later.")]


@dead_letters_app.command("list")
def dead_letters_list(
    source: Annotated[str, typer.Argument(help="Only this source; all if none.")] = "",
    date: Annotated[
        str, typer.Option(help="All of this partition, YYYY-MM-DD; those that still stand if none.")
    ] = "",
    domain: Annotated[FailureDomain | None, typer.Option(help="Only failures of this kind.")] = None,
    as_json: Json = False,
) -> None:
    """List dead letters that nothing later has settled, with what was decided on them.

    Pages that could not be extracted are among them, with domain parse or resource: a patch of the source,
    and the replay that follows, settles those.

    Example: webdata deadletters list demo_shop --domain target
    """
    with fail_clearly():
        rows = list_dead_letters(source or None, as_date(date) if date else None, domain)
        if as_json:
            print_json(rows)
        elif rows:
            print_table("Dead letters", rows)
        else:
            say("No dead letters.")


@dead_letters_app.command("retry")
def dead_letters_retry(
    source: SourceName, urls: Urls = None, every: All = False, reason: Reason = "", as_json: Json = False
) -> None:
    """Ask URLs again on the source's next partition, permanent failures and dropped ones too.

    Example: webdata deadletters retry demo_shop --all
    """
    with fail_clearly():
        decided = decide(source, urls or [], every=every, decision="retry", reason=reason)
        print_json(decided) if as_json else say(f"{len(decided['urls'])} asked again on the next partition.")


@dead_letters_app.command("drop")
def dead_letters_drop(
    source: SourceName, urls: Urls = None, every: All = False, reason: Reason = "", as_json: Json = False
) -> None:
    """Never ask URLs again, until `retry` takes it back.

    Example: webdata deadletters drop demo_shop http://shop.demo.test/broken --reason "gone for good"
    """
    with fail_clearly():
        decided = decide(source, urls or [], every=every, decision="drop", reason=reason)
        print_json(decided) if as_json else say(f"{len(decided['urls'])} dropped.")


def list_dead_letters(
    source: str | None, date: dt.date | None, domain: FailureDomain | None
) -> list[dict[str, Any]]:
    """Return one row per letter: what could not be fetched, then what could not be extracted.

    Raises:
        PermanentError: CONFIGURATION, when the source is neither declared nor was it ever stored.
    """
    import polars as pl

    from webdata_assets.store.unreadable import unreadable_pages

    letters = _open()
    found = letters.standing(source) if date is None else letters.on(date, source)
    unreadable = unreadable_pages(letters.tables, source, date)
    if found.height == unreadable.height == 0 and source is not None:
        _require_source(source)
    return [
        {
            "source": row["source"],
            "date": row["date"].isoformat(),
            "url": row["url"],
            "reason": row["reason"],
            "domain": row["failure_domain"],
            "status": row["http_status"],
            "attempts": row["attempts"],
            "first_tried": _text(row["first_tried_at"]),
            "last_tried": _text(row["last_tried_at"]),
            "decision": row["decision"],
        }
        for row in pl.concat([found, unreadable], how="diagonal_relaxed").iter_rows(named=True)
        if domain is None or row["failure_domain"] == domain
    ]


def decide(
    source: str, urls: Sequence[str], *, every: bool, decision: Literal["retry", "drop"], reason: str
) -> dict[str, Any]:
    """Decide on the given letters of a source, or on every one that stands.

    Returns:
        `source`, `decision` and `urls`, the URLs decided on.

    Raises:
        PermanentError: CONFIGURATION, for a source or URL that is not known, or neither or both of URLs and
            `every`.
    """
    from webdata_assets.stages.crawl.urls import canonical_url

    if every == bool(urls):
        raise PermanentError("give URLs, or --all", failure_domain=FailureDomain.CONFIGURATION)
    letters = _open()
    _require_source(source)
    chosen = (
        letters.standing(source)["url"].to_list() if every else sorted({canonical_url(url) for url in urls})
    )
    letters.decide(source, chosen, decision, by=_user(), reason=reason or None)
    return {"source": source, "decision": decision, "urls": chosen}


def _open() -> "DeadLetters":
    from webdata_assets.settings import Settings
    from webdata_assets.store import Store
    from webdata_assets.store.dead_letters import DeadLetters

    store = Store.of(Settings())
    return DeadLetters(store.tables, store.ledger)


def _require_source(source: str) -> None:
    from webdata_assets.settings import Settings
    from webdata_assets.sources.registry import load_sources

    settings = Settings()
    load_sources(settings.sources, patches=settings.patches).get(source)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container's user may have no name
        return str(os.getuid())


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
