"""Commands that tell what happened: the report, service levels, where something came from.

What belongs here: parsing, printing, exit codes. What does not: the work (report.py, slo.py, trace.py,
payload.py).
"""

from pathlib import Path
from typing import Annotated

import typer

from webdata_assets.cli.arguments import Json, as_date
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say

insight_app = typer.Typer()


@insight_app.command()
def report(
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
    as_json: Json = False,
) -> None:
    """Make today's report about the quality of everything that is stored: one HTML page, in the store.

    The daemon makes one each night; this one takes its place. Example: webdata report --open
    """
    from webdata_assets.cli.report import make_report, show

    with fail_clearly():
        made = make_report()
        if as_json:
            print_json(made)
        else:
            print_table(f"Report: run {made['run_id']}", made["figures"])
            for line in made["problems"]:
                say(line)
            if made["path"]:
                say(made["path"])
        if made["path"] and open_page and not show(made["path"]):
            say("No browser could be started here; open the file yourself.")
        if not made["ok"]:
            raise typer.Exit(ExitCode.FAILED)


@insight_app.command()
def slo(
    month: Annotated[str, typer.Option(help="YYYY-MM; the current month (UTC) if none.")] = "",
    as_json: Json = False,
) -> None:
    """Show the service levels of a month: success rate, critical path, retries, runs, and what was left out.

    Computed at once from Dagster's event log. Example: webdata slo --month 2026-06
    """
    from webdata_assets.cli.slo import printable_levels, service_levels_of

    with fail_clearly():
        report = service_levels_of(as_date(f"{month}-01") if month else None)
        if as_json:
            print_json(report)
        else:
            title = f"Service levels of {report['month']}, from {report['computed_from']}"
            print_table(title, printable_levels(report["levels"]))


@insight_app.command()
def trace(
    key: Annotated[
        str, typer.Argument(help="A record's id, a payload's hash or its first digits, or a URL.")
    ],
    as_json: Json = False,
) -> None:
    """Show where a record came from and where it went; or what came of a payload, or of a page.

    Page, payload, run, code version, checks, chunks, index, models, deliveries.
    Example: webdata trace https://shop.example.com/lamp
    """
    from webdata_assets.cli.trace import print_trace, trace_key

    with fail_clearly():
        found = trace_key(key)
        if as_json:
            print_json(found.as_json())
        else:
            print_trace(found)


@insight_app.command()
def payload(
    digits: Annotated[str, typer.Argument(metavar="HASH", help="A payload's hash, or its first digits.")],
    out: Annotated[
        Path | None, typer.Option(help="The file to write; the hash with a harmless extension if none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the stored bytes of a page to a file, their hash verified. Nothing opens or renders them.

    Example: webdata payload 3f9a1c20 --out lamp.html.txt
    """
    from webdata_assets.cli.payload import write_payload

    with fail_clearly():
        written = write_payload(digits, out)
        if as_json:
            print_json(written)
        else:
            what = f"{written['content_type'] or 'no content type'}, {written['bytes']} bytes"
            say(f"Wrote {written['path']}: {what}, of {written['url']} ({written['partition']}).")
