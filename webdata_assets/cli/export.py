"""`webdata export`: layers as files or datasets, a release for retrieval, pages as a web archive."""

from pathlib import Path
from typing import Annotated, Literal

import click
import typer
from typer.core import TyperGroup

from webdata_assets.cli.arguments import Json, as_date
from webdata_assets.cli.output import fail_clearly, print_json, say

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
    help="Write any layer as Parquet, ORC, Arrow, CSV or a Hugging Face dataset, the released chunks as "
    "Parquet or Lance, and pages as a web archive.\n\n"
    "Example: webdata export records --source demo_shop --out shop.parquet",
    no_args_is_help=True,
)


@export_app.command(_LAYER)
def export_layer(
    layer: Annotated[str, typer.Argument(help="A table, such as records, features or corpus.")],
    out: Annotated[
        Path, typer.Option(help="The file to write; its name ends as the format's. A folder for huggingface.")
    ],
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be repeated.")] = None,
    date: Annotated[
        list[str] | None, typer.Option(help="Only this date, YYYY-MM-DD; may be repeated.")
    ] = None,
    format_name: Annotated[
        Literal["parquet", "orc", "arrow", "csv", "huggingface"],
        typer.Option(
            "--format",
            help="Arrow is an IPC file; CSV neutralises formulas; huggingface: Parquet and a dataset card.",
        ),
    ] = "parquet",
    licence: Annotated[
        str | None,
        typer.Option(
            "--license", help="Of a dataset, as the hub names it, such as cc-by-4.0; unknown if none."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the admitted rows of a layer; `webdata export LAYER` is enough.

    Example: webdata export features --date 2026-06-01 --format orc --out features.orc
    """
    with fail_clearly():
        from webdata_assets.cli.export_layers import write_layer

        dates = [as_date(each) for each in date or []]
        report = write_layer(layer, dates, source or [], out, format_name, licence=licence, quiet=as_json)
        if as_json:
            print_json(report)
        else:
            counts = f"; partitions: {report['partitions']} written, {report['left_out']} not admitted"
            say(f"Wrote {report['path']}: {report['rows']} rows{counts if report['partitions'] else ''}.")


@export_app.command("chunks")
def export_chunks(
    out: Annotated[Path, typer.Option(help="What to write; its name ends in .parquet or .lance.")],
    format_name: Annotated[
        Literal["parquet", "lance"], typer.Option("--format", help="One file, or a Lance dataset (a folder).")
    ] = "parquet",
    source: Annotated[list[str] | None, typer.Option(help="Only this source; may be repeated.")] = None,
    with_pii: Annotated[
        bool, typer.Option("--with-pii", help="Chunks of records with personal data too.")
    ] = False,
    with_injection: Annotated[
        bool, typer.Option("--with-injection", help="Chunks of records with text for language models too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the chunks of the current release with their vectors, and a card (JSON) beside them.

    Example: webdata export chunks --format lance --out corpus.lance
    """
    with fail_clearly():
        from webdata_assets.cli.export_chunks import write_release

        card = write_release(out, format_name, source or [], with_pii=with_pii, with_injection=with_injection)
        if as_json:
            print_json(card)
        else:
            left_out = "".join(f", {count} left out for {flag}" for flag, count in card["left_out"].items())
            say(
                f"Wrote {card['path']} and its card {card['path']}.json: {card['chunks']} chunks of "
                f"{card['records']} records from release {card['release']}{left_out}; "
                f"{card['dimensions']} dimensions, by {card['model_id']}."
            )


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
        from webdata_assets.cli.export_warc import write_partition

        report = write_partition(source, as_date(date), out, complete=complete)
        if as_json:
            print_json(report)
        else:
            say(
                f"Wrote {report['path']}: {report['responses']} responses, {report['revisits']} revisits, "
                f"{report['redirects']} redirects; {report['left_out']} pages were not reached."
            )
