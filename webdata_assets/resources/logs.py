"""Logs: one JSON object per line and event where a deployment asks for it, else Dagster's own.

What belongs here: the logger of runs, and how a record becomes a line. What does not: what is said, and what
a secret is (stages/observe/redaction.py).
"""

import datetime as dt
import json
import logging
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from webdata_assets.errors import domain_told
from webdata_assets.resources.run_history import raised
from webdata_assets.settings import Settings
from webdata_assets.sources.model import Source
from webdata_assets.stages.observe.redaction import Redaction, referenced_names

LOGGER = "console"
"""The name by which run configuration speaks of the logger."""
JSON_LOGS: Mapping[str, object] = {"loggers": {LOGGER: {"config": {}}}}
"""Run configuration: without it Dagster takes its own console."""
_ROW_COUNTS = ("dagster/partition_row_count", "dagster/row_count")
_MAX_NUMBERS = 50


def build_loggers(settings: Settings, sources: Iterable[Source]) -> dict[str, dg.LoggerDefinition]:
    """Return the loggers of the code location: none of ours unless WEBDATA_LOG=json.

    Args:
        settings: of the deployment.
        sources: whose files name the variables that hold secrets.
    """
    if settings.log != "json":
        return {}
    names = referenced_names(source.model_dump_json() for source in sources)
    redaction = redaction_of(settings, names)

    def make(context: dg.InitLoggerContext) -> logging.Logger:
        # of no name: Dagster hands over what is said in a run, and nobody else shall
        logger = logging.Logger(LOGGER, str(context.logger_config.get("log_level", "DEBUG")).upper())
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines(redaction))
        logger.addHandler(handler)
        return logger

    config = {"log_level": dg.Field(str, is_required=False, default_value="DEBUG")}
    return {LOGGER: dg.LoggerDefinition(make, config, "One JSON object per line and event, on stderr.")}


def redaction_of(settings: Settings, names: Iterable[str] = ()) -> Redaction:
    """Return what hides the secrets of a deployment, wherever they were set."""
    return Redaction.of(os.environ, set(names), [url.get_secret_value() for url in settings.alerts])


def json_line(values: Mapping[str, Any], redaction: Redaction) -> str:
    """Return values as one line of ASCII: no string in them can end the line, or steer a terminal.

    Empty values are left out; numbers that JSON has no form for become null.
    """
    kept = {
        name: _plain(value, redaction) for name, value in values.items() if value not in (None, "", {}, [])
    }
    return json.dumps(kept, ensure_ascii=True, allow_nan=False)


class JsonLines(logging.Formatter):
    """Turn the records of one run into lines. It counts the tries of each step, which no record tells."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction
        self._tries: Counter[str] = Counter()

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object without a line break."""
        told: Mapping[str, Any] = getattr(record, "dagster_meta", {})
        event: dg.DagsterEvent | None = told.get("dagster_event")
        tags: Mapping[str, str] = told.get("job_tags") or {}
        step = told.get("step_key")
        if event is not None and event.event_type_value in ("STEP_START", "STEP_RESTARTED"):
            self._tries[event.step_key or ""] += 1
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        return json_line(
            {
                "time": moment.isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "event": event.event_type_value if event else "LOG",
                "run_id": told.get("run_id"),
                "job": told.get("job_name"),
                "partition": tags.get("dagster/partition"),
                "source": tags.get("dagster/partition/source"),
                "step": step,
                "attempt": self._tries[step] or None if step else None,
                "message": told.get("orig_message") or record.getMessage(),
                **(_details(event) if event else {}),
                **({"error": _exception(record)} if record.exc_info and event is None else {}),
            },
            self._redaction,
        )


def _details(event: dg.DagsterEvent) -> dict[str, Any]:
    """Return what an event tells beyond its message: asset, rows, numbers, verdict, seconds, error."""
    data = event.event_specific_data
    details: dict[str, Any] = {}
    if event.event_type_value == "ASSET_MATERIALIZATION":
        metadata = event.step_materialization_data.materialization.metadata
        details["asset"] = event.asset_key.to_user_string() if event.asset_key else None
        details["rows"] = next((metadata[name].value for name in _ROW_COUNTS if name in metadata), None)
        details["numbers"] = _numbers(metadata)
    elif event.event_type_value == "ASSET_CHECK_EVALUATION":
        verdict = event.asset_check_evaluation_data
        details["asset"], details["check"] = verdict.asset_key.to_user_string(), verdict.check_name
        details["passed"], details["severity"] = verdict.passed, verdict.severity.value
        found = verdict.metadata.get("detail")
        details["detail"] = found.value if found else verdict.description
        details["numbers"] = _numbers(verdict.metadata)
    elif event.event_type_value == "STEP_SUCCESS":
        details["seconds"] = event.step_success_data.duration_ms / 1_000
    error = getattr(data, "error", None)
    if error is not None:
        cause = raised(error)
        domain = domain_told(cause.message)
        details["error"] = {
            "class": cause.cls_name,
            "message": cause.message.strip(),
            "domain": domain.value if domain else None,
            "stack": "".join(cause.stack[-3:]),
        }
    return details


def _exception(record: logging.LogRecord) -> dict[str, Any]:
    assert record.exc_info is not None
    kind, error, _ = record.exc_info
    domain = getattr(error, "failure_domain", None)
    return {"class": kind.__name__ if kind else None, "message": str(error), "domain": domain}


def _numbers(metadata: Mapping[str, dg.MetadataValue]) -> dict[str, float]:
    found = {
        name: value.value
        for name, value in metadata.items()
        if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue) and value.value is not None
    }
    return dict(list(found.items())[:_MAX_NUMBERS])


def _plain(value: object, redaction: Redaction) -> object:
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {redaction.apply(str(name)): _plain(each, redaction) for name, each in value.items()}
    return redaction.apply(str(value))
