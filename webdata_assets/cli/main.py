"""The commands of `webdata`, their arguments and their exit codes.

What belongs here: parsing, printing, exit codes. What does not: work (it is imported where it is called, so
that `webdata --help` answers at once).
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from webdata_assets.cli.alerts import alerts_app
from webdata_assets.cli.arguments import Json, as_date, day_of
from webdata_assets.cli.checks import checks_app
from webdata_assets.cli.dead_letters import dead_letters_app
from webdata_assets.cli.export import export_app
from webdata_assets.cli.insight_commands import insight_app
from webdata_assets.cli.model import model_app
from webdata_assets.cli.output import ExitCode, fail_clearly, print_json, print_layers, print_table, say
from webdata_assets.cli.partition_commands import partitions_app
from webdata_assets.cli.selectors import selectors_app
from webdata_assets.cli.settings_commands import settings_app
from webdata_assets.cli.sinks import sinks_app
from webdata_assets.cli.source_commands import sources_app
from webdata_assets.cli.storage_commands import storage_app
from webdata_assets.cli.task import task_app

app = typer.Typer(
    name="webdata",
    help="Turn web sources into model input: pages → records → features → embeddings → model → delivery.\n\n"
    "Start with `webdata demo`, then `webdata ui`. Settings are WEBDATA_* variables or a .env file.\n\n"
    "Exit codes: 0 fine · 1 the work failed or was not admitted · 2 wrong usage, or a file needs editing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(sources_app, name="sources")
app.add_typer(selectors_app, name="selectors")
app.add_typer(checks_app, name="checks")
app.add_typer(dead_letters_app, name="deadletters")
app.add_typer(export_app, name="export")
app.add_typer(sinks_app, name="sinks")
app.add_typer(task_app, name="task")
app.add_typer(model_app, name="model")
app.add_typer(alerts_app, name="alerts")
app.add_typer(settings_app, name="settings")
app.add_typer(partitions_app)
app.add_typer(insight_app)
app.add_typer(storage_app)


@app.command()
def demo(
    dates: Annotated[int | None, typer.Option(min=1, help="Only the first dates; all seven if none.")] = None,
    sources: Annotated[str, typer.Option(help="Only these, such as demo_shop,demo_blog; all if none.")] = "",
    as_json: Json = False,
) -> None:
    """Run the main job on the demo site: 7 dates × 4 sources, one broken layout, its patch and replay.

    Run it again: it does only what is missing. Example: webdata demo
    """
    from webdata_assets.cli.demo import run_demo

    with fail_clearly():
        summary = run_demo(
            quiet=as_json, first_dates=dates, sources=[name for name in sources.split(",") if name]
        )
        if as_json:
            print_json(summary.as_json())
        if not summary.healthy:
            raise typer.Exit(ExitCode.FAILED)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="A name that a proxy before it is called by, such as dagster.example.com."),
    ] = None,
) -> None:
    """Open the Dagster UI: webserver and daemon, reachable from this machine only.

    Pages of other sites that a browser has open can ask it nothing. Example: webdata ui --port 3001
    """
    from webdata_assets.cli.ui import serve_ui

    with fail_clearly():
        raise typer.Exit(serve_ui(port, tuple(allow_host or ())))


@app.command()
def worker(
    queue: Annotated[
        list[str] | None, typer.Option(help="crawl or compute; may be repeated. Both if none.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Steps that it carries out at once.")] = 1,
    name: Annotated[str, typer.Option(help="Unique within this machine; made up if none.")] = "",
) -> None:
    """Carry out steps of runs as a Celery worker, until it is interrupted (WEBDATA_EXECUTOR=celery).

    Example: webdata worker --queue crawl --processes 4
    """
    from webdata_assets.cli.worker import serve_steps

    with fail_clearly():
        raise typer.Exit(serve_steps(queue or (), processes, name))


@app.command()
def publish(
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train a model as well; always done where there is none.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make corpus, index and delivery from every admitted partition, as the retrain sensor does.

    Example: webdata publish --retrain
    """
    from webdata_assets.cli.publishing import publish_admitted

    with fail_clearly():
        report = publish_admitted(retrain=retrain)
        if as_json:
            print_json(report)
        else:
            print_layers(f"{report['job']}: run {report['run_id']}", report)
        if not report["ok"]:
            raise typer.Exit(ExitCode.FAILED)


@app.command()
def search(
    words: Annotated[str, typer.Argument(help='What to look for, such as "waterproof garden light".')],
    source: Annotated[list[str] | None, typer.Option(help="Only of this source; may be repeated.")] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="Only texts in this language, such as en; may be repeated.")
    ] = None,
    since: Annotated[str, typer.Option(help="Only of this date or later, YYYY-MM-DD.")] = "",
    until: Annotated[str, typer.Option(help="Only of this date or earlier, YYYY-MM-DD.")] = "",
    mode: Annotated[Literal["hybrid", "text", "vector"], typer.Option(help="How to rank.")] = "hybrid",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Answers at most.")] = 5,
    with_pii: Annotated[bool, typer.Option("--with-pii", help="Also records with personal data.")] = False,
    with_injection: Annotated[
        bool, typer.Option("--with-injection", help="Also records with text for language models.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Search the current release: text (BM25) and vectors, fused by rank.

    Example: webdata search "waterproof garden light" --limit 3
    """
    from webdata_assets.cli.search import print_answer, search_release

    with fail_clearly():
        answer = search_release(
            words,
            limit=limit,
            mode=mode,
            sources=source or (),
            languages=language or (),
            since=as_date(since) if since else None,
            until=as_date(until) if until else None,
            with_pii=with_pii,
            with_injection=with_injection,
        )
        if as_json:
            print_json(answer.as_json())
        else:
            print_answer(answer)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; this machine's own.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 for any that is free.")] = 8000,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A name that callers may use, such as search.example.com.")
    ] = None,
) -> None:
    """Serve search and predictions of the newest release over HTTP; promotions are taken over as they come.

    GET /search, POST /predict, GET /health, GET /metrics. Example: webdata serve --port 8080
    """
    from webdata_assets.cli.serve import run_server

    with fail_clearly():
        run_server(host, port, tuple(allow_host or ()))


@app.command(name="try")
def try_page(
    url: Annotated[str, typer.Argument(help="A URL in the source's scope, or a local file.")],
    source: Annotated[str, typer.Option(help="The source's name.")],
    date: Annotated[str, typer.Option(help="For sources with as_of: the date to ask for.")] = "",
    as_json: Json = False,
) -> None:
    """Fetch one page (or read one file), extract it, and show fields, selectors hit, and what was refused.

    Nothing is stored. Example: webdata try http://shop.demo.test/ --source demo_shop
    """
    from webdata_assets.cli.tryout import try_source

    with fail_clearly():
        report = try_source(url, source, day_of(date))
        if as_json:
            print_json(report)
        else:
            print_table(f"{report['records_found']} records on {url}", report["fields"])
            if report["selectors"]:
                print_table("Selectors", report["selectors"])
            for line in [*report["problems"], *report["left_out"]]:
                say(line)
        if not report["ok"]:
            raise typer.Exit(ExitCode.FAILED)


@app.command()
def extract(
    paths: Annotated[list[Path], typer.Argument(help="Files of HTML, gzipped or not, and folders of them.")],
    out: Annotated[Path, typer.Option(help="The file to write: FILE.jsonl, one JSON line a page.")],
    mode: Annotated[
        Literal["balanced", "fast"], typer.Option(help="Main content with care, or several times faster.")
    ] = "balanced",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one for each core if none.")] = None,
    as_json: Json = False,
) -> None:
    """Read pages from files, of no source: text, title, author, date, language, page type, product fields.

    A page that cannot be read, or whose parser had to be killed, is a line with `error`.
    Example: webdata extract saved_pages/ --out pages.jsonl
    """
    from webdata_assets.cli.extract import extract_files

    with fail_clearly():
        report = extract_files(paths, out, mode, workers)
        if as_json:
            print_json(report)
        else:
            counts = f"{report['pages']} pages, {report['errors']} with errors"
            say(f"Wrote {report['path']}: {counts}, {report['seconds']} s.")
        if report["errors"] == report["pages"]:
            raise typer.Exit(ExitCode.FAILED)


def main() -> None:
    """Run the command line."""
    app()
