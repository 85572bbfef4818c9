"""`webdata sources`: its commands and what they print.

What belongs here: parsing, printing, exit codes. What does not: the work (sources.py).
"""

from pathlib import Path
from typing import Annotated

import typer

from webdata_assets.cli.arguments import Json
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_table, say

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
            for problem in report["problems"]:
                say(problem)
            if not report["problems"]:
                say(f"{report['sources']} source files are good.")
        if report["problems"]:
            raise typer.Exit(ExitCode.USAGE)


@sources_app.command("new")
def sources_new(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, `_` and `-`.")],
    url: Annotated[str, typer.Argument(help="Where the source begins.")],
    as_json: Json = False,
) -> None:
    """Write a commented source file to edit.

    Example: webdata sources new my_docs https://docs.example.com/
    """
    from webdata_assets.cli.sources import new_source

    with fail_clearly():
        path = new_source(name, url)
        if as_json:
            print_json({"path": str(path)})
        else:
            say(f"Wrote {_relative(path)}. Edit it, then: webdata try {url} --source {name}")


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
