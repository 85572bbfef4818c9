"""A source may end: later dates are no partitions, and are refused."""

import datetime as dt
from pathlib import Path

import pytest

from webdata_assets.errors import PermanentError, SourceFileError
from webdata_assets.partitions import build_partitions_definition
from webdata_assets.sources.registry import Registry, load_sources
from webdata_assets.stages.crawl.frontier import check_date

START, END = dt.date(2026, 6, 1), dt.date(2026, 6, 7)
NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


def registry(folder: Path, **ends: str) -> Registry:
    for name, end in ends.items():
        (folder / f"{name}.yaml").write_text(
            f"name: {name}\ndescription: d\nstart: 2026-06-01\n{end}\nas_of: {{param: date}}\n"
            "fetch: {discover: [{by: urls, start: ['http://a.test/']}]}\nextract: {kind: article}\n"
        )
    return load_sources(folder)


def test_an_end_before_the_start_is_an_error_that_names_the_field(tmp_path: Path) -> None:
    with pytest.raises(SourceFileError, match=r"a\.yaml:4.*end: .*before `start`"):
        registry(tmp_path, a="end: 2026-05-31")


def test_a_date_after_the_end_is_refused(tmp_path: Path) -> None:
    source = registry(tmp_path, a="end: 2026-06-07").get("a")
    check_date(source, END, NOW)
    with pytest.raises(PermanentError, match="it ended on 2026-06-07"):
        check_date(source, END + dt.timedelta(days=1), NOW)


def test_the_grid_ends_with_the_last_source(tmp_path: Path) -> None:
    found = registry(tmp_path, a="end: 2026-06-03", b="end: 2026-06-07")
    grid = build_partitions_definition(found.start, sorted(found.enabled), found.end)
    keys = grid.get_partition_keys()
    assert (keys[0], keys[-1], len(keys)) == ("2026-06-01|a", "2026-06-07|b", 14)


def test_a_grid_whose_end_is_to_come_holds_today() -> None:
    today = dt.datetime.now(dt.UTC).date()
    grid = build_partitions_definition(START, ["a"], today + dt.timedelta(days=3))
    assert grid.get_partition_keys()[-1] == f"{today}|a"


def test_the_grid_goes_on_while_one_source_has_no_end(tmp_path: Path) -> None:
    assert registry(tmp_path, a="end: 2026-06-03", b="").end is None
