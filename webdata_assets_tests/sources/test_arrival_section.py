"""The `arrival` section: what it goes with, and what it does to dates."""

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from webdata_assets.sources.model import Source

FILES = {"via": "files", "discover": [{"by": "files", "path": "drop", "base_url": "https://a.test/"}]}
DATED = {"via": "files", "discover": [{**FILES["discover"][0], "path": "drop/{date}"}]}  # type: ignore[dict-item]
FEED = {"discover": [{"by": "feed", "start": ["https://a.test/feed"]}]}
PAGES = {"discover": [{"by": "urls", "start": ["https://a.test/"]}]}
ARCHIVE = {"via": "warc", "discover": [{"by": "warc", "path": "archive"}]}


def source_of(fetch: dict[str, Any], **values: Any) -> Source:
    about = {"name": "a", "description": "A", "start": "2026-06-01", "extract": {"kind": "article"}}
    return Source.model_validate({**about, "fetch": fetch, **values})


@pytest.mark.parametrize(
    ("fetch", "arrival", "said"),
    [
        (PAGES, {}, "does not go with `via: http` without a feed"),
        (FEED, {"marker": "_SUCCESS"}, "a feed has no marker"),
        (FILES, {"marker": "../_SUCCESS"}, "is not the name of a file"),
        (FILES, {"marker": ".."}, "is not the name of a file"),
        (ARCHIVE, {}, "needs `{date}` in its path"),
    ],
)
def test_what_cannot_arrive_is_refused(fetch: dict[str, Any], arrival: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said.replace("{", r"\{").replace("}", r"\}")):
        source_of(fetch, arrival=arrival)


def test_a_folder_of_its_own_for_each_date_can_be_asked_for_past_dates() -> None:
    assert source_of(FILES, arrival={}).is_live
    dated = source_of(DATED, arrival={})
    assert not dated.is_live
    [rule] = dated.fetch.discover
    assert rule.at(dt.date(2026, 6, 2)) == "drop/2026-06-02"  # type: ignore[union-attr]
