"""The catalogue of checks, `docs/checks.md`, rendered from their docstrings and their own thresholds.

What belongs here: checks as Markdown. What does not: any check.
"""

import datetime as dt
import inspect
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from webdata_assets.checks.catalogue import STEPS
from webdata_assets.checks.check import Check, Subject
from webdata_assets.checks.limits import Limit
from webdata_assets.partitions import Partition
from webdata_assets.schemas import TABLES, Table
from webdata_assets.sources.model import Source
from webdata_assets.store import Store
from webdata_assets.tasks.model import Label, Task

CATALOGUE_PATH = Path(__file__).resolve().parents[2] / "docs" / "checks.md"

_SOURCE = Source.model_validate(
    {
        "name": "example",
        "description": "A source that leaves every threshold as it is",
        "start": dt.date(2026, 1, 1),
        "fetch": {"discover": [{"by": "urls", "start": ["https://example.com/"]}]},
        "extract": {"kind": "article"},
    }
)
_TASK = Task(name="example", description="A task likewise", label=Label(field="category"))
_SECTION = re.compile(r"^(Formula|Default|Severity|Source): ", re.MULTILINE)

_INTRODUCTION = """\
# Checks

What is judged after each materialization, by one scan of the asset's rows. A partition is *admitted*, and
read downstream, when every check that blocks has passed on its newest data version. Made from the checks by
`make schema`; `webdata checks explain SOURCE` prints the thresholds of a source as they are now, with those
that follow from its history, and `webdata checks run` judges a stored partition anew after one was changed.

*Default* is the threshold of a source file or task file that does not set its key. A check whose history is
too short warns, and keeps nobody out.
"""


def render() -> str:
    """Return the catalogue as Markdown."""
    checks = [check for step in STEPS.values() for check in step]
    parts = [_INTRODUCTION]
    with tempfile.TemporaryDirectory() as nothing:
        store = Store.open(nothing)
        for table in TABLES.values():
            of_table = [check for check in checks if check.table is table]
            if not of_table:
                continue
            parts.append(f"## {table.name}\n\n{table.description}\n")
            parts.append("| check | formula | default | key | severity | source |\n|---|---|---|---|---|---|")
            parts += [_row(check, check.limits(_subject(store, table))) for check in of_table]
            parts.append("")
    return "\n".join(parts)


def sections_of(check: Check) -> dict[str, str]:
    """Return what the docstring of a check's formula says under Formula, Default, Severity and Source."""
    parts = _SECTION.split(inspect.getdoc(check.evaluate) or "")
    texts = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {name: _as_sentence(" ".join(text.split())) for name, text in texts.items()}


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _row(check: Check, limits: Sequence[Limit]) -> str:
    said = sections_of(check)
    severity = "blocks" if check.blocking else "warns"
    # what a docstring adds to that, such as when a blocking check only warns
    _, _, more = said.get("Severity", "").partition(", ")
    cells = (
        f"`{check.name}`",
        said.get("Formula", check.description),
        "; ".join(dict.fromkeys(map(_shown, limits))),
        ", ".join(dict.fromkeys(f"`{limit.key}`" for limit in limits if limit.key)),
        f"{severity}, {more.rstrip('.')}" if more else severity,
        said.get("Source", ""),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _shown(limit: Limit) -> str:
    value = "from what is there" if limit.value is None else f"{limit.sense} {limit.value:g}"
    return f"{limit.of}: {value}" if limit.of else value


def _subject(store: Store, table: Table) -> Subject:
    """Return a partition of which nothing is stored, of a source that sets no threshold."""
    return Subject(
        table=table,
        partition=Partition(_SOURCE.start, _SOURCE.name) if table.partitioned else None,
        source=_SOURCE if table.partitioned else None,
        store=store,
        now=dt.datetime.combine(_SOURCE.start, dt.time(), dt.UTC),
        sources={_SOURCE.name: _SOURCE},
        task=_TASK,
    )


if __name__ == "__main__":
    CATALOGUE_PATH.write_text(render(), encoding="utf-8")
