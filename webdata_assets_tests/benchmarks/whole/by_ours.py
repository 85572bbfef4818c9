"""Ours: the deployment that a user makes: one source file, `webdata run --publish`, all checks on.

What belongs here: the source file, the environment and the commands. What does not: measuring them.
"""

from collections.abc import Mapping
from pathlib import Path

import yaml

from webdata_assets_tests.benchmarks.whole.plan import DATES, SOURCE, Plan
from webdata_assets_tests.benchmarks.whole.steps import CONCURRENCY


def source(origin: str) -> dict[str, object]:
    """Return the source file's content: the same languages and quality rules as the other contenders."""
    return {
        "name": SOURCE,
        "description": "The pages of the race",
        "start": DATES[0],
        "end": DATES[-1],
        "allow_private": True,
        "as_of": {"header": "X-As-Of"},
        "fetch": {
            "discover": [{"by": "sitemap", "start": [f"{origin}/sitemap.xml"]}],
            "requests_per_second": 10_000,
            "concurrency": CONCURRENCY,
        },
        "extract": {"kind": "document"},
        "clean": {
            "languages": {"keep": ["en"], "min_confidence": 0.65},
            "quality": {"action": "drop", "rules": ["gopher_repetition", "gopher_quality"]},
            "duplicates": {"action": "drop"},
        },
        "expect": {"completeness": {"text": 0.9}, "required": ["text"], "valid": 0.9},
    }


def prepare(plan: Plan) -> None:
    """Write the source file, and put the encoder where the deployment looks for it."""
    (plan.folder / "sources").mkdir(parents=True)
    (plan.folder / "sources" / f"{SOURCE}.yaml").write_text(yaml.safe_dump(source(plan.origin)))
    (plan.folder / "home").mkdir()
    (plan.folder / "home" / "encoders").symlink_to(plan.encoders)


def environment(folder: Path) -> Mapping[str, str]:
    """Return the settings, as a user's .env holds them."""
    return {
        "WEBDATA_STORE": str(folder / "store"),
        "WEBDATA_HOME": str(folder / "home"),
        "WEBDATA_SOURCES": str(folder / "sources"),
    }


def commands(day: int) -> list[list[str]]:
    """Return what a user types on a day, counted from 0."""
    return [["webdata", "run", "--source", SOURCE, "--date", DATES[day], "--publish"]]
