"""Structured logs: one JSON object per line, whatever was crawled, and no secret in any of them."""

import base64
import datetime as dt
import io
import json
import logging
import math
import os
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from webdata_assets.checks.check import Check, Finding
from webdata_assets.checks.telling import result_of
from webdata_assets.errors import FailureDomain, TransientError
from webdata_assets.resources.logs import JSON_LOGS, JsonLines, build_loggers, json_line
from webdata_assets.schemas.pages import PAGES
from webdata_assets.settings import PACKAGED_SOURCES, Settings
from webdata_assets.stages.observe.redaction import MAX_CHARACTERS, Redaction

NOTHING = Redaction(())


def logged(monkeypatch: pytest.MonkeyPatch, *assets: Any, **settings: Any) -> list[dict[str, Any]]:
    """Run assets with our logger; return its lines, each read as JSON."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    chosen = Settings(log="json", **settings)
    jobs = [dg.define_asset_job("job", selection="*", config=JSON_LOGS)]
    definitions = dg.Definitions(
        assets=assets, jobs=jobs, loggers=build_loggers(chosen, []), executor=dg.in_process_executor
    )
    # no run configuration of its own, as a daemon's run
    definitions.resolve_job_def("job").execute_in_process(
        raise_on_error=False,
        tags={"dagster/partition": "2026-06-01|shop", "dagster/partition/source": "shop"},
    )
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@dg.asset
def told(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
    context.log.info('a title\n{"level": "forged"}\u2028\x1b[31m and %s', "https://me:hunter2@host/")
    return dg.MaterializeResult(
        metadata={"dagster/partition_row_count": 12, "requests": 3, "ratio": math.nan}
    )


@dg.asset(retry_policy=dg.RetryPolicy(max_retries=1))
def flaky(context: dg.AssetExecutionContext) -> None:
    if context.retry_number == 0:
        raise RuntimeError("once")
    raise TransientError("503 of http://a:b@shop/", failure_domain=FailureDomain.TARGET)


def test_every_event_of_a_run_is_one_object_per_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = logged(monkeypatch, told)
    assert {"RUN_START", "STEP_START", "LOG", "ASSET_MATERIALIZATION", "STEP_SUCCESS", "RUN_SUCCESS"} <= {
        line["event"].replace("PIPELINE", "RUN") for line in lines
    }
    for line in lines:
        assert (line["job"], line["partition"], line["source"]) == ("job", "2026-06-01|shop", "shop")
        assert dt.datetime.fromisoformat(line["time"]).tzinfo == dt.UTC
        assert line["run_id"]
    stored = next(line for line in lines if line["event"] == "ASSET_MATERIALIZATION")
    assert (stored["asset"], stored["rows"], stored["numbers"]["requests"]) == ("told", 12, 3)
    assert stored["numbers"]["ratio"] is None
    done = next(line for line in lines if line["event"] == "STEP_SUCCESS")
    assert (done["step"], done["attempt"]) == ("told", 1)
    assert done["seconds"] >= 0


def test_crawled_text_ends_no_line_and_forges_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = [line for line in logged(monkeypatch, told) if line["event"] == "LOG"]
    assert said["message"] == 'a title\n{"level": "forged"}\u2028\x1b[31m and https://***@host/'
    assert said["level"] == "info"


def test_a_failed_check_tells_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(False, value=0.5, threshold=0.95, detail="reached 1 of 2 URLs")

    @dg.asset(name="pages", check_specs=[dg.AssetCheckSpec("completeness", asset="pages")])
    def pages():
        check = Check("completeness", PAGES, "", lambda _: finding)
        return dg.MaterializeResult(check_results=[result_of(check, finding)])

    (line,) = [each for each in logged(monkeypatch, pages) if each["event"] == "ASSET_CHECK_EVALUATION"]
    assert (line["asset"], line["check"], line["passed"]) == ("pages", "completeness", False)
    assert (line["numbers"]["value"], line["detail"]) == (0.5, "reached 1 of 2 URLs")


def test_a_failure_tells_class_message_domain_and_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = logged(monkeypatch, flaky)
    again = next(line for line in lines if line["event"] == "STEP_UP_FOR_RETRY")
    assert (again["attempt"], again["error"]["class"]) == (1, "RuntimeError")
    failed = next(line for line in lines if line["event"] == "STEP_FAILURE")
    assert (failed["attempt"], failed["level"]) == (2, "error")
    assert failed["error"]["class"] == "TransientError"
    assert failed["error"]["domain"] == "target"
    assert "http://***@shop/" in failed["error"]["message"]


def test_secrets_of_the_environment_are_in_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    canaries = {"SHOP_TOKEN": "canary-of-a-token", "ZYTE_API_KEY": "canary-of-a-key"}
    for name, value in canaries.items():
        monkeypatch.setenv(name, value)
    alert = "json://canary-user:canary-password@127.0.0.1/hook"

    @dg.asset
    def careless(context: dg.AssetExecutionContext) -> None:
        context.log.info(f"sent {canaries} to {alert}")
        raise ValueError(f"refused {canaries} at {alert}")

    lines = logged(monkeypatch, careless, alerts=(SecretStr(alert),))
    assert any("refused" in line.get("error", {}).get("message", "") for line in lines)
    assert "canary" not in json.dumps(lines)


def test_variables_that_a_source_file_names_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    redaction = Redaction.of({"SHOP_LOGIN": "canary-1,canary-2", "HOME": "/home/of-nobody"}, {"SHOP_LOGIN"})
    assert redaction.apply("x canary-1 canary-2 /home/of-nobody") == "x *** *** /home/of-nobody"


@pytest.mark.parametrize("user", ["", "a", "an", "ann"])
def test_a_password_is_hidden_in_basic_authentication_whatever_the_user(user: str) -> None:
    redaction = Redaction.of({"SHOP_PASSWORD": "sesame-open-sesame"})
    header = base64.b64encode(f"{user}:sesame-open-sesame".encode()).decode()
    before, hidden, after = redaction.apply(header).partition("***")
    assert hidden
    # what shares a group of three bytes with others
    assert len(base64.b64decode(before)) <= len(f"{user}:") + 2
    assert len(base64.b64decode(after)) <= 2


def test_long_text_is_cut() -> None:
    line = json.loads(json_line({"message": "a" * 1_000_000}, NOTHING))
    assert len(line["message"]) == MAX_CHARACTERS + 1


@given(st.text(), st.text(alphabet=string.printable + "\u2028\u2029\x85\ud800"))
def test_any_text_is_one_line_of_ascii(name: str, value: str) -> None:
    line = json_line({"message": value, "numbers": {name: math.inf}}, NOTHING)
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line).get("message", "") == value


def test_records_that_are_not_dagsters_are_lines_too() -> None:
    record = logging.LogRecord("x", logging.WARNING, "", 0, "plain %s", ("words",), None)
    line = json.loads(JsonLines(NOTHING).format(record))
    assert (line["level"], line["event"], line["message"]) == ("warning", "LOG", "plain words")


def test_without_the_setting_dagsters_own_console_speaks() -> None:
    assert build_loggers(Settings(), []) == {}


@pytest.mark.slow
def test_every_line_of_webdata_run_on_stderr_is_json(tmp_path: Path, encoder_folder: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "encoders").symlink_to(encoder_folder)
    shutil.copy(PACKAGED_SOURCES / "demo_api.yaml", tmp_path / "sources")
    environment = {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("WEBDATA_", "DAGSTER_"))
        },
        "WEBDATA_STORE": str(tmp_path / "store"),
        "WEBDATA_SOURCES": str(tmp_path / "sources"),
        "WEBDATA_HOME": str(tmp_path / "home"),
        "WEBDATA_LOG": "json",
        "SOME_API_KEY": "canary-of-a-key",
    }

    def webdata(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from webdata_assets.cli import main; main()", *arguments]
        return subprocess.run(
            command, check=False, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300
        )

    ran = webdata("run", "--source", "demo_api", "--date", "2026-06-01", "--json")
    assert ran.returncode == 0, ran.stderr[-3_000:]
    lines = [json.loads(line) for line in ran.stderr.splitlines()]
    report = json.loads(ran.stdout)
    assert {line["run_id"] for line in lines} == {report["run_id"]}
    rows = {line["asset"]: line["rows"] for line in lines if line["event"] == "ASSET_MATERIALIZATION"}
    assert rows == {layer["layer"]: layer["rows"] for layer in report["layers"]}
    assert any(line.get("check") == "completeness" and line["passed"] for line in lines)
    assert "canary" not in ran.stderr

    refused = webdata("run", "--source", "demo_apy")
    assert refused.returncode == 2
    (complaint,) = [json.loads(line) for line in refused.stderr.splitlines()]
    assert (complaint["event"], complaint["level"]) == ("COMMAND_FAILED", "error")
    assert "did you mean `demo_api`" in complaint["message"]
