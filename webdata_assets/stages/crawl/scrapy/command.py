"""The command that runs a Scrapy spider: its arguments, settings and environment, as the source says.

What belongs here: saying what is run. What does not: running it (process.py).
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from pydantic import Field, JsonValue, ValidationError

from webdata_assets.errors import FailureDomain, PermanentError
from webdata_assets.sources.discover import DiscoverJob
from webdata_assets.sources.grammar import Strict
from webdata_assets.sources.model import Source

_INHERITED = ("PATH", "HOME", "LANG", "PYTHONPATH", "SSL_CERT_FILE", "TMPDIR")
_SPIDER_NAME = re.compile(r"[\w.][\w.-]*")
_ARGUMENT_NAME = re.compile(r"[A-Za-z_]\w*")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

FEED = "items.jsonl"
RECORD = "record.json"
LOG = "scrapy.log"
RECORD_SETTING = "WEBDATA_RECORD"
FEED_SETTING = "WEBDATA_FEED"


class ScrapyOptions(Strict):
    """`fetch.services.scrapy.options` of a source file."""

    env: tuple[str, ...] = Field(default=(), description="Environment variables that the spider is given")
    settings: dict[str, JsonValue] = Field(
        default_factory=dict, description="Scrapy settings; null leaves one to the project"
    )
    start_argument: str | None = Field(
        default="start_url", description="Spider argument that takes the start URL"
    )
    date_argument: str | None = Field(default="date", description="Spider argument that takes the date")
    close_reasons: tuple[str, ...] = Field(
        default=("finished", "closespider_itemcount", "closespider_pagecount"),
        description="Reasons of closing after which the items are complete",
    )
    max_errors: int = Field(
        default=0, ge=0, description="Exceptions in callbacks and pipelines that are let pass"
    )


@dataclass(frozen=True, slots=True)
class SpiderCommand:
    """What is run.

    Attributes:
        arguments: the program and its arguments; no shell reads them.
        folder: the working directory: the project's, or the spider file's.
        environment: all that the spider sees of ours.
        secrets: values that must not be shown.
    """

    arguments: tuple[str, ...] = field(repr=False)
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def options_of(source: Source) -> ScrapyOptions:
    """Return the source's options for Scrapy.

    Raises:
        PermanentError: CONFIGURATION, for an option that does not exist or has the wrong kind of value.
    """
    service = source.fetch.services.get("scrapy")
    try:
        return ScrapyOptions.model_validate(service.options if service else {})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in ("fetch.services.scrapy.options", *first["loc"]))
        raise _wrong(f"`{where}`: {first['msg']}") from error


def command_of(
    source: Source,
    rule: DiscoverJob,
    *,
    start_url: str,
    date: str,
    root: Path,
    job_folder: Path,
    environ: Mapping[str, str],
    user_agent: str,
) -> SpiderCommand:
    """Return the command that runs the rule's spider once.

    Args:
        source: whose politeness and options hold.
        rule: names the spider and its input.
        start_url: handed over as a spider argument.
        date: of the partition, as YYYY-MM-DD.
        root: the folder that `rule.name` is relative to.
        job_folder: where feed, record and log are written.
        environ: what the spider's environment is taken from.
        user_agent: what the spider calls itself.

    Raises:
        PermanentError: CONFIGURATION, when there is no such project or file, or an option is wrong.
    """
    options = options_of(source)
    folder, command = _target(rule.name, root)
    arguments = {options.start_argument: start_url, options.date_argument: date} | rule.input
    for name in arguments:
        if name is not None and not _ARGUMENT_NAME.fullmatch(name):
            raise _wrong(f"{name!r} cannot name a spider argument; write a Python identifier")
    settings = _settings(source, options, rule, job_folder, user_agent)
    given = {name: environ[name] for name in _given(options, environ)}
    return SpiderCommand(
        (
            sys.executable,
            "-m",
            "scrapy",
            *command,
            *(part for name, value in arguments.items() if name for part in ("-a", f"{name}={_text(value)}")),
            *(part for name, value in settings.items() for part in ("-s", f"{name}={_text(value)}")),
        ),
        folder,
        {name: environ[name] for name in _INHERITED if name in environ} | given,
        tuple(value for value in given.values() if value),
    )


def _target(name: str, root: Path) -> tuple[Path, tuple[str, str]]:
    if name.endswith(".py"):
        file = (root / name).resolve()
        if not file.is_file():
            raise _wrong(f"there is no spider file {file}")
        return file.parent, ("runspider", str(file))
    project, _, spider = name.rpartition(":")
    if not project or not _SPIDER_NAME.fullmatch(spider):
        raise _wrong(f"{name!r} names no spider; write `folder:spider` or `file.py`")
    folder = (root / project).resolve()
    if not (folder / "scrapy.cfg").is_file():
        raise _wrong(f"{folder} is no Scrapy project; its `scrapy.cfg` is not there")
    return folder, ("crawl", spider)


def _settings(
    source: Source, options: ScrapyOptions, rule: DiscoverJob, job_folder: Path, user_agent: str
) -> dict[str, JsonValue]:
    fetch = source.fetch
    ours: dict[str, JsonValue] = {
        "FEEDS": {
            str(job_folder / FEED): {
                "format": "jsonlines",
                # as escapes: half a surrogate pair, which pages hold, cannot be written as UTF-8
                "encoding": None,
                "overwrite": True,
                "store_empty": True,
                "batch_item_count": 0,
                "fields": None,
                "postprocessing": [],
            }
        },
        # the state of a former run would keep this one from visiting what that one has seen
        "JOBDIR": "",
        "STATS_CLASS": "webdata_assets.stages.crawl.scrapy.record.RecordingStats",
        RECORD_SETTING: str(job_folder / RECORD),
        FEED_SETTING: str(job_folder / FEED),
        "LOG_ENABLED": True,
        "LOG_FILE": "",
        "LOG_STDOUT": False,
        "TELNETCONSOLE_ENABLED": False,
        # a spider whose crawl was killed must end too
        "CLOSESPIDER_TIMEOUT": rule.timeout_seconds,
    }
    for name in options.settings:
        if name in ours:
            raise _wrong(f"the Scrapy setting {name} is ours; leave it out of services.scrapy.options")
    polite: dict[str, JsonValue] = {
        "USER_AGENT": user_agent,
        "ROBOTSTXT_OBEY": fetch.robots == "obey",
        "CONCURRENT_REQUESTS_PER_DOMAIN": fetch.concurrency,
        "DOWNLOAD_DELAY": 1 / fetch.requests_per_second,
        "DOWNLOAD_DELAY_JITTER": 0,
        "DOWNLOAD_TIMEOUT": fetch.timeout_seconds,
        "DOWNLOAD_MAXSIZE": fetch.max_body_bytes,
        "RETRY_TIMES": fetch.max_attempts - 1,
        "LOG_LEVEL": "INFO",
    }
    chosen = {name: value for name, value in (polite | options.settings).items() if value is not None}
    return chosen | ours


def _given(options: ScrapyOptions, environ: Mapping[str, str]) -> tuple[str, ...]:
    for name in options.env:
        if not _VARIABLE_NAME.fullmatch(name) or name not in environ:
            raise _wrong(
                f"the environment variable {name}, which services.scrapy.options.env names, is not set"
            )
    return options.env


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _wrong(message: str) -> PermanentError:
    return PermanentError(message, failure_domain=FailureDomain.CONFIGURATION)
