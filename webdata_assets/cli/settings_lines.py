"""The lines of a settings file, and how a problem with one is told.

What belongs here: from text to variables. What does not: what they mean (settings_files.py).
"""

import io
import logging
from dataclasses import dataclass
from pathlib import Path

from webdata_assets.errors import FailureDomain, PermanentError

ENVIRONMENT = "environment"
"""The place of variables that no file holds; beside them `.env` counts."""


@dataclass(frozen=True)
class Problem:
    """What a person has to mend.

    Attributes:
        name: the variable; empty for a line that names none.
        line: of the file; None for a variable of the environment, or one that is missing.
        what: is wrong, without any secret.
        remedy: what to do.
    """

    name: str
    line: int | None
    what: str
    remedy: str

    def describe(self, place: str) -> str:
        """Return the problem as one line of text."""
        file = ".env" if place == ENVIRONMENT else place
        at = place if self.line is None else f"{file}:{self.line}"
        return f"{at}: {f'{self.name}: ' if self.name else ''}{self.what}; {self.remedy}".replace("\n", " ")


def read_lines(path: Path) -> tuple[dict[str, str], dict[str, int], list[Problem]]:
    """Return the variables of a file, the lines where they stand, and what is no line of such a file.

    Raises:
        PermanentError: CONFIGURATION, there is no such file, or it is no text.
    """
    from dotenv.main import DotEnv
    from dotenv.parser import parse_stream

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise PermanentError(
            f"{path}: cannot be read ({reason}); name a file with a line NAME=value for each variable",
            failure_domain=FailureDomain.CONFIGURATION,
        ) from error
    lines: dict[str, int] = {}
    problems = []
    for found in parse_stream(io.StringIO(text)):
        # blank lines before a variable belong to it
        line = found.original.line + _lines_before(found.original.string)
        if found.error:
            problems.append(Problem("", line, "this is no variable", "write NAME=value, or begin it with #"))
        elif found.key is not None:
            name = found.key.upper()
            if found.value is None:
                problems.append(Problem(name, line, "has no value", "write NAME=value, or remove the line"))
            elif name in lines:
                problems.append(
                    Problem(name, line, f"stands in line {lines[name]} too", "remove one of the two")
                )
            lines[name] = line
    # the lines that it complains of are told above
    logging.getLogger("dotenv.main").setLevel(logging.ERROR)
    # as the settings read it, references to other variables included
    values = DotEnv(None, stream=io.StringIO(text), verbose=False, encoding="utf-8").dict()
    return {name.upper(): value for name, value in values.items() if value is not None}, lines, problems


def _lines_before(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")
