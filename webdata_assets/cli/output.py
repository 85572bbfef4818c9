"""How commands print and how they fail.

What belongs here: tables, JSON, exit codes, and the one place where typed errors become a line of text.
"""

import datetime as dt
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import typer
from pydantic import ValidationError

from webdata_assets.errors import FailureDomain, WebdataError
from webdata_assets.settings import Settings


class ExitCode(IntEnum):
    """What a command's exit says."""

    OK = 0
    FAILED = 1
    USAGE = 2


PIPE_COLUMNS = 160


def say(line: str) -> None:
    """Print one line of text."""
    typer.echo(printable(line))


def print_json(value: object) -> None:
    """Print a value as JSON; characters that could steer a terminal are escaped, so nothing is lost."""
    text = json.dumps(value, indent=2, default=str, ensure_ascii=False)
    typer.echo("".join(letter if _is_harmless(letter) else _escaped(letter) for letter in text))


def print_table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows of equal keys as a table; nothing is interpreted as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # a pipe has no width of its own, and 80 columns would break words apart
    console = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)
    console.print(Text(printable(title), style="bold"))
    if not rows:
        return
    table = Table(header_style="bold")
    for name in rows[0]:
        numeric = all(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        table.add_column(
            Text(printable(name.replace("_", " "))), justify="right" if numeric else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(printable("" if value is None else str(value))) for value in row.values()))
    console.print(table)


def print_layers(title: str, report: Mapping[str, Any]) -> None:
    """Print a run's `layers` as a table, and below it its `problems`, a line each."""
    print_table(title, report["layers"])
    for line in report["problems"]:
        say(line)


def printable(text: str) -> str:
    """Return text without control and bidirectional characters: crawled text must not steer a terminal."""
    return "".join(letter for letter in text if letter == "\t" or _is_harmless(letter))


def _is_harmless(letter: str) -> bool:
    return letter == "\n" or (letter.isprintable() and letter not in _BIDIRECTIONAL)


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


_BIDIRECTIONAL = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")


@contextmanager
def fail_clearly() -> Iterator[None]:
    """Turn a typed error into its message and an exit code; a bug keeps its traceback."""
    try:
        yield
    except WebdataError as error:
        _complain(str(error))
        wrong_input = error.failure_domain is FailureDomain.CONFIGURATION
        raise typer.Exit(ExitCode.USAGE if wrong_input else ExitCode.FAILED) from error
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for problem in error.errors():
            name = f"WEBDATA_{problem['loc'][0]}".upper()
            what = problem["msg"].removeprefix("Value error, ").removeprefix(f"{name}: ")
            _complain(f"{name}={problem['input']}: {what}; change the variable, or the file .env")
        raise typer.Exit(ExitCode.USAGE) from error


def tell(line: str, event: str = "PROGRESS") -> None:
    """Say on standard error how a command gets on: a line of text, or of JSON as WEBDATA_LOG asks."""
    if not _tell_as_json(line, event, "info"):
        typer.echo(printable(line), err=True)


def _tell_as_json(line: str, event: str, level: str) -> bool:
    """Write a line of JSON where the settings ask for it; return whether they do."""
    try:
        settings = Settings()
    except ValidationError:
        return False  # told in text, by whoever asked for the settings
    if settings.log != "json":
        return False
    from webdata_assets.resources.logs import json_line, redaction_of

    values = {"time": _now(), "level": level, "event": event, "message": line}
    typer.echo(json_line(values, redaction_of(settings)), err=True)
    return True


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _complain(line: str) -> None:
    if _tell_as_json(line, "COMMAND_FAILED", "error"):
        return
    typer.secho(printable(line), fg=typer.colors.RED if sys.stderr.isatty() else None, err=True)
