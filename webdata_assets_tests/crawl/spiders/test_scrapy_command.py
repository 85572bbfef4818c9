"""The command of a spider, and mistakes that are found before anything is run."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.stages.crawl.scrapy.command import SpiderCommand, command_of
from webdata_assets_tests.crawl.spiders.harness import DATE, HERE, job_rule, jobs_of, source_of


def command(
    name: str = "files/walking.py", options: dict[str, Any] | None = None, **rule: Any
) -> SpiderCommand:
    return command_of(
        source_of(options, requests_per_second=4, concurrency=2),
        job_rule(name, **rule),
        start_url="http://shop.example/?q=a b",
        date="2026-06-02",
        root=HERE,
        job_folder=Path("/jobs/one"),
        environ={"PATH": "/usr/bin", "TOKEN": "hunter2"},
        user_agent="us",
    )


def test_values_are_handed_over_as_they_are_without_a_shell() -> None:
    hostile = "$(touch /tmp/x); --nolog\n'\""
    arguments = command(input={"query": hostile, "pages": 3, "deep": True}).arguments
    assert f"query={hostile}" in arguments
    assert {"pages=3", "deep=True", "start_url=http://shop.example/?q=a b", "date=2026-06-02"} <= set(
        arguments
    )
    assert arguments[arguments.index(f"query={hostile}") - 1] == "-a"


def test_politeness_is_handed_over_as_settings() -> None:
    settings = {"CONCURRENT_REQUESTS_PER_DOMAIN=2", "DOWNLOAD_DELAY=0.25", "USER_AGENT=us", "RETRY_TIMES=0"}
    assert settings <= set(command().arguments)


def test_input_may_take_the_place_of_the_start_url() -> None:
    arguments = command(input={"start_url": "http://other.example/"}).arguments
    assert [part for part in arguments if part.startswith("start_url=")] == [
        "start_url=http://other.example/"
    ]


def test_secrets_do_not_show() -> None:
    shown = command(options={"env": ["TOKEN"]})
    assert shown.environment["TOKEN"] == "hunter2"
    assert "hunter2" not in repr(shown)


@pytest.mark.parametrize(
    ("name", "options", "rule", "says"),
    [
        ("missing.py", {}, {}, "no spider file"),
        ("nowhere:spider", {}, {}, "is no Scrapy project"),
        ("shop_project", {}, {}, "names no spider"),
        ("shop_project:--profile", {}, {}, "names no spider"),
        ("files/walking.py", {"env": ["MISSING"]}, {}, "MISSING, which .* names, is not set"),
        ("files/walking.py", {"settings": {"JOBDIR": "x"}}, {}, "JOBDIR is ours"),
        ("files/walking.py", {"max_errors": -1}, {}, r"options\.max_errors"),
        ("files/walking.py", {"nonsense": 1}, {}, r"options\.nonsense"),
        ("files/walking.py", {}, {"input": {"a b": 1}}, "cannot name a spider argument"),
    ],
)
def test_a_mistake_in_the_source_is_named(
    name: str, options: dict[str, Any], rule: dict[str, Any], says: str
) -> None:
    with pytest.raises(PermanentError, match=says) as raised:
        command(name, options, **rule)
    assert raised.value.failure_domain is FailureDomain.CONFIGURATION


async def test_missing_scrapy_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(PermanentError, match=r"pip install \"webdata_assets\[scrapy\]\"") as raised:
        await jobs_of(source_of(), tmp_path).start(job_rule("files/walking.py"), "http://shop.example/", DATE)
    assert raised.value.failure_domain is FailureDomain.CONFIGURATION
