"""`webdata alerts`: what is open, the test message, and a look without the daemon."""

import datetime as dt

import pytest

from webdata_assets.schemas import TABLES
from webdata_assets.store import Store
from webdata_assets.store.verdict import Verdict
from webdata_assets_tests.cli.calling import Webdata
from webdata_assets_tests.site.mailboxes import free_port, webhook

CANARY = "c4n4ry5ecret"


def fail_delivery(webdata: Webdata, *, passed: bool = False) -> None:
    store, delivery = Store.open(str(webdata.store)), TABLES["delivery"]
    store.ledger.begin_write(
        delivery, None, data_version="0" * 64, code_version=None, rows=1, extracted=None, run_id="run"
    )
    store.ledger.record(delivery, None, [Verdict("same_content", passed, value=1, threshold=0)], run_id="run")


def test_an_empty_deployment_has_nothing_open(webdata: Webdata):
    assert webdata("alerts").stdout == "Nothing is open.\n"
    assert webdata("alerts", "--all", "--json").json() == []


def test_one_look_sends_what_is_wrong_and_later_that_it_is_over(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch
):
    (webdata.sources / "one.yaml").write_text(
        "name: one\ndescription: One page\nstart: 2026-06-01\n"
        "fetch: {discover: [{by: urls, start: ['http://nowhere.test/']}]}\n"
        "extract: {kind: document, fields: {title: h1}}\n"
    )
    fail_delivery(webdata)
    with webhook() as hook:
        monkeypatch.setenv("WEBDATA_ALERTS", hook.url)
        assert webdata("alerts", "send").stdout == "1 open, 1 raised, 1 messages sent.\n"
        assert webdata("alerts", "send", "--json").json()["open"] == ["webdata: delivery.same_content failed"]
        [row] = webdata("alerts", "--json").json()
        assert (row["kind"], row["state"], row["sent"]) == ("delivery_halted", "raised", True)
        assert dt.datetime.fromisoformat(row["at"]).tzinfo is not None
        assert "delivery.same_content failed" in webdata("alerts").stdout
        fail_delivery(webdata, passed=True)
        assert "1 recovered" in webdata("alerts", "send").stdout
        assert webdata("alerts").stdout == "Nothing is open.\n"
        assert [row["state"] for row in webdata("alerts", "--all", "--json").json()] == [
            "raised",
            "recovered",
        ]
        assert len(hook.messages) == 2


def test_a_test_message_says_who_took_it(webdata: Webdata, monkeypatch: pytest.MonkeyPatch):
    with webhook() as hook:
        monkeypatch.setenv("WEBDATA_ALERTS", hook.url)
        assert (webdata("alerts", "test").exit_code, len(hook.messages)) == (0, 1)
        monkeypatch.setenv("WEBDATA_ALERTS", f"{hook.url} json://127.0.0.1:{free_port()}/{CANARY}")
        said = webdata("alerts", "test")
        assert said.exit_code == 1
        assert "Receiver 1: took it.\nReceiver 2: did not take it." in said.stdout
        assert CANARY not in said.stdout + said.stderr
        assert webdata("alerts", "test", "--json").json() == {"receivers": 2, "took": [1], "ok": False}


@pytest.mark.parametrize(
    ("urls", "complaint"),
    [("", "set WEBDATA_ALERTS"), (f"nonsense://{CANARY}", "WEBDATA_ALERTS: number 1 of 1 is no URL")],
)
def test_unusable_receivers_are_wrong_usage(
    webdata: Webdata, monkeypatch: pytest.MonkeyPatch, urls: str, complaint: str
):
    monkeypatch.setenv("WEBDATA_ALERTS", urls)
    said = webdata("alerts", "test")
    assert said.exit_code == 2
    assert complaint in said.stderr
    assert CANARY not in said.stdout + said.stderr
