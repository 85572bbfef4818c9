"""Arguments that several commands take."""

import datetime as dt
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def as_date(text: str) -> dt.date:
    """Return a date of the form YYYY-MM-DD. Raises typer.BadParameter for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date of the form YYYY-MM-DD") from error


def day_of(text: str) -> dt.date:
    """Return a date of the form YYYY-MM-DD, or today (UTC) for no text. Raises typer.BadParameter."""
    return as_date(text) if text else dt.datetime.now(dt.UTC).date()
