"""What the sections of a source file share: strict models, and checks of the small languages in values.

What belongs here: whether a text is a date, a URL, a regular expression, a CSS selector, an XPath, a
JMESPath, a cron expression. What does not: any key of a source file.
"""

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """A section: unknown keys are errors, values never change."""

    # infinity and NaN have no form in JSON, in which a source goes to its workers
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def broken_rule(message: str, *, at: tuple[str | int, ...], remedy: str) -> PydanticCustomError:
    """Return the error of a rule over several fields; `at` is the field, below the model, to point to."""
    return PydanticCustomError("broken_rule", "{message}", {"message": message, "at": at, "remedy": remedy})


def check_date_form(value: object) -> object:
    """Return what is a date, or a text of one. A number is none, though pydantic reads seconds since 1970."""
    of_date = isinstance(value, dt.date) and not isinstance(value, dt.datetime)
    if of_date or (isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)):
        return value
    raise ValueError(f"{str(value)[:200]!r} is not a date: write YYYY-MM-DD")


def check_url(value: str) -> str:
    if not re.match(r"^https?://[^/\s]+", value):
        raise ValueError(f"{value!r} is not an absolute http or https URL")
    return value


def check_regex(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{value[:200]!r} is not a regular expression: {error}") from error
    return value


def check_css(value: str) -> str:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    try:
        LexborHTMLParser("").css_first(value)
    except SelectolaxError as error:
        raise ValueError(f"{value!r} is not a CSS selector") from error
    return value


def check_xpath(value: str) -> str:
    """Return a usable XPath 1.0. What stands in a predicate is not evaluated here, only parsed."""
    from lxml import etree

    try:
        etree.XPath(value)(etree.Element("html"))
    except etree.XPathError as error:
        raise ValueError(f"{value!r} is not an XPath 1.0 expression: {error}") from error
    return value


def check_jmespath(expression: str) -> str:
    import jmespath

    try:
        jmespath.compile(expression)
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        raise ValueError(f"{expression[:200]!r} is not a JMESPath expression: {error}") from error
    return expression


_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
"""Of minute, hour, day of month, month, day of week."""
_CRON_NAMES = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6,
}  # fmt: skip


def is_cron(expression: str) -> bool:
    """Say whether an expression has five parts of numbers, ranges, lists and steps within their bounds."""
    parts = expression.split()
    for part, (low, high) in zip(parts, _CRON_BOUNDS, strict=False):
        numbers = re.sub(r"[a-z]+", lambda name: str(_CRON_NAMES.get(name[0], name[0])), part.lower())
        for item in numbers.split(","):
            match = re.fullmatch(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/[1-9]\d?)?", item)
            if match is None:
                return False
            edges = [int(edge) for edge in match.groups() if edge]
            if edges != sorted(edges) or not all(low <= edge <= high for edge in edges):
                return False
    return len(parts) == len(_CRON_BOUNDS)


Date = Annotated[dt.date, BeforeValidator(check_date_form)]
Url = Annotated[str, AfterValidator(check_url), Field(description="An absolute http or https URL")]
Regex = Annotated[
    str,
    AfterValidator(check_regex),
    Field(description="A Python regular expression, searched anywhere in the URL"),
]
JmesPath = Annotated[
    str, AfterValidator(check_jmespath), Field(description="A JMESPath expression into JSON")
]
