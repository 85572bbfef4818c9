"""The catalogue of features, `docs/features.md`, rendered from their declarations.

What belongs here: the schema as Markdown. What does not: any feature.
"""

import inspect
from pathlib import Path

import dataframely as dy

from webdata_assets.schemas.documented import column_docstrings
from webdata_assets.schemas.feature import FeatureFacts, facts_of
from webdata_assets.schemas.features import HISTORY_DAYS, Features

CATALOGUE_PATH = Path(__file__).resolve().parents[2] / "docs" / "features.md"

_INTRODUCTION = f"""\
# Features

The columns of the table `features`, one row per record version. Made from the schema by `make schema`.

- A feature of a date is made from that date's record, and from admitted partitions of the same source up to
  that date ({HISTORY_DAYS} days for prices and sites, all of them for changes). Later partitions never change
  it: a partition that is rerun after them gives the same bytes.
- A version is raised when the formula gives other values; the asset's `code_version` is raised with it.
- No value is NaN or infinite. *Unknown* is what stands where there is nothing to compute a feature from.
- Text features count nothing for a record without text, structure features nothing without `structured_text`.
"""


def render() -> str:
    """Return the catalogue as Markdown."""
    parts = [_INTRODUCTION]
    for group in Features.__bases__:
        assert issubclass(group, dy.Schema)
        docstrings = column_docstrings(group)
        rows = [
            _row(name, column, facts, docstrings.get(name, ""))
            for name, column in group.columns().items()
            if (facts := facts_of(column))
        ]
        if rows:
            parts.append(f"## {_title(group)}\n\n{inspect.cleandoc(group.__doc__ or '')}\n")
            parts.append("| feature | version | type | unit | formula | unknown |\n|---|---|---|---|---|---|")
            parts += [*rows, ""]
    return "\n".join(parts)


def _title(group: type[dy.Schema]) -> str:
    letters = [f" {letter.lower()}" if letter.isupper() else letter for letter in group.__name__.strip("_")]
    return "".join(letters).strip().capitalize()


def _row(name: str, column: dy.Column, facts: FeatureFacts, docstring: str) -> str:
    formula = ". ".join(filter(None, [facts.formula, docstring.rstrip(".")]))
    if facts.source:
        formula += f" ({facts.source})"
    cells = (f"`{name}`", str(facts.version), str(column.dtype), facts.unit, formula, facts.unknown)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    CATALOGUE_PATH.write_text(render(), encoding="utf-8")
