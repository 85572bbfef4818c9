"""`webdata export`: any layer as a file, and stored pages as a web archive."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import click
import typer
from typer.core import TyperGroup

from webdata_assets.cli.arguments import Json, as_date
from webdata_assets.cli.output import fail_clearly, print_json, say

if TYPE_CHECKING:
    import polars as pl

    from webdata_assets.partitions import Partition
    from webdata_assets.stages.export.warc import PageCapture
    from webdata_assets.store import Store

_LAYER = "layer"


class _LayerOrCommand(TyperGroup):
    """`webdata export records` means `webdata export layer records`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = not args or self.get_command(ctx, args[0]) is not None or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else [_LAYER, *args])


export_app = typer.Typer(
    cls=_LayerOrCommand,
    help="Write any layer as Parquet, ORC, Arrow or CSV, and pages as a web archive.\n\n"
    "Example: webdata export records --source demo_shop --out shop.parquet",
    no_args_is_help=True,
)

_OK = 200
_NOT_MODIFIED = 304
_ROWS_AT_ONCE = 500
_COLUMNS = (
    "date", "url", "final_url", "outcome", "http_status", "content_type", "etag", "last_modified", "payload",
    "payload_hash", "payload_date", "observed_at", "fetched_at",
)  # fmt: skip
_EARLIER_COLUMNS = ("date", "url", "final_url", "payload_hash", "observed_at", "fetched_at")


@export_app.command(_LAYER)
def export_layer(
    layer: Annotated[str, typer.Argument(help="A table, such as records, features or corpus.")],
    out: Annotated[Path, typer.Option(help="The file to write; its name ends as the format's.")],
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be repeated.")] = None,
    date: Annotated[
        list[str] | None, typer.Option(help="Only this date, YYYY-MM-DD; may be repeated.")
    ] = None,
    format_name: Annotated[
        Literal["parquet", "orc", "arrow", "csv"],
        typer.Option("--format", help="Arrow is an IPC file; CSV neutralises formulas."),
    ] = "parquet",
    as_json: Json = False,
) -> None:
    """Write the admitted rows of a layer; `webdata export LAYER` is enough.

    Example: webdata export features --date 2026-06-01 --format orc --out features.orc
    """
    with fail_clearly():
        from webdata_assets.cli.export_layers import write_layer

        dates = [as_date(each) for each in date or []]
        report = write_layer(layer, dates, source or [], out, format_name, quiet=as_json)
        if as_json:
            print_json(report)
        else:
            counts = f"; partitions: {report['partitions']} written, {report['left_out']} not admitted"
            say(f"Wrote {report['path']}: {report['rows']} rows{counts if report['partitions'] else ''}.")


@export_app.command("warc")
def export_warc(
    source: Annotated[str, typer.Argument(help="The source's name.")],
    date: Annotated[str, typer.Option(help="The partition's date, YYYY-MM-DD.")],
    out: Annotated[Path, typer.Option(help="The file to write; its name ends in .warc.gz.")],
    complete: Annotated[
        bool,
        typer.Option("--complete", help="Write the bytes of unchanged pages too, so that it stands alone."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write one admitted partition of pages as a web archive (WARC/1.1).

    An unchanged page is a `revisit` of the capture that has its bytes, in the archive of an earlier date.
    Example: webdata export warc demo_shop --date 2026-06-01 --out shop.warc.gz
    """
    with fail_clearly():
        report = write_partition(source, as_date(date), out, complete=complete)
        if as_json:
            print_json(report)
        else:
            say(
                f"Wrote {report['path']}: {report['responses']} responses, {report['revisits']} revisits, "
                f"{report['redirects']} redirects; {report['left_out']} pages were not reached."
            )


def write_partition(source: str, date: dt.date, out: Path, *, complete: bool) -> dict[str, Any]:
    """Write a partition's pages to a file; the same data version gives the same bytes.

    Returns:
        `partition`, `path`, counts of records by kind, and of pages that were `left_out`.

    Raises:
        NotAdmittedError: the partition is not admitted.
        PermanentError: CONFIGURATION, when the source is not known or the file cannot be written; RESOURCE,
            when bytes are stored no more.
    """
    from importlib.metadata import version

    from webdata_assets.errors import NotAdmittedError
    from webdata_assets.partitions import Partition
    from webdata_assets.schemas.pages import PAGES
    from webdata_assets.settings import Settings
    from webdata_assets.sources.registry import load_sources
    from webdata_assets.stages.export.warc import write_warc
    from webdata_assets.store import Store

    settings = Settings()
    partition = Partition(date, source)
    store = Store.open(settings.store)
    write = store.ledger.newest_write(PAGES, partition)
    if write is None:
        load_sources(settings.sources, patches=settings.patches).get(source)
        raise NotAdmittedError(f"pages {partition} was never materialized; materialize it first")
    store.ledger.require_admitted(PAGES, partition)
    written = write_warc(
        partition_captures(store, partition, complete=complete),
        out,
        software=f"webdata-assets {version('webdata_assets')}",
        about=f"pages of {source} on {date}",
        now=write.at,
    )
    return {
        "partition": partition.key,
        "path": str(out),
        "responses": written.responses,
        "revisits": written.revisits,
        "redirects": written.redirects,
        "left_out": write.rows - written.responses - written.revisits,
    }


def partition_captures(store: "Store", partition: "Partition", *, complete: bool) -> "Iterator[PageCapture]":
    """Yield the pages of a partition that were reached or gone, in the order of the table.

    Args:
        store: where they are.
        partition: admitted.
        complete: whether unchanged pages come with their bytes.
    """
    import polars as pl

    from webdata_assets.schemas.pages import PAGES

    is_gone = (pl.col("outcome") == "gone") & pl.col("http_status").is_in([404, 410])
    rows = store.tables.scan_partition(PAGES, partition).filter(
        pl.col("outcome").is_in(["fetched", "unchanged"]) | is_gone
    )
    if not rows.select("url").collect()["url"].is_sorted():
        # files that were put together since may have changed the order, and with it the bytes of the archive
        rows = rows.sort("url")
    for batch in rows.select(_COLUMNS).collect_batches(chunk_size=_ROWS_AT_ONCE, maintain_order=True):
        originals = _originals(store, partition.source, batch, with_payload=complete)
        for row in batch.iter_rows(named=True):
            yield _capture(store, row, originals.get(row["url"]), complete=complete)


def _originals(
    store: "Store", source: str, batch: "pl.DataFrame", *, with_payload: bool
) -> dict[str, dict[str, Any]]:
    """Return the earlier rows that hold the bytes of a batch's unchanged pages, by URL."""
    import polars as pl

    from webdata_assets.schemas.pages import PAGES

    unchanged = batch.filter(pl.col("outcome") == "unchanged")
    if unchanged.height == 0:
        return {}
    wanted = unchanged.select("url", "payload_hash", date="payload_date")
    earlier = (
        store.tables.scan(PAGES)
        .filter(
            (pl.col("source") == source)
            & pl.col("date").is_in(wanted["date"].unique().implode())
            & (pl.col("outcome") == "fetched")
        )
        .select(*_EARLIER_COLUMNS, *(["payload"] if with_payload else []))
        .join(wanted.lazy(), on=["date", "url", "payload_hash"], how="semi")
        .collect()
    )
    return {row["url"]: row for row in earlier.iter_rows(named=True)}


def _capture(
    store: "Store", row: dict[str, Any], original: dict[str, Any] | None, *, complete: bool
) -> "PageCapture":
    from webdata_assets.stages.export.warc import PageCapture, Repeated
    from webdata_assets.store.blobs import Blobs

    body, status = row["payload"], row["http_status"] or _OK
    has_body = row["outcome"] == "fetched" or (complete and row["outcome"] == "unchanged")
    if has_body and original is not None:
        body = original["payload"]
    if has_body and body is None:
        # binaries lie beside the table; bytes that are nowhere are an error
        body = Blobs(store.location.folder("blobs")).get(row["payload_hash"])
    return PageCapture(
        url=row["url"],
        moment=_moment(row),
        status=_OK if has_body and status == _NOT_MODIFIED else status,
        final_url=row["final_url"],
        content_type=row["content_type"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        payload=body,
        payload_hash=None if row["outcome"] == "gone" else row["payload_hash"],
        repeats=None
        if original is None
        else Repeated(original["final_url"] or original["url"], _moment(original)),
    )


def _moment(row: dict[str, Any]) -> dt.datetime:
    """Return the moment of a capture, which lies in its partition's date also where it is the date's end."""
    moment: dt.datetime = row["observed_at"] or row["fetched_at"]
    end_of_date = dt.datetime.combine(row["date"] + dt.timedelta(days=1), dt.time(), dt.UTC)
    return end_of_date - dt.timedelta(microseconds=1) if moment == end_of_date else moment
