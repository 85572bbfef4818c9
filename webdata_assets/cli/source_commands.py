"""`webdata sources`: its commands and what they print.

What belongs here: parsing, printing, exit codes. What does not: the work (sources.py).
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say, tell
from webdata_assets.errors import FailureDomain, PermanentError

sources_app = typer.Typer(
    help="List, check and make source files: one YAML file is one source.", no_args_is_help=True
)


@sources_app.command("list")
def sources_list(as_json: Json = False) -> None:
    """List every source with its start and schedule.

    Example: webdata sources list --json
    """
    from webdata_assets.cli.sources import list_sources

    with fail_clearly():
        rows = list_sources()
        print_json(rows) if as_json else print_table("Sources", rows)


@sources_app.command("check")
def sources_check(as_json: Json = False) -> None:
    """Check every source file; each problem names file, line, field and remedy.

    Functions that sources name in `extract.python` are imported, and not called.

    Example: WEBDATA_SOURCES=my_sources webdata sources check
    """
    from webdata_assets.cli.sources import check_sources

    with fail_clearly():
        report = check_sources()
        if as_json:
            print_json(report)
        else:
            for line in [*report["problems"], *report["notes"]]:
                say(line)
            if not report["problems"]:
                say(f"{report['sources']} source files are good.")
        if report["problems"]:
            raise typer.Exit(ExitCode.USAGE)


@sources_app.command("new")
def sources_new(
    url: Annotated[str, typer.Argument(help="A page of the site: its front page, a list, or an API's list.")],
    second: Annotated[str | None, typer.Argument(hidden=True)] = None,
    name: Annotated[
        str, typer.Option(help="Lower-case letters, digits, `_` and `-`; made from the URL if none.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="The folder to write to; that of WEBDATA_SOURCES if none.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Reach loopback and private addresses.")
    ] = False,
    requests_per_second: Annotated[
        float, typer.Option(min=0.1, max=1000, help="While looking; the file says 1.")
    ] = 2.0,
    blank: Annotated[
        bool, typer.Option("--blank", help="Do not look at the site: write a template to edit.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at a site, write a commented source file for it, and show what it gives on three pages.

    At most 30 requests are made, politely, and robots.txt is obeyed. Example:
    webdata sources new https://docs.example.com/ --name my_docs
    """
    from webdata_assets.cli.sources import NewSource, author_source, write_template

    with fail_clearly():
        if second is not None:  # NAME URL, as it used to be written
            url, name = _swapped(url, second, name)
        wanted = NewSource(url, name, out, force, allow_private, requests_per_second)
        if blank:
            path = write_template(wanted)
            source = path.stem
            if as_json:
                print_json({"path": str(path), "name": source})
            else:
                say(f"Wrote {_relative(path)}. Edit it, then: webdata try {url} --source {source}")
            return
        report = author_source(wanted, tell)
        print_json(report) if as_json else _show(report, url)
        if report["tried"] and not any(page["ok"] for page in report["tried"]):
            raise typer.Exit(ExitCode.FAILED)


def _swapped(first: str, second: str, name: str) -> tuple[str, str]:
    """Return URL and name of the form `NAME URL`. Raises PermanentError where it is not that."""
    if "://" in first or "://" not in second or name:
        raise PermanentError(
            f"one URL is taken, and {first!r} and {second!r} were given: write "
            "`webdata sources new URL --name NAME`",
            failure_domain=FailureDomain.CONFIGURATION,
        )
    return second, first


def _show(report: dict[str, Any], url: str) -> None:
    path, name = _relative(Path(report["path"])), report["name"]
    for page in report["tried"]:
        print_table(f"{page['records_found']} records on {page['url']}", page["fields"])
        for line in [*page["problems"], *page["left_out"]]:
            say(line)
    made = f"{report['requests']} requests, {report['seconds']} s"
    say(f"Wrote {path} ({made}). Each proposal says why; edit it, then: webdata sources check")
    say(f"Try a page: {report['where']}webdata try {url} --source {name}")


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
