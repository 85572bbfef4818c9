"""Every example of docs/extracting.md gives what the page says."""

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from webdata_assets.sources.extract import STRUCTURED_FIELDS
from webdata_assets.stages.clean.cleaner import clean
from webdata_assets.stages.extract.extractor import extract_page
from webdata_assets_tests.extract.making import DATE, make_payload, make_source

DOCUMENT = Path(__file__).parents[2] / "docs" / "extracting.md"


@dataclass(frozen=True)
class Example:
    """An `extract` section, the page it is applied to, the module it names, and what comes of it."""

    extract: dict
    page: str
    module: str
    records: list[dict]


def examples() -> list[Example]:
    found, page, module, section = [], "", "", None
    for language, text in re.findall(r"```(\w+)\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL):
        if language == "python":
            module = text
        elif language == "yaml":
            section = yaml.safe_load(text)["extract"]
        elif language == "json" and section is not None:
            result = json.loads(text)
            found.append(Example(section, page, module, result if isinstance(result, list) else [result]))
            section = None
        else:
            page = text
    return found


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.extract.get("items", "page"))
def test_an_example_gives_what_the_documentation_says(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notice_board.py").write_text(example.module)
    monkeypatch.syspath_prepend(tmp_path)
    source = make_source(example.extract)
    content_type = "application/json" if example.page.startswith("{") else "text/html"
    cleaned = clean(source, DATE, extract_page(source, make_payload(example.page, content_type=content_type)))
    assert cleaned.quarantine.filter(cleaned.quarantine["disposition"] == "refused").is_empty()
    records = []
    for row in cleaned.records.sort("ordinal").iter_rows(named=True):
        values = {name: row[name] for name in STRUCTURED_FIELDS if row[name] is not None}
        records.append({**values, **json.loads(row["extra"])})
    assert len(records) == len(example.records)
    for record, expected in zip(records, example.records, strict=True):
        assert {name: _as_written(record.get(name)) for name in expected} == expected


def test_the_documentation_has_an_example_of_each_part() -> None:
    assert len(examples()) == 5


def _as_written(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
